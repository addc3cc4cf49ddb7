"""Review: proposals, the history of writes, undo, and erasure."""
