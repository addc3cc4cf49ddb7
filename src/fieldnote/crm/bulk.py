"""Several writes of one record: in one step where the driver can, else one after the other.

A refusal is the answer to its own write alone, whatever it was sent with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from fieldnote.crm.types import Driver, FieldWrite, NoteResult, NoteTarget, Record, WriteResult, WritesTogether
from fieldnote.errors import CrmRefused

T = TypeVar("T")
R = TypeVar("R", WriteResult, NoteResult)


def write_fields(driver: Driver, record: Record, writes: Sequence[FieldWrite]) -> list[WriteResult | CrmRefused]:
    """The answers in the order of `writes`. Raises CrmUnavailable."""
    if len(writes) > 1 and isinstance(driver, WritesTogether):
        with suppress(CrmRefused):
            return [*driver.write_all(record, writes)]

    def write(one: FieldWrite) -> WriteResult:
        return driver.write_if(record, one.column, expected=one.expected, new=one.new)

    return [_answer(write, one) for one in writes]


def find_notes(
    driver: Driver, note: NoteTarget, record: str, keys: Sequence[str]
) -> dict[str, NoteResult | CrmRefused]:
    """The notes with these keys. Raises CrmUnavailable."""
    if len(keys) > 1 and isinstance(driver, WritesTogether):
        with suppress(CrmRefused):
            return dict(zip(keys, driver.find_notes(note, record, keys), strict=True))
    return {key: _answer(lambda key: driver.find_note(note, record, key), key) for key in keys}


def insert_notes(
    driver: Driver, note: NoteTarget, record: str, bodies: Mapping[str, str]
) -> dict[str, NoteResult | CrmRefused]:
    """The answers by the notes' keys. Raises CrmUnavailable."""
    if len(bodies) > 1 and isinstance(driver, WritesTogether):
        with suppress(CrmRefused):
            return dict(zip(bodies, driver.insert_notes(note, record, bodies), strict=True))
    return {key: _answer(lambda key: driver.insert_note(note, record, key, bodies[key]), key) for key in bodies}


def _answer(ask: Callable[[T], R], one: T) -> R | CrmRefused:
    try:
        return ask(one)
    except CrmRefused as error:
        return error
