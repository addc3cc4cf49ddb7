"""The text of a note. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from fieldnote.bridge.recording import RecordingSnapshot, Section
from fieldnote.bridge.sent_visits import Visit
from fieldnote.config import NoteSettings
from fieldnote.mapping.escaping import escaped

WITHDRAWN = "This conversation belongs to another record now; its summary was taken out of this note."
REVERTED = "A person withdrew this note; its summary was taken out."

UNTITLED = "Siro: conversation"
"""The title of a note without words."""
_LONGEST_TITLE = 120
_LONGEST_PART = 40
_TITLED_BY = ("Budget", "Decision Maker", "Timeline")
"""The quickstart's extractions come first; then those of the file, in its order."""
_PARTS = 3

ADDENDUM = "Addendum: the note of this conversation was edited here, and its summary has changed since."


def note_body(held: RecordingSnapshot, visit: Visit, zone: str | None, note: NoteSettings | None = None) -> str | None:
    """Title, who and when, the summary, and where to listen: in this order, without a key.

    None if nothing is said in the sections that the note is for.
    """
    said = _chosen(held, note.sections if note else ())
    if not said:
        return None
    parts = [_heading(held), _facts(held, visit, zone), "", *_sections(said)]
    if held.web_url:
        parts += ["", f"Recording: {held.web_url}"]
    return escaped("\n".join(parts), note.escape if note else ())


def _heading(held: RecordingSnapshot) -> str:
    return f"Siro: {held.title.strip()}" if held.title and held.title.strip() else UNTITLED


def note_title(
    held: RecordingSnapshot, visit: Visit, zone: str | None, note: NoteSettings, fields: Sequence[str]
) -> str:
    """`Roof, Kimura: $18,000, husband decides, in spring (Apr 14, 17:30)`: one line, in local time.

    `fields` are the extractions of the file, in its order. Without values it has the summary's first sentence.
    """
    values = {one.name.casefold(): _short(one.value) for one in held.extractions}
    names = dict.fromkeys(name.casefold() for name in (*_TITLED_BY, *fields))
    said = [value for name in names if (value := values.get(name))][:_PARTS]
    surname = (visit.customer or "").split()[-1:]
    head = ", ".join(_clean(part) for part in (held.title or "", *surname) if _clean(part))
    tail = ", ".join(said) or _first_sentence(held)
    when = held.started_at.astimezone(ZoneInfo(zone) if zone else ZoneInfo("UTC"))
    moment = f" ({when:%b} {when.day}, {when:%H:%M}{'' if zone else ' UTC'})"
    text = _cut(f"{head}: {tail}" if head and tail else head or tail or "Conversation", _LONGEST_TITLE - len(moment))
    return escaped(text + moment, note.escape)


def _short(value: object) -> str:
    """A value as a part of a title; empty where it has no place there."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _short(value[0]) if value else ""
    if value is None or isinstance(value, bool | Mapping):
        return ""
    return _cut(_clean(str(value)), _LONGEST_PART)


def _first_sentence(held: RecordingSnapshot) -> str:
    said = _clean(next((part.content for part in held.summary if part.content.strip()), ""))
    return _cut(said.partition(". ")[0].rstrip("."), 2 * _LONGEST_PART)


def _clean(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _cut(text: str, longest: int) -> str:
    """At most so many characters, cut behind a word."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    return f"{kept.rpartition(' ')[0].rstrip(',;:') or kept}…"


def _facts(held: RecordingSnapshot, visit: Visit, zone: str | None) -> str:
    when = held.started_at.astimezone(ZoneInfo(zone) if zone else ZoneInfo("UTC"))
    facts = [
        f"Rep: {visit.rep}" if visit.rep else "",
        f"Customer: {visit.customer}" if visit.customer else "",
    ]
    facts.append(f"{when:%Y-%m-%d %H:%M} {zone or 'UTC'}")
    return " | ".join(fact for fact in facts if fact)


def addendum(body: str) -> str:
    """The text of an addendum: the text that the note would have if nobody had edited it."""
    if body in {WITHDRAWN, REVERTED} or body.startswith(ADDENDUM):
        return body
    return f"{ADDENDUM}\n\n{body}"


def has_summary(live: str, body: str) -> bool:
    """Whether a note has the summary of a text already: then only its rep, customer or title differ."""
    summary = " ".join(body.partition("\n\n")[2].split())
    return bool(summary) and summary in " ".join(live.split())


def _chosen(held: RecordingSnapshot, names: Sequence[str]) -> list[Section]:
    """The parts that say something: in the order of the names, else in Siro's."""
    said = [part for part in held.summary if part.content.strip()]
    if not names:
        return said
    wanted = [name.strip().casefold() for name in names]
    chosen = [part for part in said if part.name.strip().casefold() in wanted]
    return sorted(chosen, key=lambda part: wanted.index(part.name.strip().casefold()))


def _sections(said: Sequence[Section]) -> list[str]:
    """A name comes before its text where there are several."""
    if len(said) == 1:
        return [said[0].content.strip()]
    lines: list[str] = []
    for part in said:
        lines += [*([""] if lines else []), part.name.strip(), part.content.strip()]
    return lines


def digest(body: str) -> bytes:
    """A hash that does not see what CRMs do to texts: other line ends, and blanks cut off."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    return hashlib.blake2b("\n".join(line.rstrip() for line in lines).encode(), digest_size=16).digest()
