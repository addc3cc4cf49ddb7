"""Setup: checks, the scaffold of `fieldnote init`, the OAuth app, and the smoke test."""
