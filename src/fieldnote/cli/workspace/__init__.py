"""The commands of `fieldnote workspace`."""
