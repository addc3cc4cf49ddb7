"""How the time of the entry points grows with pumped input. `python -m bench.insight.growth`.

`extract`, `summarize`, and what `pull` does with words in its own process (conversion, quotes, merging lines, notes)
get one fragment again and again, 10 and 100 kB of it. Exits with 1 if ten times the size takes more than fifteen times
as long, or one call more than `MOST` seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from operator import eq
from time import process_time
from typing import Final

from fieldnote.bridge.pull.note_text import digest, note_body, note_title
from fieldnote.bridge.pull.read_back import loss_of_note, was_refused
from fieldnote.bridge.pull.three_way_merge import KnownField, Value, about, decide, take_back
from fieldnote.bridge.pull.user_token import quote
from fieldnote.bridge.recording import Extraction, RecordingSnapshot, Section
from fieldnote.bridge.sent_visits import Visit
from fieldnote.config import Kind, NoteSettings, Policy
from fieldnote.insight import Utterance, extract, summarize
from fieldnote.insight.evidence import Spoken
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


def do_quote(text: str) -> None:
    """One long utterance, and many short ones; words that are there, and some that are not."""
    for size in (len(text), 80):
        spoken = Spoken([Utterance("Ann", text[at : at + size]) for at in range(0, len(text), size)])
        for value in (text, text[:300], ["a budget of 30,000 dollars", "the garage door"]):
            quote(spoken, value)


def do_merge(text: str) -> None:
    """Into a field with lines of its own, and out of it; then whether the CRM kept the words."""
    known = KnownField(base=Value("x"), wanted=Value(text))
    for live in (f"{text}\nz", f"{text}z", text):
        decide(Policy.APPEND, known, live, f"{text}\nq", eq)
        take_back(Policy.APPEND, known, live, eq)
        loss_of_note(live, text)
        was_refused(live, f"{text}b", f"{text}c", eq, alters=True)
        about(live, text)


def do_note(text: str) -> None:
    held = RecordingSnapshot(
        id="r", user_id="u", started_at=_AT, updated_at=_AT, processed=True, summary_done=True, extraction_done=True,
        title=text, summary=(Section("Summary", text),), extractions=(Extraction("Budget", text),),
    )  # fmt: skip
    note = NoteSettings(table="n", record="r", body="b", escape=("html", "formula"))
    body = note_body(held, Visit(), None, note)
    note_title(held, Visit(), None, note, ["Budget"])
    digest(body or "")


ENTRIES: tuple[Callable[[str], None], ...] = (do_extract, do_summarize, do_convert, do_quote, do_merge, do_note)
PULL: tuple[Callable[[str], None], ...] = (do_convert, do_quote, do_merge, do_note)
"""The steps that run in the bridge's own process."""


_TRIES: Final = 3


def seconds(call: Callable[[str], None], text: str) -> float:
    """Of one core."""
    begin = process_time()
    call(text)
    return process_time() - begin


def measured(call: Callable[[str], None], piece: str) -> tuple[float, float, bool]:
    """Seconds for both sizes, and whether that is too slow.

    Other work on the machine only ever adds to a time. So a slow pair is measured again, and the least time of each
    size counts: what grows too fast is slow each time.
    """
    texts = [piece * (size // len(piece)) for size in SIZES]
    short = long = float("inf")
    for _ in range(_TRIES):
        short, long = min(short, seconds(call, texts[0])), min(long, seconds(call, texts[1]))
        if not is_slow(short, long):
            break
    return short, long, is_slow(short, long)


def is_slow(short: float, long: float) -> bool:
    """Whether a call takes too long, or much more than in proportion."""
    return long > MOST or (short > _SHORTEST and long / short > _RATIO)


def main() -> int:
    """Print a line for each fragment and entry point. 1 if one grows too fast."""
    failed = False
    for call in ENTRIES:
        for piece in PIECES:
            short, long, bad = measured(call, piece)
            failed = failed or bad
            print(
                f"{call.__name__:13} {piece!r:20} {short:7.3f} {long:7.3f} s{'  TOO SLOW' if bad else ''}", flush=True
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
