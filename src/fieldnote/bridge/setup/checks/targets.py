"""Checks of what is written back: tables, columns, and the right to write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fieldnote.bridge.pull.notes import NoteKey, column_values
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.checks.findings import Finding, bad, good, hint
from fieldnote.config import TargetSettings
from fieldnote.config.schema import NoteSettings, SetValue
from fieldnote.crm.sql.columns import Table
from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.types import NoteTarget, Record
from fieldnote.errors import CrmRefused, FieldnoteError

_NOBODY = "0"
_RECORDING = "00000000-0000-4000-8000-000000000000"
_USUAL_SUMMARY = 2000


def check_targets(bridge: Bridge) -> Iterator[Finding]:
    """All targets of the file's `pull`."""
    pull = bridge.config.pull
    for model, target in (pull.targets() if pull is not None else {}).items():
        subject = f"pull.{model}"
        faults = list(_faults(bridge, target))
        yield from (bad(subject, error.message, error.hint) for error in faults)
        if not faults:
            fields = ", ".join(field.to for field in target.fields.values()) or "no field"
            tables = ", ".join(dict.fromkeys(note.table for note in target.all_notes()))
            note = f"; notes in {tables}" if tables else ""
            yield from _check_inserts(bridge, subject, target)
            yield good(subject, f"{target.table}: {fields} can be written{note}")


def _check_inserts(bridge: Bridge, subject: str, target: TargetSettings) -> Iterator[Finding]:
    """The columns that a new note, or a missing extension row, needs besides those that the file names."""
    if not isinstance(bridge.crm, SqlDriver):
        return
    for note in target.all_notes():
        table = bridge.crm.describe(note.table)
        own = {name for name in (note.record, note.body, note.key, note.title) if name}
        yield from _check_insert(bridge.crm, f"{subject}.note", table, own, note.set)
        yield from _check_room(f"{subject}.note", table, note)
    if target.missing == "insert":
        table = bridge.crm.describe(target.table)
        yield from _check_insert(bridge.crm, subject, table, {target.key}, target.set)


def _check_insert(
    crm: SqlDriver, subject: str, table: Table, own: set[str], given: Mapping[str, SetValue]
) -> Iterator[Finding]:
    named = {name.casefold() for name in own | set(given)}
    missing = [column.name for column in table.required if column.name.casefold() not in named]
    if missing:
        example = ", ".join(f"{name}: …" for name in missing)
        text = f"a new row of {table.name} needs {', '.join(missing)}"
        yield bad(
            subject, text, f"Add `set: {{{example}}}`: a constant, {{uuid: true}}, {{now: true}} or {{rep: true}}."
        )
    for name, value in given.items():
        try:
            column = table.column(name)
        except CrmRefused as error:
            yield bad(subject, f"set.{name}: {error.message}", error.hint)
            continue
        if value.rep or value.record:
            continue
        try:
            column.fit(column_values({name: value}, rep=None)[0][1].make(_NOBODY))
        except CrmRefused as error:
            yield bad(subject, f"set.{name}: {error.message}", "Set another value, or change the column.")
    for key in table.foreign_keys:
        for name in key.columns:
            constant = next((item for column, item in given.items() if column.casefold() == name.casefold()), None)
            if constant is not None and constant.constant is not None:
                found = crm.read(Record(key.table, key.referred[0], str(constant.constant)), (key.referred[0],))
                if found is None:
                    text = f"set.{name}: {key.table} has no row with {key.referred[0]} {constant.constant}"
                    yield bad(subject, text, f"Name a row of {key.table}.")


def _check_room(subject: str, table: Table, note: NoteSettings) -> Iterator[Finding]:
    """Whether the key and a usual summary fit: a note is never cut."""
    if note.key is not None:
        longest = NoteKey("", "", "", _RECORDING, f"{note.name}:9").text
        try:
            table.column(note.key).fit(longest)
        except CrmRefused as error:
            fix = (
                f"Give the column {len(longest)} characters, or leave out `key`: the key is then the note's last line."
            )
            yield bad(subject, f"{error.message}: a key is such as {longest}", fix)
    try:
        table.column(note.body).fit("x" * _USUAL_SUMMARY)
    except CrmRefused as error:
        text = f"{error.message}: a summary of that length is refused, and never cut"
        yield hint(subject, text, "Make the column longer, or choose fewer `sections`.")


def _read(bridge: Bridge, target: TargetSettings) -> None:
    columns = tuple(field.to for field in target.fields.values())
    bridge.crm.read(Record(target.table, target.key, _NOBODY), (target.key, *columns))
    for note in target.all_notes():
        bridge.crm.find_note(NoteTarget(note.table, note.record, note.body, note.key), _NOBODY, "check")


def _faults(bridge: Bridge, target: TargetSettings) -> Iterator[FieldnoteError]:
    """Why the target cannot be read, else why each of its columns cannot be written."""
    try:
        _read(bridge, target)
    except FieldnoteError as error:
        yield error
        return
    notes = target.all_notes()
    columns = [(target.table, field.to) for field in target.fields.values()]
    columns += [(note.table, name) for note in notes for name in (note.body, note.title) if name is not None]
    for table, column in dict.fromkeys(columns):
        try:
            bridge.crm.may_write(table, column)
        except FieldnoteError as error:
            yield error
