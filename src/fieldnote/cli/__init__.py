"""The commands. Each imports what it needs when it runs, so that `fieldnote --help` stays quick."""

from fieldnote.cli.main import main

__all__ = ["main"]
