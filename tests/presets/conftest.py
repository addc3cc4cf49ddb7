"""A CRM's stand-in, a file for it, and the driver that the file describes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldnote.config import Config, load
from fieldnote.crm import Driver, Place, open_driver
from fieldnote.crm.types import Source
from fieldnote.mapping.records import compile_push
from fieldnote.sandbox import StandIn, open_sandbox, serving
from fieldnote.sandbox.contractor import Contractor
from tests.sandbox.contractors import small

FILES = {
    "hubspot": "crm: {driver: hubspot, url: $URL, visits: [Sales visit], stages: {closedwon: WON, closedlost: LOST}}",
    "salesforce": "crm: {driver: salesforce, url: $URL, visits: [Event]}",
    "servicetitan": "crm: {driver: servicetitan, url: $URL, token_url: $URL/connect/token, visits: [Sales Estimate]}",
}


@dataclass
class Shop:
    """A contractor with a CRM, and Fieldnote's driver for it."""

    crm: StandIn
    folder: Path
    database_url: str
    text: str
    _stack: ExitStack = field(default_factory=ExitStack)

    def config(self, more: str = "push: {}\n", env: dict[str, str] | None = None) -> Config:
        """The file, read."""
        path = self.folder / "fieldnote.yaml"
        path.write_text(f"version: 1\n{self.text.replace('$URL', self.crm.url)}\n{more}")
        return load(path, {**self.crm.environment(), **(env or {})})

    def driver(self, config: Config | None = None) -> Driver:
        """The file's driver. It is closed after the test."""
        place = Place("shop", self.folder, self.database_url, self.folder / "home")
        driver = open_driver((config or self.config()).crm, place)
        self._stack.callback(driver.close)
        return driver

    def records(self, stream: str, *, full: bool = False, driver: Driver | None = None) -> dict[str, dict[str, Any]]:
        """The records that a stream would send, by key, after a reading of the changes."""
        config = self.config()
        settings = config.push.streams()[stream] if config.push else None
        assert settings is not None
        source = Source(f"push.{stream}", settings.key, settings.query, settings.table, settings.cursor)
        reader = driver or self.driver(config)
        self.warnings = reader.refresh([source], full=full)
        mapper = next(mapper for name, mapper in compile_push(config).items() if name == stream)
        found = {}
        for page in reader.pages(source):
            assert not page.problems
            for row in page.rows:
                mapped = mapper.map(row)
                payload = mapped.wire
                found[str(payload["externalId"])] = payload
        return found

    def close(self) -> None:
        self._stack.close()


def open_shop(name: str, folder: Path, database_url: str, contractor: Contractor | None = None) -> Shop:
    crm = open_sandbox(name)
    crm.fill(contractor or small())
    shop = Shop(crm, folder, database_url, FILES[name])
    shop._stack.enter_context(serving(crm))
    return shop


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails is repeated once: the tests are about what comes after the last attempt."""
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")


@pytest.fixture(autouse=True)
def _loader(forked_loader: None) -> None:
    """Each test here reads by `dlt`, most of them many times."""


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path, bridge_url: str) -> Iterator[Shop]:
    """The shop of the CRM that the test's module is about."""
    opened = open_shop(request.module.CRM, tmp_path, bridge_url)
    yield opened
    opened.close()


@pytest.fixture
def an_hour() -> timedelta:
    return timedelta(hours=1)
