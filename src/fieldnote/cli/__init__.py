"""The commands. Each imports what it needs when it runs, so that `fieldnote --help` stays quick."""

from __future__ import annotations

import gc
import sys
from typing import Final

__all__ = ["main"]

_COLLECT_AFTER: Final = 50_000
"""New objects after which rings of them are looked for. At Python's 700 the imports, whose objects stay, would be
gone through hundreds of times: half a second of a push."""


def main() -> None:
    """Run the command line. The bare install, which is the Siro client alone, says what is missing."""
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
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
