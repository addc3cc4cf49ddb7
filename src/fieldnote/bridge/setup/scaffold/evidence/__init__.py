"""The evidence that names and values give about columns and tables."""
