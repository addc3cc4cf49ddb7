"""A demo's memory, so that a second run has the same data and a killed one continues where it ended."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path

from fieldnote.db.encryption import SecretBox
from fieldnote.db.home import ensure_home
from fieldnote.db.home import home as default_home
from fieldnote.db.locks import file_lock
from fieldnote.demo.contractor import ZONE
from fieldnote.errors import ConfigError

FILE = "demo.json"
DEFAULT_SEED = 7


@dataclass(frozen=True, slots=True)
class Memory:
    """The facts that a later run needs to be the same."""

    day: date
    """Of the made-up data."""
    seed: int
    port: int
    """The workspace's: its address is part of a connection."""
    hook_port: int
    """The bridge's, which the workspace sends its webhooks to."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The demo's credentials. They come from the home's key, so no file holds them and each run has the same."""

    token: str
    client_id: str
    client_secret: str
    webhook_secret: str

    @classmethod
    def of(cls, box: SecretBox) -> Secrets:
        """The secrets of the home that `box` was opened in."""
        digest = bytes.fromhex(box.fingerprint("fieldnote demo: webhook secret"))
        return cls(
            token=box.fingerprint("fieldnote demo: organization token"),
            client_id=box.fingerprint("fieldnote demo: client id")[:32],
            client_secret=box.fingerprint("fieldnote demo: client secret"),
            webhook_secret="whsec_" + base64.b64encode(digest[:24]).decode(),
        )


def demo_home(crm: str | None = None) -> Path:
    """A home of its own inside the home, so that a demo never meets real data; each stand-in has another one."""
    return default_home() / ("demo" if crm is None else f"demo-{crm}")


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Hold the demo's home; a second demo in it is refused rather than mixed into the first."""
    with ExitStack() as stack:
        try:
            stack.enter_context(file_lock(ensure_home(home) / "demo.lock", wait=False))
        except BlockingIOError:
            raise ConfigError(
                f"another demo is running in {home}",
                hint="Wait for it or stop it; or set FIELDNOTE_HOME to another folder for this one.",
            ) from None
        yield


def remember(home: Path, *, seed: int | None) -> Memory:
    """The state that an earlier run wrote down, else today and `seed`, written down now."""
    path = home / FILE
    known = _read(path)
    if known is None:
        today = datetime.now(ZONE).date()
        return _write(path, Memory(today, DEFAULT_SEED if seed is None else seed, *_free_ports()))
    if seed is not None and seed != known.seed:
        raise ConfigError(
            f"the demo in {home} was built with seed {known.seed}, and you ask for {seed}",
            hint="Add --fresh to delete the old one.",
        )
    if _is_free(known.port) and _is_free(known.hook_port):
        return known
    port, hook_port = _free_ports()
    return _write(path, replace(known, port=port, hook_port=hook_port))


def _read(path: Path) -> Memory | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Memory(date.fromisoformat(raw["day"]), int(raw["seed"]), int(raw["port"]), int(raw["hook_port"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not what the demo wrote", hint="Run `fieldnote demo --fresh`.") from error


def _write(path: Path, memory: Memory) -> Memory:
    """Whole or not at all: a kill in the middle must not leave half a file."""
    scratch = path.with_suffix(".new")
    with scratch.open("w", encoding="utf-8") as file:
        json.dump(asdict(memory) | {"day": memory.day.isoformat()}, file)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    return memory


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
