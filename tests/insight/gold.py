"""Transcripts with the answers that a person would give, and how an extraction is scored against them.

Budget and Timeline have to be exact; `A/B` allows two readings. Decision Maker has to hold a word of each group,
groups joined by `&`, words by `/`. Objections are as many as there are groups, joined by `;`, each with one of
its words; a group that begins with `?` may be absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fieldnote.insight import FIELDS, Utterance, extract, read_transcript

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Gold:
    name: str
    utterances: list[Utterance]
    rep: str | None
    started_at: datetime | None
    answers: dict[str, str]

    def misses(self) -> dict[str, tuple[str, str | None]]:
        """The expected and the found values, by field, where they differ."""
        found = {e.name: e.value for e in extract(self.utterances, rep_name=self.rep, started_at=self.started_at)}
        return {
            field: (wanted, found.get(field))
            for field, wanted in self.answers.items()
            if not fits(field, wanted, found.get(field))
        }


def gold(folder: str) -> list[Gold]:
    return [_read(path) for path in sorted((DATA / folder).glob("*.txt"))]


def _read(path: Path) -> Gold:
    head, body = path.read_text(encoding="utf-8").split("---\n", 1)
    keys = dict(line.split(": ", 1) for line in head.splitlines())
    started = keys.get("started", "none")
    return Gold(
        path.stem,
        read_transcript(body.encode(), name=path.name),
        keys.get("rep"),
        None if started == "none" else datetime.fromisoformat(started).replace(tzinfo=UTC),
        dict(zip(FIELDS, (keys["budget"], keys["timeline"], keys["decision"], keys["objections"]), strict=True)),
    )


def fits(field: str, wanted: str, found: str | None) -> bool:
    if wanted == "none" or found is None:
        return (wanted == "none" and found is None) or _all_optional(field, wanted)
    if field in {"Budget", "Timeline"}:
        return found in wanted.split("/")
    groups = [
        [word.strip() for word in group.split("/")] for group in wanted.split("&" if field == "Decision Maker" else ";")
    ]
    if field == "Decision Maker":
        return all(_has(found, group) for group in groups)
    parts = found.split("; ")
    needed = [group for group in groups if not group[0].startswith("?")]
    allowed = [[word.removeprefix("?") for word in group] for group in groups]
    return all(_has(found, group) for group in needed) and all(
        any(_has(part, group) for group in allowed) for part in parts
    )


def _all_optional(field: str, wanted: str) -> bool:
    return field == "Objections" and all(group.strip().startswith("?") for group in wanted.split(";"))


def _has(text: str, words: list[str]) -> bool:
    return any(word.lower() in text.lower() for word in words)
