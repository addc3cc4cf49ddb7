"""An open console without a connection; and the demo with its console, in a browser."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from fieldnote.console import Console, open_console
from fieldnote.db.embedded import Server
from tests.console.chromium import running_browser, signed_in_state
from tests.console.shop import Shop, Template, served


@pytest.fixture
async def console(console_url: str) -> AsyncIterator[Console]:
    """A console with no users."""
    async with open_console(database_url=console_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def demo_template(server: Server) -> Template:
    """The demo's data, made once in the whole run."""
    with _own_environment():
        return Template.made(server, server.home.parent / "console-demo")


@pytest.fixture(scope="session")
def shop(demo_template: Template, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Shop]:
    """The demo with its console, for tests that change nothing but users."""
    with (
        _own_environment(),
        demo_template.copied(worker_id, tmp_path_factory.mktemp("shop")) as stage,
        served(stage) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of a module. Playwright keeps an event loop running, so no async test may follow."""
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def admin_state(shop: Shop, chromium: Browser) -> Any:
    """The cookies of a signed-in administrator."""
    return signed_in_state(chromium, shop.sign_in_address())


class _own_environment:  # noqa: N801 - it reads as a statement
    """No setting of the user's, as in each test: fixtures of a session begin before any test does."""

    def __enter__(self) -> None:
        self._patched = pytest.MonkeyPatch()
        for name in list(os.environ):
            if name.startswith(("FIELDNOTE_", "SIRO_", "PG")) and not name.startswith("FIELDNOTE_TEST_"):
                self._patched.delenv(name)

    def __exit__(self, *error: object) -> None:
        self._patched.undo()
