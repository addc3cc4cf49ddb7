"""The token of a login: all processes of a connection share it, and nothing depends on the row that keeps it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fieldnote.config import RestWriting
from fieldnote.crm.rest.driver import RestDriver
from fieldnote.crm.rest.shared_tokens import REVOKED, SharedToken, good_for
from fieldnote.crm.staging import Landing
from fieldnote.crm.types import Place, Record, Source
from fieldnote.errors import CrmRefused
from tests.crm import rest_server, rest_write_server
from tests.waiting import until

AUTH = {"access_token_url": "https://crm.example/token", "client_id": "fieldnote", "client_secret": "s3cret-of-the-crm"}
DEAL = Record("deals", "id", "7")
TABLE = "_fieldnote_tokens"


def _signed_in(shared: SharedToken, token: str, failed: str | None = None) -> str:
    """The token after a renewal, in which `token` is what a login would bring."""
    with shared.renewal(failed) as renewal:
        return renewal.token if renewal.token is not None else renewal.keep(token, 600)


@pytest.fixture
def rows(place: Place) -> Iterator[psycopg.Connection]:
    """A connection to the schema in which the tokens are."""
    with psycopg.connect(make_conninfo(**Landing(place).conninfo()), autocommit=True) as connection:
        yield connection


def _count(rows: psycopg.Connection) -> int:
    return len(rows.execute(sql.SQL("select from {}").format(sql.Identifier(TABLE))).fetchall())


def _run(rows: psycopg.Connection, statement: str) -> None:
    rows.execute(sql.SQL(statement).format(sql.Identifier(TABLE)))


# --- the row --------------------------------------------------------------------------------------------


def test_those_who_need_a_token_at_once_sign_in_once(place: Place, rows: psycopg.Connection) -> None:
    first, second = SharedToken(AUTH, place), SharedToken(AUTH, place)
    got: list[str] = []
    other = threading.Thread(target=lambda: got.append(_signed_in(second, "of-the-second")))
    waiting = """select from pg_locks join pg_stat_activity using (pid)
        where locktype = 'advisory' and not granted and datname = current_database()"""
    with first.renewal() as renewal:
        assert renewal.token is None
        other.start()
        until(lambda: rows.execute(waiting).fetchall())
        renewal.keep("of-the-first", 600)
    other.join()
    assert got == [second.current()] == ["of-the-first"]


def test_a_refused_token_is_renewed_once_for_all(place: Place) -> None:
    first, second, third = (SharedToken(AUTH, place) for _ in range(3))
    assert {_signed_in(one, "old") for one in (first, second)} == {"old"}
    assert _signed_in(first, "new", failed="old") == "new"
    assert _signed_in(second, "newer", failed="old") == "new"
    assert _signed_in(second, "never", failed="old") == "new"  # it has a newer one already
    assert _signed_in(third, "never") == "new"
    assert _signed_in(second, "newer", failed="new") == "newer"
    assert _signed_in(third, "never", failed="new") == "newer"


@pytest.mark.parametrize("changed", [
    {"client_secret": "another"}, {"client_id": "other"}, {"access_token_url": "https://else.example/token"},
    {"access_token_request_data": {"scope": "all"}},
])  # fmt: skip
def test_another_login_never_gets_the_token(place: Place, changed: dict[str, Any]) -> None:
    _signed_in(SharedToken(AUTH, place), "old")
    assert _signed_in(SharedToken({**AUTH, **changed}, place), "new") == "new"


def test_another_connection_never_gets_the_token(place: Place) -> None:
    _signed_in(SharedToken(AUTH, place), "old")
    assert _signed_in(SharedToken(AUTH, replace(place, connection="other")), "new") == "new"


def test_without_a_secret_nothing_is_stored(place: Place) -> None:
    unsafe = {**AUTH, "client_secret": ""}
    _signed_in(SharedToken(unsafe, place), "old")
    assert _signed_in(SharedToken(unsafe, place), "new") == "new"


def test_the_database_alone_does_not_reveal_the_token(place: Place, rows: psycopg.Connection) -> None:
    shared = SharedToken(AUTH, place)
    _signed_in(shared, "a-token-in-plain-words")
    said = f"{rows.execute(f'select name, sealed, good_until::text from {TABLE}').fetchall()} {shared!r}"
    for word in ("plain", "fieldnote", "s3cret", "crm.example"):
        assert word not in said
    assert _count(rows) == 1


BREAKS = (
    "update {} set sealed = 'nonsense'", "update {} set sealed = ''", "update {} set good_until = '-infinity'",
    "delete from {}", "drop table {}", "alter table {} rename column sealed to other",
    "alter table {} alter column sealed type text using 'x'",
)  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_row_is_as_none(place: Place, rows: psycopg.Connection, broken: str) -> None:
    _signed_in(SharedToken(AUTH, place), "old")
    _run(rows, broken)
    shared = SharedToken(AUTH, place)
    assert _signed_in(shared, "new") == shared.current() == "new"


@pytest.mark.parametrize("locking", ["lock table {} in access exclusive mode", "select from {} for update"])
def test_a_locked_row_delays_a_login_and_does_not_stop_it(place: Place, rows: psycopg.Connection, locking: str) -> None:
    shared = SharedToken(AUTH, place, patience=0.01)
    _signed_in(shared, "old")
    with SharedToken(AUTH, place).renewal("old"), rows.transaction():  # which has the lock of the login, too
        _run(rows, locking)
        assert _signed_in(shared, "new", failed="old") == shared.current() == "new"


def test_without_the_database_a_process_signs_in_for_itself(place: Place) -> None:
    away = replace(place, database_url="postgresql://nobody@127.0.0.1:1/none")
    one, other = SharedToken(AUTH, away), SharedToken(AUTH, away)
    assert [_signed_in(one, "a"), _signed_in(other, "b"), _signed_in(one, "never")] == ["a", "b", "a"]


def test_a_login_that_fails_leaves_the_lock_and_a_refused_one_the_row_too(
    place: Place, rows: psycopg.Connection
) -> None:
    shared = SharedToken(AUTH, place)
    _signed_in(shared, "old")
    with pytest.raises(ConnectionError), shared.renewal("old"):
        raise ConnectionError
    assert _count(rows) == 1
    with SharedToken({**AUTH, "client_secret": "wrong"}, place).renewal() as renewal:
        renewal.forget()  # a wrong secret is no reason to take the others' token away
    assert _count(rows) == 1
    with shared.renewal("old") as renewal:
        renewal.forget()
    assert (_count(rows), shared.current()) == (0, None)


@pytest.mark.parametrize(("said", "seconds"), [
    (3600, 3540), ("900", 840), (100, 50), (0, 0), (None, 1740), ("soon", 1740), (-5, 1740), ("nan", 1740),
    (float("inf"), 1740), (True, 1740),
])  # fmt: skip
def test_a_token_is_renewed_a_minute_before_its_end(said: object, seconds: float) -> None:
    assert good_for(said, 1800) == seconds


# --- the calls ------------------------------------------------------------------------------------------


@pytest.fixture
def api() -> Iterator[rest_write_server.WriteCrm]:
    with rest_write_server.serving() as running:
        running.deals["7"] = {"id": 7, "budget_max": None, "objections": "price", "stage": "open"}
        yield running


@pytest.fixture
def opened(place: Place) -> Iterator[Callable[[dict[str, Any]], RestDriver]]:
    """Drivers of one connection, each as in a process of its own."""
    drivers: list[RestDriver] = []

    def open_it(crm: dict[str, Any]) -> RestDriver:
        writing = RestWriting.model_validate(crm["writing"]) if "writing" in crm else None
        drivers.append(RestDriver(crm.get("rest", crm), place, writing))
        return drivers[-1]

    yield open_it
    for driver in drivers:
        driver.close()


def test_writers_share_a_token_and_renew_it_once(
    api: rest_write_server.WriteCrm, opened: Callable[[dict[str, Any]], RestDriver]
) -> None:
    one, two, three = (opened(api.nested()) for _ in range(3))
    for each in (one, two, three):
        assert each.read(DEAL, ("stage",)) == {"stage": "open"}
    assert api.tokens == 1
    api.tokens += 1  # the CRM ends the token
    assert one.read(DEAL, ("stage",)) == two.read(DEAL, ("stage",)) == {"stage": "open"}
    assert api.tokens == 3
    api.tokens += 1  # the third has the first token, and the stored one is over, too
    assert three.read(DEAL, ("stage",)) == {"stage": "open"}
    assert api.tokens == 5
    api.tokens = 50
    api.faults = {("GET", number): rest_write_server.Fault(401) for number in range(1, 99)}
    before = len(api.calls)
    with pytest.raises(CrmRefused, match="401"):
        one.read(DEAL, ("stage",))
    assert (api.tokens, len(api.calls) - before) == (51, 3)  # the stored token, then one login, and no more


def test_a_revoked_secret_is_named_and_ends_the_stored_token(
    api: rest_write_server.WriteCrm, opened: Callable[[dict[str, Any]], RestDriver], rows: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    driver = opened(api.nested())
    driver.read(DEAL, ("stage",))
    assert _count(rows) == 1
    api.tokens += 1
    monkeypatch.setattr(rest_write_server, "SECRET", "a new one")
    with pytest.raises(CrmRefused, match=r"POST 127.0.0.1/oauth/token: the CRM refuses \(401\)") as refused:
        driver.read(DEAL, ("stage",))
    assert refused.value.hint == REVOKED
    assert "oauth-" not in str(refused.value)
    assert _count(rows) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("forked_loader")
def test_readings_in_processes_of_their_own_share_a_token(
    opened: Callable[[dict[str, Any]], RestDriver], rows: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals = Source("push.opportunities", key="id", table="deals")
    with rest_server.serving() as crm:
        crm.records["deals"] = [{"id": key} for key in range(5)]
        config = crm.cursored({"name": "deals", "endpoint": {"path": "deals"}})
        driver = opened(config)
        driver.refresh([deals])
        opened(config).refresh([deals])
        assert crm.tokens == 1
        crm.tokens += 1  # the CRM ends the token
        driver.refresh([deals])
        opened(config).refresh([deals])
        assert crm.tokens == 3
        _run(rows, "update {} set sealed = 'nonsense'")
        driver.refresh([deals])
        assert crm.tokens == 4
        driver.check()  # tries the login itself
        assert crm.tokens == 5
        monkeypatch.setattr(rest_server, "SECRET", "a new one")
        with pytest.raises(
            CrmRefused, match=r"POST 127.0.0.1/oauth/token: the CRM refuses the login \(401\)"
        ) as refused:
            driver.refresh([deals])
        assert refused.value.hint == REVOKED
        assert _count(rows) == 0
