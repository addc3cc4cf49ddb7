"""The asynchronous client. Its synchronous twin, `fieldnote.siro._sync`, is generated from it."""
