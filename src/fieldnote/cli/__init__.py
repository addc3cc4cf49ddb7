"""The commands. Each imports what it needs when it runs, so that `fieldnote --help` stays quick."""

from __future__ import annotations

import gc
import sys
from typing import Final

__all__ = ["main"]

_GARBAGE: Final = (100_000, 20, 50)
"""When rings of dead objects are looked for. As often as Python does it by itself, it would take half a second of the
imports, whose objects stay, and a fifth of a long push, whose rows are freed without it."""


def main() -> None:
    """Run the command line. The bare install, which is the Siro client alone, says what is missing."""
    gc.set_threshold(*_GARBAGE)
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
