"""Our own PostgreSQL at the start of the daemon: what passes by itself is waited for, the rest is an error."""

from __future__ import annotations

import logging

import psycopg
import pytest

from fieldnote.bridge.daemon import database
from fieldnote.bridge.daemon.database import wait_for_database
from fieldnote.db.migrate import failure
from fieldnote.errors import DatabaseError, DatabaseUnavailable

URL = "postgresql://ann:secret-word@db.example:5432/fieldnote"
_SERVER = 'connection failed: connection to server at "10.0.0.5", port 5432 failed: '


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        (_SERVER + "Connection refused\n\tIs the server running on that host?", True),
        (_SERVER + "No route to host", True),
        (_SERVER + "server closed the connection unexpectedly", True),
        ("connection timeout expired", True),
        ("failed to resolve host 'db.example': Temporary failure in name resolution", True),
        (_SERVER + "FATAL:  the database system is starting up", True),
        (_SERVER + "FATAL:  the database system is in recovery mode", True),
        (_SERVER + "FATAL:  sorry, too many clients already", True),
        (_SERVER + 'FATAL:  password authentication failed for user "ann"', False),
        (_SERVER + 'FATAL:  database "fieldnote" does not exist', False),
        (_SERVER + 'FATAL:  no pg_hba.conf entry for host "10.0.0.9"', False),
    ],
)
def test_an_error_that_passes_by_itself_is_tried_again(text: str, passes: bool) -> None:
    error = failure(psycopg.OperationalError(text + " secret-word"), URL)
    assert isinstance(error, DatabaseUnavailable) is passes
    assert "secret-word" not in error.message


async def test_the_daemon_waits_and_says_so_once_for_each_cause(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    causes = iter(["refused", "refused", "starting up"])
    looks = []

    def upgrade(*_: object) -> None:
        looks.append(1)
        for cause in causes:
            raise DatabaseUnavailable(cause)

    monkeypatch.setattr(database, "upgrade", upgrade)
    monkeypatch.setattr(database, "database_url", lambda *_, **__: URL)
    monkeypatch.setattr(database, "_FIRST_PAUSE", 0.001)
    with caplog.at_level(logging.WARNING):
        await wait_for_database("default")
    assert len(looks) == 4
    assert [record.__dict__["reason"] for record in caplog.records] == ["refused", "starting up"]


async def test_a_wrong_password_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade(*_: object) -> None:
        raise DatabaseError("no")

    monkeypatch.setattr(database, "upgrade", upgrade)
    monkeypatch.setattr(database, "database_url", lambda *_, **__: URL)
    with pytest.raises(DatabaseError):
        await wait_for_database("default")
