"""Recordings: stored, processed, kept, and purged."""
