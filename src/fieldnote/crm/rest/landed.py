"""State between two readings of documents: positions, the time of each reading, and deleted records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from fieldnote.config import ApiLimits, ReadResource, RestReading
from fieldnote.crm.rest.documents import TABLE, Documents
from fieldnote.crm.rest.positions import Reached
from fieldnote.crm.rest.source import Opened, Wanted
from fieldnote.crm.staging import GATE, note
from fieldnote.errors import CrmUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class _Kept:
    """The state of one resource."""

    read_at: datetime
    full_at: datetime
    """When all of its records were read."""
    version: str
    """Which configuration read them."""
    reached: Reached | None


class Landings:
    """The resources of `crm.reading`, over the schema that they are landed in."""

    def __init__(self, reading: RestReading, limits: ApiLimits | None, resources: list[Any], *, full: bool) -> None:
        self.reading = reading
        self._limits = limits
        self._resources = {str(one.get("name")): one for one in resources if isinstance(one, dict)}
        self._full = full
        self._forgotten: set[str] = set()
        self._kept: dict[str, _Kept] = {}
        self._whole: set[str] = set()
        """The resources of which this reading asks for everything."""

    @classmethod
    def of(cls, job: dict[str, Any]) -> Landings:
        """Those of a job of the loader."""
        reading = RestReading.model_validate(job.get("reading") or {})
        limits = ApiLimits.model_validate(job["limits"]) if job.get("limits") else None
        return cls(reading, limits, job["config"].get("resources") or [], full=bool(job["full"]))

    @property
    def names(self) -> frozenset[str]:
        """All resources, those that are not read this time too."""
        return frozenset(self.reading.resources)

    def forget(self, name: str) -> None:
        """Read this resource from its beginning."""
        self._forgotten.add(name)

    def checking(self) -> Wanted:
        """The input of a look at the first page."""
        return Wanted(self.reading, self._limits)

    def wanted(self, connection: psycopg.Connection) -> Wanted:
        """The request of this reading."""
        self._kept = _load(connection, self.names)
        now = datetime.now(UTC)
        skipped, reached = set[str](), dict[str, Reached]()
        self._whole = set()
        for name, settings in self.reading.resources.items():
            kept = self._kept.get(name)
            fresh = kept is None or kept.version != self._version(name) or name in self._forgotten or self._full
            if not fresh and kept and settings.every is not None and now - kept.read_at < settings.every:
                skipped.add(name)
                continue
            due = fresh or kept is None or now - kept.full_at >= self.reading.full_every
            if due or settings.since is None or kept is None or kept.reached is None:
                self._whole.add(name)
            else:
                reached[name] = kept.reached
        return Wanted(self.reading, self._limits, reached, frozenset(skipped))

    def keep(self, connection: psycopg.Connection, schema: str, opened: Opened, loads: Iterable[str]) -> None:
        """Take away what a full reading did not bring, and note the positions. Belongs into the landing's gate."""
        loaded = list(loads)
        for name in self.reading.resources:
            table = sql.Identifier(schema, name)
            connection.execute(sql.SQL(TABLE).format(table=table))
            index = sql.Identifier(f"{name}_by_id")
            connection.execute(sql.SQL("create index if not exists {} on {} (id)").format(index, table))
        now = datetime.now(UTC)
        for one in opened.documents:
            whole = one.name in self._whole
            if whole:
                _drop_others(connection, schema, one, loaded)
            before = self._kept.get(one.name)
            full_at = now if whole or before is None else before.full_at
            _save(connection, one.name, _Kept(now, full_at, self._version(one.name), one.reached))

    def _version(self, name: str) -> str:
        settings: ReadResource = self.reading.resources[name]
        text = json.dumps([settings.model_dump(mode="json"), self._resources.get(name)], sort_keys=True, default=str)
        return blake2b(text.encode(), digest_size=8).hexdigest()


def _drop_others(connection: psycopg.Connection, schema: str, one: Documents, loads: list[str]) -> None:
    """Records that a full reading did not bring are gone. One empty answer alone proves nothing."""
    table = sql.Identifier(schema, one.name)
    if one.count == 0 and not one.settings.may_be_empty:
        (before,) = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone() or (0,)
        if before:
            text = f"{one.name}: the CRM lists no record, where there were {before}"
            hint = f"nothing was changed; if all are gone, set crm.reading.resources.{one.name}.may_be_empty: true"
            raise CrmUnavailable(text, hint=hint)
    connection.execute(sql.SQL("delete from {} where not (_dlt_load_id = any(%s))").format(table), (loads,))


def _load(connection: psycopg.Connection, names: frozenset[str]) -> dict[str, _Kept]:
    rows = connection.execute(f"select name, version from {GATE} where name like 'read:%%'").fetchall()  # noqa: S608
    found: dict[str, _Kept] = {}
    for name, text in rows:
        short = str(name).removeprefix("read:")
        if short in names:
            found[short] = _parse(short, json.loads(text))
    return found


def _parse(name: str, given: dict[str, Any]) -> _Kept:
    value = given.get("position")
    marks = {"is_token": bool(given.get("token")), "settled": bool(given.get("settled"))}
    reached = None if value is None else Reached(name, str(value), **marks)
    read_at, full_at = (datetime.fromisoformat(given[key]) for key in ("read_at", "full_at"))
    return _Kept(read_at, full_at, str(given["version"]), reached)


def _save(connection: psycopg.Connection, name: str, kept: _Kept) -> None:
    text = {
        "read_at": kept.read_at.isoformat(), "full_at": kept.full_at.isoformat(), "version": kept.version,
        "position": kept.reached.value if kept.reached else None,
        "token": bool(kept.reached and kept.reached.is_token),
        "settled": bool(kept.reached and kept.reached.settled),
    }  # fmt: skip
    note(connection, f"read:{name}", json.dumps(text))
