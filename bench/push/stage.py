"""The set-up of every scenario: PostgreSQL, the source, a fresh place for each run, and the state at the end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import source
from contestants import ALL, Contestant, Place, environment
from processes import Ended, Kill, run
from psycopg import sql
from server import Server, stub

from fieldnote.db.embedded import Server as Database
from fieldnote.db.embedded import ensure_server, stop_server
from fieldnote.db.engine import Application, open_engine

_TEMPLATE = "ledger_template"


@dataclass(frozen=True, slots=True)
class EndState:
    """The workspace beside the source."""

    missing: int
    """Rows that did not arrive."""
    stale: int
    """Records that say something else than their rows."""
    left_over: int
    """Records without a row that are not deleted."""

    def __str__(self) -> str:
        named = {"missing": self.missing, "stale": self.stale, "left over": self.left_over}
        return ", ".join(f"{count} {name}" for name, count in named.items() if count) or "equal"

    @property
    def wrong(self) -> int:
        """Records that are not as they should be."""
        return self.missing + self.stale + self.left_over

    @property
    def equal(self) -> bool:
        """Whether the workspace says what the source says."""
        return not self.wrong


@dataclass(slots=True)
class Stage:
    """Where scenarios are played."""

    folder: Path
    database: Database
    rows: int | None
    rounds: int | None
    only: tuple[str, ...]
    seed: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def source(self) -> str:
        """The CRM's database."""
        return self.database.url("source")

    def fill(self, rows: int) -> int:
        """Make the source again, with as many rows as were asked for, else `rows`; how many."""
        count = self.rows or rows
        source.fill(self.source, count)
        return count

    def contestants(self, *wanted: Contestant) -> list[Contestant]:
        """Those of `wanted` (else of all) that may and can take part."""
        chosen = [one for one in wanted or ALL if not self.only or one.name in self.only]
        return [one for one in chosen if not one.missing]

    @contextmanager
    def place(self, port: int, **settings: Any) -> Iterator[Place]:
        """A fresh one: an empty folder, a ledger with tables and no rows."""
        name = f"ledger_{next(self._numbers)}"
        folder = self.folder / name
        folder.mkdir()
        self._admin("create database {} template {}", name, _TEMPLATE)
        try:
            yield Place(folder, self.source, self.database.url(name), port, **settings)
        finally:
            self._admin("drop database {} with (force)", name)

    @contextmanager
    def theatre(
        self, *, delay: float = 0.0, limit: int | None = None, failing: float = 0.0, **settings: Any
    ) -> Iterator[tuple[Server, Place]]:
        """A fresh stub and a fresh place that knows it."""
        with stub(delay=delay, limit=limit, failing=failing) as server, self.place(server.port, **settings) as place:
            yield server, place

    def run(self, contestant: Contestant, place: Place, kill: Kill | None = None) -> Ended:
        """One whole process, beside a PostgreSQL that has nothing left to do."""
        source.settle(place.source)
        return run(contestant.command(place), environment(place), place.folder, kill)

    def end_state(self, server: Server, only: Iterable[str] | None = None) -> EndState:
        """The workspace beside the source; of the keys `only`, if they are given."""
        keys = None if only is None else list(only)
        rows, held = source.digests(self.source, keys), server.state(keys)
        return EndState(
            missing=sum(held.get(key) is None for key in rows),
            stale=sum(held.get(key) not in {None, said} for key, said in rows.items()),
            left_over=sum(said is not None and key not in rows for key, said in held.items()),
        )

    def _admin(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.database.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def staged(folder: Path, **options: Any) -> Iterator[Stage]:
    """PostgreSQL running, the ledger's tables made, everybody's bytecode compiled."""
    home = folder / "home"
    try:
        stage = Stage(folder, ensure_server(home), **options)
        asyncio.run(_make_tables(stage.database.url(_TEMPLATE)))
        _warm_up(stage)
        yield stage
    finally:
        stop_server(home)


async def _make_tables(url: str) -> None:
    engine = await open_engine(Application.BRIDGE, url)
    await engine.dispose()


def _warm_up(stage: Stage) -> None:
    """A small run of each contestant, which compiles what it imports and shows that it works."""
    replace(stage, rows=None).fill(200)
    for contestant in stage.contestants():
        with stage.theatre() as (server, place):
            ended = stage.run(contestant, place)
            state = stage.end_state(server)
        if ended.status or not state.equal:
            raise SystemExit(f"{contestant.name} does not work: {state}, exit status {ended.status}\n{ended.said}")
