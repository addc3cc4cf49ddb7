"""The `rest` driver: web APIs, read through dlt."""
