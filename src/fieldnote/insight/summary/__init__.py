"""A note of at most 160 words that a manager reads: statements with their evidence, and a title. Pure."""
