"""Parts that several pages draw: pictures as numbers, for templates."""
