"""How the time of reading a transcript grows with its size. `python -m bench.transcripts.growth`.

Exits with 1 if a file of twice the size takes more than three times as long.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from time import process_time

from fieldnote.errors import TranscriptError
from fieldnote.insight import read_transcript
from tests.insight.transcript_hostile import HOSTILE

SIZES = (250_000, 500_000, 1_000_000, 2_000_000)
"""Characters, about."""
_SHORTEST = 0.05
"""Seconds below which a ratio is noise."""
_MOST = 3.0


def file_of(make: Callable[[int], str], size: int) -> bytes:
    """A hostile file of about so many characters."""
    per_unit = max(1.0, (len(make(2000)) - len(make(1000))) / 1000)
    return make(max(1, int(size / per_unit))).encode()


def seconds(data: bytes) -> tuple[float, str]:
    """The time of one core for a file, and its result."""
    begin = process_time()
    try:
        result = f"{len(read_transcript(data)):,} utterances"
    except TranscriptError as error:
        result = f"refused: {error.message[:60]}"
    return process_time() - begin, result


def main() -> int:
    """Print a line for each hostile file. 1 if one grows too fast."""
    too_fast = False
    for name, make in HOSTILE.items():
        times, result = list[float](), ""
        for size in SIZES:
            spent, result = seconds(file_of(make, size))
            times.append(spent)
        ratios = [later / earlier for earlier, later in pairwise(times) if earlier > _SHORTEST]
        too_fast = too_fast or any(ratio > _MOST for ratio in ratios)
        shown = " ".join(f"{spent:5.2f}" for spent in times)
        print(f"{name:28} {shown} s  {result}")
    return 1 if too_fast else 0


if __name__ == "__main__":
    sys.exit(main())
