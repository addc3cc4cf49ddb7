"""What names and values say about columns and tables."""
