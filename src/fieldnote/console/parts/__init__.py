"""What several pages draw: pictures as numbers, for templates."""
