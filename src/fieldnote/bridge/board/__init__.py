"""The board: what status and console count and search. The database keeps it; see `db.bridge_tables`."""
