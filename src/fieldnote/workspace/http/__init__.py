"""HTTP: the app, its routes, request batching, errors, views, and fault injection."""
