"""Notes through a web API: searched by their record, found by our key in a field or in the last line."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import httpx2

from fieldnote.config import RestCall, RestNoteSettings
from fieldnote.crm.note_html import html_of, text_of
from fieldnote.crm.note_marks import has_marker, marked, unmarked
from fieldnote.crm.rest.calls import LATE, Calls, complaint
from fieldnote.crm.rest.templates import filled, json_of, perform, search
from fieldnote.crm.types import NoteResult, NoteTarget, Outcome
from fieldnote.errors import CrmRefused, CrmUnavailable

_PAGES = 1000
_CERTAIN = 40
"""Characters by which the beginning of a note is known as ours."""
_AT_ONCE = 100
_GONE = frozenset({404, 410})
_CHANGED = frozenset({412})


@dataclass(frozen=True, slots=True)
class _Note:
    """A note that Fieldnote wrote. `body` is without the line of our key."""

    id: str
    body: str
    etag: str | None


class RestNotes:
    """The notes of one API."""

    def __init__(self, calls: Calls, settings: Mapping[str, RestNoteSettings]) -> None:
        self._calls = calls
        self._settings = settings

    def find(self, note: NoteTarget, record: str, key: str) -> NoteResult:
        """See `Driver.find_note`."""
        found = self._find(note, record, key)
        return NoteResult(Outcome.APPLIED, found.body) if found else NoteResult(Outcome.MISSING)

    def insert(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """See `Driver.insert_note`. The search comes first, so that a lost answer does not double the note."""
        text = marked(body, note, key)
        found, before = self._look(note, record, key, text)
        if found is not None:
            return NoteResult(Outcome.CHANGED, found.body)
        if before[note.left]:
            return NoteResult(Outcome.MISSING, left=note.left)
        values = {
            "record": record,
            "note_key": key,
            "body": self._sent(note, text),
            "now": _now(),
            "title": note.title_text,
        }
        digest = blake2b(f"{note.table}\n{record}\n{key}\n{text}".encode(), digest_size=16).hexdigest()
        headers = {"Idempotency-Key": digest}
        answer = perform(self._calls, self._of(note).insert, values, secret=text, headers=headers)
        after, others = self._look(note, record, key, text)
        if after is None or _is_start(after.body, body):
            time.sleep(LATE)  # an API may answer before it has written
            after, others = self._look(note, record, key)
        if after is None:
            left = self._left(note, answer, others - before)
            return NoteResult(Outcome.MISSING, None, complaint(answer, text), left)
        return NoteResult(Outcome.APPLIED, after.body)

    def update_if(self, note: NoteTarget, record: str, key: str, expected: str, body: str) -> NoteResult:
        """See `Driver.update_note_if`. The search directly before it is what guards the write."""
        found = self._find(note, record, key)
        if found is None:
            return NoteResult(Outcome.MISSING)
        if found.body != expected:
            return NoteResult(Outcome.CHANGED, found.body)
        text = marked(body, note, key)
        update = self._of(note).update
        if update is None:
            return NoteResult(Outcome.FIXED, found.body)
        sent = self._sent(note, text)
        values = {
            "record": record,
            "note_key": key,
            "id": found.id,
            "body": sent,
            "now": _now(),
            "title": note.title_text,
        }
        headers = {"If-Match": found.etag} if found.etag else None
        answer = perform(self._calls, update, values, secret=text, headers=headers, accepted=_GONE | _CHANGED)
        after = self._find(note, record, key)
        if after is not None and answer.is_success and after.body == expected != body:
            after = self._find_late(note, record, key)
        if after is None:
            return NoteResult(Outcome.MISSING)
        if answer.status_code in _GONE:
            raise CrmRefused(
                f"{note.table}: the note is there, and the call that changes it answers {answer.status_code}",
                hint=f"check crm.writing.notes.{note.table}.update",
            )
        if not answer.is_success:
            return NoteResult(Outcome.CHANGED, after.body)
        return NoteResult(Outcome.APPLIED, after.body, complaint(answer, text))

    def _of(self, note: NoteTarget) -> RestNoteSettings:
        if note.table not in self._settings:
            raise CrmRefused(f"{note.table} is not known", hint=f"add crm.writing.notes.{note.table}")
        return self._settings[note.table]

    def _left(self, note: NoteTarget, answer: httpx2.Response, new: Counter[str]) -> str | None:
        """The note of those that came with an insert, none of which has our key: by preference that of the answer."""
        path = self._of(note).id
        with suppress(ValueError, CrmRefused):
            made = str(search(path, answer.json(), f"crm.writing.notes.{note.table}.id")) if path else ""
            return made if new[made] else next(iter(new), None)
        return next(iter(new), None)

    def _find_late(self, note: NoteTarget, record: str, key: str) -> _Note | None:
        """The note once more, a moment later: an API may answer before it has written."""
        time.sleep(LATE)
        return self._find(note, record, key)

    def _find(self, note: NoteTarget, record: str, key: str, text: str = "") -> _Note | None:
        """The note. Raises as `_look` does."""
        return self._look(note, record, key, text)[0]

    def _look(self, note: NoteTarget, record: str, key: str, text: str = "") -> tuple[_Note | None, Counter[str]]:
        """The note, and the others of the record: each by its id, or by its text where notes have no id.

        Raises `CrmRefused` if the API cut `text` before the line of our key: another note would double it.
        """
        others: Counter[str] = Counter()
        is_cut = False
        for item in self._items(note, record, key):
            body = str(search(note.body, item, f"the note's 'body: {note.body}'") or "")
            body = text_of(body) if self._of(note).html else body
            owner = search(note.record, item, f"the note's 'record: {note.record}'")
            ours = has_marker(body, key) if note.key is None else str(search(note.key, item, "the note's 'key'")) == key
            if ours and (owner is None or _holds(owner, record)):
                return self._note(note, item, unmarked(body, note, key)), others
            if owner is None or _holds(owner, record):
                others[self._name(note, item, body)] += 1
            is_cut |= note.key is None and len(body) >= _CERTAIN and _is_start(body, text)
        if is_cut:
            raise CrmRefused(
                f"{note.table}: the API cut a note, and the line of Fieldnote's key with it",
                hint="name a field for the key (pull.….note.key), or let the note have fewer parts",
            )
        return None, others

    def _name(self, note: NoteTarget, item: dict[str, Any], body: str) -> str:
        path = self._of(note).id
        key = search(path, item, f"crm.writing.notes.{note.table}.id") if path else None
        return str(key) if key is not None else f"text-{blake2b(body.encode(), digest_size=8).hexdigest()}"

    def _note(self, note: NoteTarget, item: dict[str, Any], body: str) -> _Note:
        settings, where = self._of(note), f"crm.writing.notes.{note.table}"
        etag = search(settings.etag, item, f"{where}.etag") if settings.etag else None
        key = search(settings.id, item, f"{where}.id") if settings.id else None
        return _Note(str(key), body, etag)

    def _sent(self, note: NoteTarget, text: str) -> str:
        return html_of(text) if self._of(note).html else text

    def _items(self, note: NoteTarget, record: str, key: str) -> Iterator[dict[str, Any]]:
        """The notes that the search gives, over all its pages."""
        settings = self._of(note)
        for items in self._pages(note, {"record": record, "note_key": key}):
            if settings.each is None:
                yield from (item for item in items if isinstance(item, dict))
                continue
            for begin in range(0, len(items), _AT_ONCE):
                yield from self._each(note, settings.each, items[begin : begin + _AT_ONCE])

    def _each(self, note: NoteTarget, call: RestCall, ids: list[Any]) -> Iterator[dict[str, Any]]:
        """The notes behind ids."""
        answer = perform(self._calls, call, {"ids": ids}, reads=True)
        where, settings, said = f"crm.writing.notes.{note.table}", self._of(note), json_of(answer)
        if settings.each_failures and search(settings.each_failures, said, f"{where}.each_failures"):
            raise CrmUnavailable(
                f"{note.table}: the CRM could not read all notes", hint="Fieldnote tries again automatically"
            )
        items = search(settings.each_items, said, f"{where}.each_items")
        if not isinstance(items, list):
            raise CrmRefused(f"{where}.each_items leads to no list", hint="see the API's own documentation")
        yield from (item for item in items if isinstance(item, dict))

    def _pages(self, note: NoteTarget, values: dict[str, object]) -> Iterator[list[Any]]:
        settings = self._of(note)
        where = f"crm.writing.notes.{note.table}"
        answer = perform(self._calls, settings.find, values, reads=True, accepted=_GONE)
        seen: set[str] = set()
        for number in range(2, _PAGES + 2):
            if answer.status_code in _GONE:
                return
            said = json_of(answer)
            items = search(settings.items, said, f"{where}.items")
            if items is not None and not isinstance(items, list):
                raise CrmRefused(f"{where}.items leads to no list", hint="see the API's own documentation")
            yield items or []
            following = search(settings.next, said, f"{where}.next") if settings.next else _linked(answer.links)
            if not following:
                return
            following = number if settings.pages == "numbers" else following
            if str(following) in seen:
                break
            seen.add(str(following))
            answer = self._follow(settings, values, str(following))
        raise CrmRefused(f"{where}.find: the pages repeat", hint=f"check {where}.next")

    def _follow(self, settings: RestNoteSettings, values: dict[str, object], following: str) -> httpx2.Response:
        """The next page, by its address or by a parameter."""
        if settings.next_param is None:
            body = filled(settings.find.body, values)
            return self._calls.ask(settings.find.method, following, reads=True, body=body)
        params = {**settings.find.params, settings.next_param: following.replace("{", "").replace("}", "")}
        return perform(self._calls, settings.find.model_copy(update={"params": params}), values, reads=True)


def _is_start(short: str, text: str) -> bool:
    """Whether a text is less than another one, and its beginning."""
    start, whole = " ".join(short.split()).rstrip(".\u2026 "), " ".join(text.split())
    return len(start) < len(whole.rstrip(".\u2026 ")) and whole.startswith(start)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _linked(links: Mapping[str | None, Mapping[str, str]]) -> str | None:
    return links.get("next", {}).get("url")


def _holds(owner: object, record: str) -> bool:
    """Whether a note's record is this one: an id, or a list of ids."""
    return any(str(item) == record for item in (owner if isinstance(owner, list) else [owner]))
