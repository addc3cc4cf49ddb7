"""The tutorial, followed to the letter: every file saved, every command run, every output compared."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

import pytest

from fieldnote.db.embedded import stop_server
from fieldnote.siro import Siro
from fieldnote.siro.models import Recording
from tests.pages import Command, File, Shell, steps
from tests.waiting import until

TUTORIAL: Final = Path(__file__).parents[1] / "docs/tutorial.md"
PORT: Final = "8700"


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _is_ready(recording: Recording) -> bool:
    done = recording.is_processing_done and recording.is_summary_done and recording.is_entity_extraction_done
    return bool(done and recording.crm)


def _wait_as_the_page_says(shell: Shell, line: str, port: str) -> None:
    """For the server to listen, and for a new recording to be read."""
    if "workspace serve" in line:
        log = shell.folder / "serve.log"
        until(lambda: log.exists() and "listens on" in log.read_text())
    if "workspace record" in line:
        _, token = shell.run("echo $SIRO_TOKEN")
        with Siro(token=token.strip(), base_url=f"http://127.0.0.1:{port}/api-externalApi") as siro:
            until(lambda: all(map(_is_ready, siro.recordings.list(show_crm_links=True))), pause=0.3)


@pytest.mark.slow
def test_the_tutorial_gives_what_it_shows(tmp_path: Path) -> None:
    folder, port = tmp_path / "shop", _free_port()
    folder.mkdir()
    commands = 0
    with Shell(folder) as shell:
        try:
            for step in steps(TUTORIAL):
                match step:
                    case File(name, text):
                        (folder / name).write_text(text)
                    case Command(line):
                        line = line.replace(PORT, port)
                        status, output = shell.run(line)
                        assert status == step.status, f"{line}\n{output}"
                        assert step.matches(output), f"{line}\nthe page shows\n{step.output}\nit prints\n{output}"
                        _wait_as_the_page_says(shell, line, port)
                        commands += 1
        finally:
            stop_server(folder / "home")
    assert commands > 20
