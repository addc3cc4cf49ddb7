"""How the time of the entry points grows with pumped input. `python -m bench.insight.growth`.

`extract`, `summarize` and `convert` get one fragment again and again, 10 and 100 kB of it. Exits with 1 if ten times
the size takes more than fifteen times as long, or one call more than `MOST` seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from time import process_time

from fieldnote.config import Kind
from fieldnote.insight import Utterance, extract, summarize
from fieldnote.mapping.values import convert

SIZES = (10_000, 100_000)
PIECES = (
    "30,000 ", "1 ", "a ", "a", "$1.5k to ", "between ", "30-", "5/5/", "next ", "twenty ", "no, ", "and ", "maybe ",
    "? ", "  ", "$", ",", "(", "x@y.", "my wife and ", "we'll call you ", "budget is 30 or ", "not sure. ", "Dr. ",
)  # fmt: skip
MOST = 10.0
"""Seconds of one core."""
_SHORTEST = 0.05
"""Seconds below which a ratio is noise."""
_RATIO = 15.0
_AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def conversation(text: str) -> list[Utterance]:
    return [Utterance("Rep", "What is your budget?"), Utterance("Ann", text)]


def do_extract(text: str) -> None:
    extract(conversation(text), rep_name="Rep", started_at=_AT)


def do_summarize(text: str) -> None:
    summarize(conversation(text), [], rep_name="Rep")


def do_convert(text: str) -> None:
    for kind in Kind:
        convert(text, kind, on=date(2026, 3, 2), choices={"a": "b"})


ENTRIES: tuple[Callable[[str], None], ...] = (do_extract, do_summarize, do_convert)


def seconds(call: Callable[[str], None], text: str) -> float:
    """Of one core."""
    begin = process_time()
    call(text)
    return process_time() - begin


def main() -> int:
    """Print a line for each fragment and entry point. 1 if one grows too fast."""
    failed = False
    for call in ENTRIES:
        for piece in PIECES:
            short, long = (seconds(call, piece * (size // len(piece))) for size in SIZES)
            bad = long > MOST or (short > _SHORTEST and long / short > _RATIO)
            failed = failed or bad
            print(
                f"{call.__name__:13} {piece!r:20} {short:7.3f} {long:7.3f} s{'  TOO SLOW' if bad else ''}", flush=True
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
