"""The commands. Each imports what it needs when it runs, so `fieldnote --help` stays quick."""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

__all__ = ["main"]

_GARBAGE: Final = (100_000, 20, 50)
"""Garbage collection thresholds. The defaults cost half a second at import, and 20 % of a long push."""


def _open_standard_streams() -> None:
    """Open closed standard streams on the null device. Otherwise a file or socket takes their numbers."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one


def main() -> None:
    """Run the command line. The bare install is the Siro client alone: a command then names the missing package."""
    _open_standard_streams()
    gc.set_threshold(*_GARBAGE)
    try:
        from fieldnote.cli.root import run

        run()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("fieldnote"):
            raise
        sys.exit(
            f"error: {error.name} is missing: this installation lacks what the command needs.\n"
            'hint: pip install "fieldnote[all]" brings the commands with all that they need.'
        )
