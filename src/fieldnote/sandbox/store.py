"""Tables of versioned records.

A change makes a new version and keeps the ones before it. A reader sees the newest version that was committed before
a moment of its choice: a list asks for now, a search index for some seconds ago.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fieldnote.sandbox.clock import Clock

KEPT_VERSIONS = 20
_CACHED_WALKS = 64


class ChangeKind(StrEnum):
    """An event of a record."""

    CREATED = "created"
    CHANGED = "changed"
    ARCHIVED = "archived"
    """Deleted in a way that can be undone."""
    RESTORED = "restored"
    PURGED = "purged"
    """Gone for good; nothing of it is left."""


@dataclass(frozen=True, slots=True)
class Version:
    """A record as it was from one commit to the next."""

    id: str
    values: Mapping[str, Any]
    created: datetime
    modified: datetime
    committed: datetime
    """When readers see it. Later than `modified` where a transaction took its time."""
    sequence: int
    """Grows with every version of the store: the position in a change feed."""
    archived: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the store's log, for webhooks."""

    table: str
    id: str
    kind: ChangeKind
    fields: Mapping[str, Any]
    """The values that were set."""
    at: datetime


class Missing(LookupError):
    """There is no such record."""


class Store:
    """All tables of one stand-in. Safe for several threads."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.commit_delay = timedelta(0)
        """How long after its modified time the next versions become visible."""
        self.listeners: list[Callable[[Change], None]] = []
        self._tables: dict[str, Table] = {}
        self._sequence = itertools.count(1)

    def table(self, name: str) -> Table:
        """The table of this name; it is made when it is first asked for."""
        with self.lock:
            if name not in self._tables:
                self._tables[name] = Table(name, self)
            return self._tables[name]

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of all tables."""
        return tuple(self._tables)

    def next_sequence(self) -> int:
        """The number of the next version."""
        return next(self._sequence)

    def announce(self, change: Change) -> None:
        """Tell the listeners."""
        for listener in self.listeners:
            listener(change)


