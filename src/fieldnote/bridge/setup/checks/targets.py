"""Checks of what is written back: tables, columns, and the right to write them."""

from __future__ import annotations

from collections.abc import Iterator

from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.checks.findings import Finding, bad, good
from fieldnote.config import TargetSettings
from fieldnote.crm.types import NoteTarget, Record
from fieldnote.errors import FieldnoteError

_NOBODY = "0"


def check_targets(bridge: Bridge) -> Iterator[Finding]:
    """All targets of the file's `pull`."""
    pull = bridge.config.pull
    for model, target in (pull.targets() if pull is not None else {}).items():
        subject = f"pull.{model}"
        try:
            _read(bridge, target)
            _write(bridge, target)
        except FieldnoteError as error:
            yield bad(subject, error.message, error.hint)
        else:
            fields = ", ".join(field.to for field in target.fields.values()) or "no field"
            tables = ", ".join(dict.fromkeys(note.table for note in target.all_notes()))
            note = f"; notes in {tables}" if tables else ""
            yield good(subject, f"{target.table}: {fields} can be written{note}")


def _read(bridge: Bridge, target: TargetSettings) -> None:
    columns = tuple(field.to for field in target.fields.values())
    bridge.crm.read(Record(target.table, target.key, _NOBODY), (target.key, *columns))
    for note in target.all_notes():
        bridge.crm.find_note(NoteTarget(note.table, note.record, note.body, note.key), _NOBODY, "check")


def _write(bridge: Bridge, target: TargetSettings) -> None:
    for field in target.fields.values():
        bridge.crm.may_write(target.table, field.to)
    for note in target.all_notes():
        bridge.crm.may_write(note.table, note.body)
