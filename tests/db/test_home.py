"""Where the home is, and how it is made."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fieldnote.db import home as module
from fieldnote.db.home import ROOT_HOME, close_folder, ensure_home, home
from fieldnote.errors import ConfigError, DatabaseError


def test_the_variable_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIELDNOTE_HOME", str(tmp_path / "a/../b"))
    assert home() == tmp_path / "b"


def test_a_relative_or_short_name_becomes_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIELDNOTE_HOME", "here")
    assert home() == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FIELDNOTE_HOME", "~/there")
    assert home() == tmp_path / "there"


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_root_has_a_system_folder_and_others_their_own(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("FIELDNOTE_HOME")
    else:
        monkeypatch.setenv("FIELDNOTE_HOME", value)
    monkeypatch.setattr(module, "is_root", lambda: True)
    assert home() == ROOT_HOME
    monkeypatch.setattr(module, "is_root", lambda: False)
    assert home().is_relative_to(Path.home())
    assert home().name == "fieldnote"


def test_a_home_is_closed_to_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "is_root", lambda: False)
    assert stat.S_IMODE(ensure_home(tmp_path / "deep/new").stat().st_mode) == 0o700
    for mode, closed in ((0o750, 0o700), (0o777, 0o700), (0o500, 0o500)):
        (tmp_path / "old").mkdir(exist_ok=True)
        (tmp_path / "old").chmod(mode)
        assert stat.S_IMODE(ensure_home(tmp_path / "old").stat().st_mode) == closed
    monkeypatch.setattr(module, "is_root", lambda: True)
    (tmp_path / "old").chmod(0o755)
    assert stat.S_IMODE(ensure_home(tmp_path / "old").stat().st_mode) == 0o711


def test_what_was_open_in_a_home_before_is_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "is_root", lambda: True)
    tmp_path.chmod(0o755)
    for name in ("secret.key", "notes.txt"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    for name in ("dlt", "postgres"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
    ensure_home(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"secret.key": 0o600, "notes.txt": 0o644, "dlt": 0o700, "postgres": 0o755}
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o711


def test_a_folder_is_closed_with_all_in_it_and_links_are_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "audio", tmp_path / "outside"
    (folder / "org/deep").mkdir(parents=True)
    outside.touch()
    outside.chmod(0o644)
    (folder / "org/link").symlink_to(outside)
    for path, mode in ((folder, 0o755), (folder / "org", 0o777), (folder / "org/deep", 0o750)):
        path.chmod(mode)
    for name, mode in (("old", 0o644), ("group", 0o660), ("own", 0o600), ("fixed", 0o444)):
        (folder / "org" / name).touch()
        (folder / "org" / name).chmod(mode)
    close_folder(folder)
    for path in (folder, *folder.rglob("*")):
        assert path.is_symlink() or not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    assert stat.S_IMODE((folder / "org/fixed").stat().st_mode) == 0o400
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_a_command_creates_nothing_that_others_can_read(tmp_path: Path) -> None:
    """With the widest umask that a shell can have."""
    code = "import os, sys; os.umask(0); from fieldnote.cli import root; root.app_for = lambda _: make; root.run()"
    make = "def make():\n    open('made', 'w').close(); os.mkdir('folder')\n"
    subprocess.run([sys.executable, "-c", make + code], cwd=tmp_path, check=True)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "made": 0o600,
        "folder": 0o700,
    }


def test_a_home_of_another_user_that_others_may_write_to_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with pytest.raises(ConfigError, match="others may write"):
        ensure_home(tmp_path)
    with pytest.raises(ConfigError, match="another user owns"):
        close_folder(tmp_path)


def test_a_home_that_cannot_be_made_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="cannot make") as caught:
        ensure_home(tmp_path / "file/home")
    assert caught.value.hint is not None
