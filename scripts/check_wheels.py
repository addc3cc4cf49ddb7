"""Install the wheel with each extra in a clean environment, and run the extra's main command there.

`python -m scripts.check_wheels` builds the wheel first; `python -m scripts.check_wheels WHEEL` takes one that exists.
It exits with 1 if an environment cannot be made, or a command fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]

_CRM: Final = """
import sqlite3
crm = sqlite3.connect("crm.db")
crm.executescript('''
create table reps (id integer primary key, name text, email text);
create table deals (id integer primary key, name text, stage text, updated_at text);
create table appointments (id integer primary key, starts_at text, ends_at text, subject text,
                           rep_id integer references reps, deal_id integer references deals, updated_at text);
insert into reps values (1, 'John Sales', 'john@acme.example');
insert into deals values (501, 'New roof', 'open', '2026-02-14 09:00');
insert into appointments values (7001, '2026-02-16 15:00', '2026-02-16 16:00', 'Smith', 1, 501, '2026-02-14 09:00');
''')
"""
_CLIENT: Final = """
from fieldnote.siro import EngagementSync, Siro
with Siro(token="unused") as siro:
    EngagementSync(external_id="appt-456", engagement_users=[{"external_id": "rep-1"}])
"""
_REST: Final = """
import dlt
import fieldnote.crm.rest.loader, fieldnote.crm.rest.source
"""
_SPEECH: Final = """
from importlib.resources import as_file, files
from fieldnote.insight.speech.engines import open_engine
from fieldnote.insight.speech.settings import speech_settings
from fieldnote.insight.speech.transcribe import transcribe
with as_file(files("fieldnote.demo") / "audio/roof_thackeray_again.webm") as sound:
    heard = transcribe(sound, open_engine(speech_settings({"FIELDNOTE_SPEECH": "moonshine"})))
assert any("thousand" in one.text or "$" in one.text for one in heard.utterances), heard
"""
_SERVE: Final = """
import signal, subprocess
server = subprocess.Popen(["fieldnote", "workspace", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
first = server.stdout.readline()
server.send_signal(signal.SIGTERM)
rest = server.stdout.read()
assert "listens on" in first + rest and server.wait() == 0, first + rest
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One environment: the extras to install, and the commands that must work there."""

    extras: str
    commands: tuple[tuple[str, ...], ...]
    fails_with: str | None = None
    """For the bare install: the commands must fail, and name this."""


CHECKS: Final = (
    Check("", (("python", "-c", _CLIENT),)),
    Check("", (("fieldnote", "push"),), fails_with='pip install "fieldnote[all]"'),
    Check(
        "bridge",
        (
            ("python", "-c", _CRM),
            ("fieldnote", "init", "--url", "sqlite:///crm.db", "--yes"),
            ("fieldnote", "db", "migrate"),
            ("fieldnote", "db", "stop"),
        ),
    ),
    Check("bridge,rest", (("python", "-c", _REST), ("fieldnote", "config", "schema"), ("fieldnote", "init", "--help"))),
    Check(
        "workspace",
        (
            ("fieldnote", "workspace", "init", "--org", "Acme", "--admin", "ann@acme.example"),
            ("fieldnote", "workspace", "tokens", "list"),
            ("python", "-c", _SERVE),
            ("fieldnote", "db", "stop"),
        ),
    ),
    Check("bridge,console", (("fieldnote", "console", "user", "list"), ("fieldnote", "db", "stop"))),
    Check("workspace,insight", (("python", "-c", "import fieldnote.insight, onnxruntime, tokenizers"),)),
    Check("workspace,speech", (("python", "-c", _SPEECH),)),
    Check("all", (("fieldnote", "demo"),)),
)


def main() -> int:
    """Run all checks, and print a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(sys.argv[1]).resolve() if sys.argv[1:] else _build(Path(folder))
        _check_content(wheel)
        failed = [check for number, check in enumerate(CHECKS) if not _passes(check, wheel, Path(folder) / str(number))]
    return 1 if failed else 0


def _build(folder: Path) -> Path:
    subprocess.run(["uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _check_content(wheel: Path) -> None:
    """The wheel has the package, its type marker and its license, and nothing of tests or docs."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "fieldnote/py.typed" in names, "py.typed is missing"
    assert any(name.endswith("licenses/LICENSE") for name in names), "the license is missing"
    foreign = [name for name in names if not name.startswith(("fieldnote/", "fieldnote-"))]
    assert not foreign, f"files beside the package: {foreign[:5]}"


def _passes(check: Check, wheel: Path, folder: Path) -> bool:
    folder.mkdir()
    environment = folder / "env"
    target = f"fieldnote[{check.extras}] @ {wheel.as_uri()}" if check.extras else f"fieldnote @ {wheel.as_uri()}"
    name = f"fieldnote[{check.extras}]" if check.extras else "fieldnote"
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = str(environment / "bin/python")
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, target], check=True)
    variables = {
        **os.environ,
        "FIELDNOTE_HOME": str(folder / "home"),
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
    }
    variables.pop("VIRTUAL_ENV", None)
    variables.pop("PYTHONPATH", None)
    try:
        return all(_runs(command, check, name, folder, variables) for command in check.commands)
    finally:
        subprocess.run(["fieldnote", "db", "stop"], cwd=folder, env=variables, capture_output=True, check=False)


def _runs(command: tuple[str, ...], check: Check, name: str, folder: Path, variables: dict[str, str]) -> bool:
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    said = done.stdout + done.stderr
    good = done.returncode == 0 if check.fails_with is None else done.returncode != 0 and check.fails_with in said
    shown = " ".join("…" if "\n" in word else word for word in command)
    sys.stdout.write(f"{'✓' if good else '✗'} {name}: {shown}\n")
    if not good:
        sys.stdout.write(f"exit status {done.returncode}\n{said}\n")
    return good


if __name__ == "__main__":
    sys.exit(main())
