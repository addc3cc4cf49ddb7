"""A CRM account's own set-up: read with the calls of a preset, and turned into a fieldnote.yaml."""
