"""One CRM for each way in which a driver gets at it: three databases, a folder of exports, a web API."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from fieldnote.crm.files.driver import FilesDriver
from fieldnote.crm.rest.driver import RestDriver
from fieldnote.crm.types import Driver, Source
from tests.crm.conftest import Crm
from tests.crm.rest_server import RestCrm

Records = Sequence[dict[str, Any]]


class Kind(Protocol):
    """A CRM whose tables a test fills as it likes: `id` is a number, `updated_at` a time, the rest is text."""

    @property
    def driver(self) -> Driver: ...

    def put(self, sources: Sequence[Source], **tables: Records) -> None:
        """Let these tables hold these records and no others, and the driver know of it."""
        ...


@dataclass
class OfDatabase:
    """A database that the driver reads as it is."""

    crm: Crm

    @property
    def driver(self) -> Driver:
        return self.crm.driver

    def put(self, sources: Sequence[Source], **tables: Records) -> None:
        for table, records in tables.items():
            columns = list(records[0])
            self.crm.run(
                f"drop table if exists {table}",
                f"create table {table} ({', '.join(f'{name} {_TYPES.get(name, _TEXT)}' for name in columns)})",
            )
            insert = f"insert into {table} values ({', '.join(f':{name}' for name in columns)})"
            for record in records[1:]:
                self.crm.run(insert, **{name: self._value(value) for name, value in record.items()})
        assert self.driver.refresh(sources) == ()

    def _value(self, value: Any) -> Any:
        return str(value) if isinstance(value, datetime) and self.crm.backend == "sqlite" else value


_TYPES = {"id": "integer", "deal_id": "integer", "updated_at": "{time}"}
_TEXT = "varchar(50)"


@dataclass
class OfFiles:
    """A folder in which each table is a file, rewritten whole."""

    folder: Path
    driver: FilesDriver

    def put(self, sources: Sequence[Source], **tables: Records) -> None:
        for table, records in tables.items():
            path = self.folder / f"{table}.csv"
            with path.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(records[0])
                writer.writerows([["" if v is None else v for v in record.values()] for record in records[1:]])
            rest(path)
        assert self.driver.refresh(sources) == ()


@dataclass
class OfWeb:
    """A web API whose resources are the tables."""

    server: RestCrm
    driver: RestDriver

    def put(self, sources: Sequence[Source], **tables: Records) -> None:
        for table, records in tables.items():
            self.server.records[table] = [
                {name: v.isoformat() if isinstance(v, datetime) else v for name, v in record.items()}
                for record in records[1:]
            ]
        assert self.driver.refresh(sources) == ()


@dataclass
class Clock:
    """Times of change that files get: each is another one, and a while ago."""

    now: float = field(default_factory=lambda: time.time() - 3600)


_CLOCK = Clock()


def rest(path: Path) -> None:
    """Let a file look as if nobody had touched it for a while."""
    _CLOCK.now += 1
    os.utime(path, (_CLOCK.now, _CLOCK.now))
