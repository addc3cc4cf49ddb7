"""Python's garbage collector, set for programs that make millions of objects which no cycle holds."""

from __future__ import annotations

import gc


def look_less_often() -> None:
    """A fifth of a long push went into looking for cycles among rows that are freed without it.

    What is loaded by now stays for good, and need not be looked at.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
