"""Fixtures of all tests: one embedded server for the whole run, and a world without the user's settings."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import random
import ssl
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from hypothesis import HealthCheck, settings

from fieldnote.db.embedded import Server, ensure_server, stop_server
from fieldnote.db.engine import Application
from tests.databases import Reused, fresh, hasten

# Only its own faults distinguish a change, so the usual run is the same each time. The long one looks for new ones.
_SEED = 20261123
_REPEATABLE = "repeatable"
_NEW = "new"
# Neither asks how fast the machine is: Hypothesis would call an example slow after 0.2 s.
settings.register_profile(_NEW, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(_REPEATABLE, settings.get_profile(_NEW), derandomize=True)

_SERVER_HOME = "fieldnote_server_home"
_OURS = ("FIELDNOTE_", "SIRO_", "PG")
_TESTS_OWN = "FIELDNOTE_TEST_"  # such as the address of a MariaDB to test against


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="many rounds of the chaos and model tests, by a new seed")
    parser.addoption("--fast", action="store_true", help="no slow test, and a sixteenth of those that use a database")
    parser.addoption("--seed", type=int, default=None, help="replay a seed of the chaos and model tests")


def pytest_configure(config: pytest.Config) -> None:
    # The tests start many processes: each would compile all its modules again where bytecode is not kept.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if config.option.seed is None:  # of xdist's processes the first one chooses, and hands its options on
        config.option.seed = random.SystemRandom().randrange(2**32) if config.option.long else _SEED
    settings.load_profile(_NEW if config.option.long else _REPEATABLE)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes more than cores: with one more, the cores were idle a fifth of the time, as tests wait.

    Each process takes 6 s of a core to begin. Fast tests wait little, so they get one process a core.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 2
    return min(4, max(2, cores if config.option.fast else cores + 2))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--fast`, leave out what takes long. Which sixteenth is kept does not change from run to run."""
    if config.option.fast:
        left_out = [item for item in items if not _is_fast(item)]
        items[:] = [item for item in items if _is_fast(item)]
        config.hook.pytest_deselected(items=left_out)
    items[:] = _long_first(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def _long_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Order the tests so that each of xdist's processes begins with long ones: none then ends the run alone.

    `worksteal` gives each process one stretch of the list. The tests of a module stay together, as they share fixtures.
    """
    if processes == 1:
        return items
    short = [item for item in items if not _is_long(item)]
    stretches: list[list[pytest.Item]] = [[] for _ in range(processes)]
    modules = itertools.groupby(filter(_is_long, items), key=lambda item: item.path)
    for number, (_, long) in enumerate(modules):
        stretches[number % processes] += long
    left = len(items)
    for number, stretch in enumerate(stretches):
        size = left // (processes - number)
        fill = max(0, size - len(stretch))
        stretch.extend(short[:fill])
        del short[:fill]
        left -= size
    return [*itertools.chain(*stretches), *short]


def _is_long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("slow", "chaos"))


def pytest_collection_finish() -> None:
    """The garbage collector need not look at what the collection made again and again: it stays.

    Collections of everything took 4 % of the time of tests, and are rare now.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 100)


def _is_fast(item: pytest.Item) -> bool:
    if _is_long(item):
        return False
    uses_database = not {"server", "crm"}.isdisjoint(getattr(item, "fixturenames", ()))
    return not uses_database or zlib.crc32(item.nodeid.encode()) % 16 == 0


def pytest_report_header(config: pytest.Config) -> str:
    return f"fieldnote: --seed {config.option.seed}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each of xdist's workers where the server that they share is."""
    node.workerinput[_SERVER_HOME] = str(_server_home(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, in the process that began the run."""
    factory = getattr(config, "_tmp_path_factory", None)
    if not hasattr(config, "workerinput") and factory is not None:
        stop_server(_server_home(config))


def _server_home(config: pytest.Config) -> Path:
    workerinput: dict[str, str] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        return Path(workerinput[_SERVER_HOME])
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    return factory.getbasetemp() / "server-home"


@pytest.fixture(scope="session", autouse=True)
def _certificates_once() -> Iterator[None]:
    """Let all clients share the machine's certificates: to read them takes each of them 40 ms."""
    read = httpcore2.default_ssl_context

    @functools.cache
    def shared(_trust_env: bool, *_named: str | None) -> ssl.SSLContext:
        return read(_trust_env=_trust_env)

    def context(*, _trust_env: bool = True) -> ssl.SSLContext:
        return shared(_trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", context)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the user's reaches a test, and no test the user's own home."""
    for name in list(os.environ):
        if name.startswith(_OURS) and not name.startswith(_TESTS_OWN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FIELDNOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIELDNOTE_CONSOLE", "off")  # a test of another server serves no pages beside it


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed, which the report's header prints."""
    return int(request.config.option.seed)


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the full count of kills was asked for."""
    return bool(request.config.option.long)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own, which FIELDNOTE_HOME names. Its server is stopped after."""
    path = tmp_path / "home"
    yield path
    stop_server(path)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """The run's embedded server. Take `database_url`, unless the server itself is meant."""
    started = ensure_server(_server_home(request.config))
    hasten(started)
    return started


@pytest.fixture
def database_url(server: Server) -> Iterator[str]:
    """A fresh, empty database, dropped after the test."""
    with fresh(server) as url:
        yield url


@pytest.fixture(scope="session")
def _bridge(server: Server) -> Iterator[Reused]:
    database = Reused(server, Application.BRIDGE)
    yield database
    database.drop()


@pytest.fixture
def bridge_url(_bridge: Reused) -> Iterator[str]:
    """The bridge's database, with nothing in it."""
    with _bridge.lent() as url:
        yield url


@pytest.fixture(scope="session")
def _workspace(server: Server) -> Iterator[Reused]:
    database = Reused(server, Application.WORKSPACE)
    yield database
    database.drop()


@pytest.fixture
def workspace_url(_workspace: Reused) -> Iterator[str]:
    """The workspace's database, with nothing in it."""
    with _workspace.lent() as url:
        yield url


@pytest.fixture(scope="session")
def _console(server: Server) -> Iterator[Reused]:
    database = Reused(server, Application.BRIDGE, Application.CONSOLE)
    yield database
    database.drop()


@pytest.fixture
def console_url(_console: Reused) -> Iterator[str]:
    """The database of bridge and console, with nothing in it."""
    with _console.lent() as url:
        yield url


@pytest.fixture(scope="session")
def _blank(server: Server) -> Iterator[Reused]:
    database = Reused(server)
    yield database
    database.drop()


@pytest.fixture
def blank_url(_blank: Reused) -> Iterator[str]:
    """A database with nothing in it, for a CRM."""
    with _blank.lent() as url:
        yield url


@pytest.fixture(scope="session")
def _forked_loader() -> Iterator[tuple[str, ...]]:
    if sys.platform != "linux":  # elsewhere a process cannot be watched as a file is
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="fieldnote-") as folder:  # a socket's name is short
        program, address = str(Path(__file__).with_name("forked_loader.py")), f"{folder}/loader"
        serving = [sys.executable, program, "serve", address]
        with subprocess.Popen(serving, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield sys.executable, "-S", "-E", program, "ask", address
            server.stdin.close()


@pytest.fixture
def forked_loader(_forked_loader: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest driver's loader starts at once. A process that a test starts has the driver's own command."""
    if _forked_loader:
        monkeypatch.setattr("fieldnote.crm.rest.driver.LOADER", _forked_loader)