class Table:
    """The records of one kind."""

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self._store = store
        self._versions: dict[str, list[Version]] = {}
        self._indexes: dict[str, dict[Any, set[str]]] = {}
        self._revision = 0
        self._pending: list[datetime] = []
        self._walks: dict[Hashable, tuple[int, datetime | None, list[Version]]] = {}

    # --- writing

    def insert(
        self, key: str, values: Mapping[str, Any], *, created: datetime | None = None, modified: datetime | None = None
    ) -> Version:
        """Add a record. Its times are now unless given."""
        with self._store.lock:
            now = self._store.clock.now()
            made = created or modified or now
            version = Version(
                key, dict(values), made, modified or made, now + self._store.commit_delay, self._store.next_sequence()
            )
            self._versions[key] = []
            self._add(version)
            self._store.announce(Change(self.name, key, ChangeKind.CREATED, dict(values), now))
            return version

    def change(
        self, key: str, values: Mapping[str, Any], *, touch: bool = True, modified: datetime | None = None
    ) -> Version:
        """Set some values. `touch=False` leaves the modified time as it is."""
        return self._next(key, ChangeKind.CHANGED, values, touch=touch, modified=modified)

    def archive(self, key: str, values: Mapping[str, Any] | None = None, *, touch: bool = True) -> Version:
        """Delete a record so that it can be restored."""
        return self._next(key, ChangeKind.ARCHIVED, values or {}, touch=touch)

    def restore(self, key: str, values: Mapping[str, Any] | None = None, *, touch: bool = True) -> Version:
        """Undo `archive`."""
        return self._next(key, ChangeKind.RESTORED, values or {}, touch=touch)

    def purge(self, key: str) -> None:
        """Forget a record."""
        with self._store.lock:
            version = self.latest(key)
            self._index(version, None)
            del self._versions[key]
            self._revision += 1
            self._store.announce(Change(self.name, key, ChangeKind.PURGED, {}, self._store.clock.now()))

    def _next(
        self, key: str, kind: ChangeKind, values: Mapping[str, Any], *, touch: bool, modified: datetime | None = None
    ) -> Version:
        with self._store.lock:
            before, now = self.latest(key), self._store.clock.now()
            archived = {ChangeKind.ARCHIVED: now, ChangeKind.RESTORED: None}.get(kind, before.archived)
            version = replace(
                before,
                values={**before.values, **values},
                modified=modified or (now if touch else before.modified),
                committed=now + self._store.commit_delay,
                sequence=self._store.next_sequence(),
                archived=archived,
            )
            self._add(version)
            self._store.announce(Change(self.name, key, kind, dict(values), now))
            return version

    def _add(self, version: Version) -> None:
        versions = self._versions[version.id]
        self._index(versions[-1] if versions else None, version)
        versions.append(version)
        del versions[:-KEPT_VERSIONS]
        if version.committed > self._store.clock.now():
            self._pending.append(version.committed)
        self._revision += 1

    # --- reading

    def latest(self, key: str) -> Version:
        """The newest version, committed or not, archived or not; raises `Missing`."""
        with self._store.lock:
            if not self._versions.get(key):
                raise Missing(f"{self.name}/{key}")
            return self._versions[key][-1]

    def history(self, key: str) -> tuple[Version, ...]:
        """The versions that are kept, the oldest first."""
        with self._store.lock:
            return tuple(self._versions.get(key, ()))

    def get(self, key: str, *, delay: timedelta = timedelta(0)) -> Version | None:
        """The record as a reader sees it, archived or not."""
        with self._store.lock:
            return self._seen(key, self._store.clock.now() - delay)

    def many(self, ids: Iterable[str]) -> list[Version]:
        """The records with these ids that there are."""
        return [version for key in ids if (version := self.get(key))]

    def by(self, field: str, value: Any) -> list[Version]:
        """The records whose newest version has this value, in the order of their ids."""
        with self._store.lock:
            index = self._indexes.get(field)
            if index is None:
                index = self._indexes[field] = defaultdict(set)
                for key, versions in self._versions.items():
                    index[versions[-1].values.get(field)].add(key)
            found = self.many(index.get(value, ()))
        return sorted(found, key=lambda version: (len(version.id), version.id))

    def all(self, *, delay: timedelta = timedelta(0)) -> list[Version]:
        """All records as a reader sees them, archived ones too."""
        with self._store.lock:
            moment = self._store.clock.now() - delay
            return [version for key in self._versions if (version := self._seen(key, moment))]

    def select(
        self,
        query: Hashable,
        where: Callable[[Version], bool],
        order: Callable[[Version], Any],
        *,
        descending: bool = False,
        delay: timedelta = timedelta(0),
    ) -> list[Version]:
        """The records that match, in order. `query` names the question, so that the next page costs no new walk."""
        with self._store.lock:
            now = self._store.clock.now() - delay
            self._pending = [moment for moment in self._pending if moment > now - timedelta(minutes=5)]
            due = min((moment for moment in self._pending if moment > now), default=None)
            key = (query, descending, delay)
            if (kept := self._walks.get(key)) and kept[0] == self._revision and (kept[1] is None or now < kept[1]):
                return kept[2]
            found = [version for version in self.all(delay=delay) if where(version)]
            found.sort(key=order, reverse=descending)
            if delay:  # a slow index is never kept: it changes by the clock alone
                return found
            if len(self._walks) >= _CACHED_WALKS:
                self._walks.clear()
            self._walks[key] = (self._revision, due, found)
            return found

    def __len__(self) -> int:
        return len(self._versions)

    def __contains__(self, key: str) -> bool:
        return key in self._versions

    def _seen(self, key: str, moment: datetime) -> Version | None:
        versions = self._versions.get(key, [])
        return next((version for version in reversed(versions) if version.committed <= moment), None)

    def _index(self, before: Version | None, after: Version | None) -> None:
        for field, index in self._indexes.items():
            if before is not None:
                index[before.values.get(field)].discard(before.id)
            if after is not None:
                index[after.values.get(field)].add(after.id)
