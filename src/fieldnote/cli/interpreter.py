"""Python's interpreter, set for a command that carries many rows."""

from __future__ import annotations

import gc
import sys


def carry_many_rows() -> None:
    """Let threads work in longer pieces, and never look for garbage among what is loaded by now: it stays for good."""
    gc.freeze()
    sys.setswitchinterval(0.02)
