"""Live updates: open pages learn that something changed, and ask for themselves again."""
