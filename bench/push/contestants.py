"""The contestants, and how each is run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from source import write_config

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contestant works: what it may keep from one run to the next is in `folder` and in `ledger`."""

    folder: Path
    source: str
    """The CRM's database."""
    ledger: str
    """A database for its own use, with Fieldnote's tables in it."""
    port: int
    """The stub's."""
    batch: int = 100
    rate_limit: str = "off"
    every: str = "10 minutes"
    since: str | None = None
    """Where those who keep nothing but an update time begin, in place of the beginning."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to get rows into Siro."""

    name: str
    needs: tuple[str, ...]
    """Modules without which it cannot take part."""
    command: Callable[[Place], list[str]]

    @property
    def missing(self) -> list[str]:
        """Which of the modules are not installed."""
        return [module for module in self.needs if importlib.util.find_spec(module) is None]


def environment(place: Place) -> Mapping[str, str]:
    """Ours without what would disturb: no settings of Fieldnote or Siro, no proxy, and bytecode is kept."""
    foreign = ("FIELDNOTE_", "SIRO_", "DLT_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
    return kept | {"FIELDNOTE_HOME": str(place.folder), "FIELDNOTE_BRIDGE_DATABASE_URL": place.ledger}


def fieldnote(place: Place, *arguments: str) -> list[str]:
    """A command line of Fieldnote: `fieldnote(place, "push", "--full")`."""
    config = place.folder / "fieldnote.yaml"
    write_config(config, place.source, place.port, batch=place.batch, rate_limit=place.rate_limit, every=place.every)
    return [_program(), arguments[0], "--config", str(config), *arguments[1:]]


def _program() -> str:
    """The installed command: beside this Python, or in an environment below it."""
    beside = Path(sys.executable).with_name("fieldnote")
    found = str(beside) if beside.exists() else shutil.which("fieldnote")
    if found is None:
        raise SystemExit("the command `fieldnote` is not installed: run this by `uv run` inside the project")
    return found


def _script(name: str, kind: str, kept: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        since = [place.since] if place.since else []
        given = [kind, place.source, str(place.port), str(place.folder / kept), *since]
        return [sys.executable, str(HERE / name), *given]

    return command


FIELDNOTE = Contestant("fieldnote", (), lambda place: fieldnote(place, "push", "--json"))
FIELDNOTE_FULL = Contestant("fieldnote push --full", (), lambda place: fieldnote(place, "push", "--full", "--json"))
DLT = Contestant("dlt", ("dlt", "requests"), _script("with_dlt.py", "plain", "dlt"))
DLT_TUNED = Contestant("dlt tuned", ("dlt", "requests", "pyarrow"), _script("with_dlt.py", "tuned", "dlt"))
HTTPX = Contestant("httpx, 32 in flight", ("httpx2",), _script("loop.py", "httpx", "since"))
REQUESTS = Contestant("loop over requests", ("requests",), _script("loop.py", "requests", "since"))

ALL = (FIELDNOTE, DLT, DLT_TUNED, HTTPX, REQUESTS)
DLTS = (DLT, DLT_TUNED)
