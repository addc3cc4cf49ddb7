"""Words of a CRM and of Siro, printed by the commands into a terminal."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from fieldnote.cli.root import app
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Crm
from tests.bridge.stub_siro import StubSiro, ago

pytestmark = pytest.mark.slow

HOSTILE = "Ann\x1b]0;owned\x07\x1b[2JRED[/bold]\u202eeel\x9b31m"
OUR_STYLES = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A|1G)")
"""Styles, and the cursor's moves of a progress line."""
UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Terminal:
    """Runs commands with their output on a pseudo-terminal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        self._monkeypatch = monkeypatch
        self._path = path

    def run(self, *arguments: str) -> str:
        """All that the terminal received."""
        master, slave = os.openpty()
        received: list[bytes] = []
        reader = threading.Thread(target=self._read, args=(master, received))
        reader.start()
        screen = os.fdopen(slave, "w", encoding="utf-8")
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", screen)
            patch.setattr(sys, "stderr", screen)
            patch.setenv("TERM", "xterm-256color")
            try:
                app([*arguments, "--config", str(self._path)], standalone_mode=False)
            except (FieldnoteError, typer.Exit, SystemExit) as error:
                screen.write("" if not isinstance(error, FieldnoteError) else "refused")
        screen.close()
        reader.join()
        os.close(master)
        return b"".join(received).decode()

    @staticmethod
    def _read(master: int, received: list[bytes]) -> None:
        try:
            while piece := os.read(master, 65536):
                received.append(piece)
        except OSError:
            return  # the other end is closed


COMMANDS = (
    ("push",), ("push", "--json"), ("plan",), ("plan", "--json"), ("pull",), ("pull", "--json"), ("status",),
    ("status", "--json"), ("explain", "appointment", "1"), ("explain", "recording", "r1"), ("history",),
    ("history", "--json"), ("review", "list"), ("review", "list", "--json"), ("users",), ("users", "--json"),
    ("quarantine", "list"), ("links", "list"), ("check",), ("check", "--json"), ("reconcile",),
)  # fmt: skip


def test_no_command_lets_foreign_text_command_the_terminal(
    crm: Crm,
    stub: StubSiro,
    write_config: Callable[..., Path],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", database_url)
    crm.execute(f"update reps set name = '{HOSTILE}', email = 'a{HOSTILE}@example.com'")
    crm.add_deal(1, HOSTILE)
    crm.add_deal(2)
    crm.execute(f"update deals set stage = '{HOSTILE}' where id = 2")
    crm.add_appointment(1, deal=1)
    crm.execute(f"update appointments set title = '{HOSTILE}', customer_name = '{HOSTILE}'")
    stub.users = [{"id": "user-1", "email": f"b{HOSTILE}@x.com", "firstName": HOSTILE, "lastName": "Lee"}]
    stub.record(
        "r1",
        started_at=ago(hours=9),
        opportunity="1",
        said={"Budget": "$100", "Decision Maker": HOSTILE},
        summary=HOSTILE,
    )
    terminal = Terminal(monkeypatch, write_config())
    everything = ""
    for command in COMMANDS:
        shown = OUR_STYLES.sub("", terminal.run(*command))
        assert UNSAFE.findall(shown.replace("\r\n", "\n")) == [], command
        everything += shown
    assert r"\x1b]0;owned\x07\x1b[2JRED[/bold]\u202eeel\x9b31m" in everything
    assert "Traceback" not in everything
