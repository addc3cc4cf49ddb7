"""The line of our key in a note's body, where the CRM has no field for it. Pure."""

from __future__ import annotations

from fieldnote.crm.types import NoteTarget, note_marker


def marked(body: str, note: NoteTarget, key: str) -> str:
    """The body as the CRM gets it."""
    return body if note.key else f"{body.rstrip()}\n\n{note_marker(key)}"


def has_marker(body: str, key: str) -> bool:
    """Whether the line of this key is in the body."""
    return any(line.strip() == note_marker(key) for line in body.splitlines())


def unmarked(body: str, note: NoteTarget, key: str) -> str:
    """A note's text without the line of our key. Text that a person added below that line is kept."""
    if note.key:
        return body
    lines = [line for line in body.splitlines(keepends=True) if line.strip() != note_marker(key)]
    return "".join(lines).rstrip()
