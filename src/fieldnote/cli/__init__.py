"""The commands. Each imports what it needs when it runs, so that `fieldnote --help` stays quick."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line. The bare install, which is the Siro client alone, says what is missing."""
    try:
        from fieldnote.cli.root import run
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("fieldnote"):
            raise
        sys.exit(
            f"error: {error.name} is missing: this installation is Fieldnote's Siro client alone.\n"
            'hint: pip install "fieldnote[all]" brings the commands with all that they need.'
        )
    run()
