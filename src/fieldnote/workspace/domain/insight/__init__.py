"""Definitions of fields, and what conversations are read for."""
