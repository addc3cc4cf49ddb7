"""Shared parts of the commands: the event loop, progress, signals, and logs."""
