"""Python's interpreter, set for a command that carries many rows."""

from __future__ import annotations

import gc
import sys


def carry_many_rows() -> None:
    """Look for garbage less often, and let threads work in longer pieces.

    A fifth of a long push went into looking for cycles among rows that are freed without it. What is loaded by
    now stays for good, and need not be looked at.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(0.02)
