"""The `files` driver: CSV and JSON Lines exports in a folder."""
