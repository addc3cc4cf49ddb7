"""One module a page, each with a `router`. `app` includes them all, behind the sign-in."""
