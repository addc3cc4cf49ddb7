"""The board says what the ledger says, whatever happened to the ledger and in whatever order."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any, Final

import psycopg
import pytest

from fieldnote.bridge.board.settings import rebuild_all
from fieldnote.bridge.status.states import BY_RANK
from fieldnote.db.engine import Application, conninfo

CONNECTIONS: Final = ("a", "b")
KEYS: Final = ("1", "2", "3")
RECORDINGS: Final = ("r1", "r2", "r3")
STATES: Final = ("sent", "pending", "refused", "unmapped", "pending_deletion", "deleted", "dropped")
STAGES: Final = ("processing", "stuck", "unlinked", "ownership_unknown", "waiting", "incomplete", "complete", "deleted")
PAYLOADS: Final[tuple[dict[str, Any] | None, ...]] = (
    None,
    {},
    {"startTime": "2026-03-01T03:00:00Z", "subject": "Roof", "engagementUsers": [{"externalId": "7"}]},
    {"startTime": "0001-01-01T00:00:00Z", "endTime": "9999-12-31T23:59:59Z"},
    {"startTime": "2026-03-01T03:00:00Z", "deletedAt": "2026-03-02T00:00:00Z"},
    {"account": {"externalId": "c", "name": "JOS\u00c9  O'Brien", "phoneNumbers": ["(303) 555-0101", "5", 7, None]}},
    {"account": {"phoneNumbers": "5550101", "addresses": [{"city": "K\u00f6ln", "postalCode": "5"}]}},
    {"amount": 1e30, "name": "x" * 5000, "contact": {"name": "Bo"}, "lead": None, "engagementUsers": []},
    {"engagementUsers": [{"externalId": "1", "deletedAt": "2026-01-01T00:00:00Z"}, {"email": "b@example.com"}]},
)
UNREADABLE: Final[tuple[dict[str, Any], ...]] = (
    {"subject": "a\0b"},
    {"startTime": "yesterday or so"},
    {"amount": "much"},
    {"engagementUsers": {"externalId": "no list"}},
)
"""Payloads that the view cannot read: each may cost its own row, and no other row."""


@pytest.fixture
def ledger(database_url: str) -> Any:
    with psycopg.connect(conninfo(Application.BRIDGE, database_url), autocommit=True) as conn:
        for name in CONNECTIONS:
            conn.execute(
                "insert into connections (name, organization_id, base_url, credential, crm_identity) "
                "values (%s, 'o', 'u', 'c', 'i')",
                [name],
            )
        yield conn


def _send(conn: Any, rng: random.Random) -> None:
    payload = rng.choice(PAYLOADS)
    conn.execute(
        "insert into sent (connection, stream, key, state, payload, is_deleted, sent_at) "
        "values (%s, %s, %s, %s, %s, %s, now()) on conflict (connection, stream, key) do update "
        "set state = excluded.state, payload = excluded.payload, is_deleted = excluded.is_deleted, sent_at = now()",
        [rng.choice(CONNECTIONS), rng.choice(["engagements", "opportunities", "accounts"]), rng.choice(KEYS),
         rng.choice(STATES), None if payload is None else json.dumps(payload), rng.random() < 0.1],
    )  # fmt: skip


def _forget(conn: Any, rng: random.Random) -> None:
    conn.execute("delete from sent where connection = %s and key = %s", [rng.choice(CONNECTIONS), rng.choice(KEYS)])


def _record(conn: Any, rng: random.Random) -> None:
    conn.execute(
        "insert into recordings (connection, recording_id, started_at, updated_at, state, fetched, user_id, purged_at) "
        "values (%s, %s, now(), now(), %s, 1, 'u', %s) on conflict (connection, recording_id) do update "
        "set state = excluded.state, purged_at = excluded.purged_at, user_id = %s",
        [rng.choice(CONNECTIONS), rng.choice(RECORDINGS), rng.choice(STAGES), rng.choice([None, "2026-01-01"]),
         rng.choice(["u", "v", None])],
    )  # fmt: skip


def _of_recording(conn: Any, rng: random.Random) -> tuple[str, str] | None:
    rows = conn.execute("select connection, recording_id from recordings order by 1, 2").fetchall()
    return rng.choice(rows) if rows else None


def _say(conn: Any, rng: random.Random) -> None:
    if found := _of_recording(conn, rng):
        said = rng.choice(["[]", "null", '[{"name": " x ", "value": "1"}]', '[{"name": "X", "value": " "}]'])
        conn.execute(
            "insert into recording_contents (connection, recording_id, title, extractions) values (%s, %s, %s, %s) "
            "on conflict (connection, recording_id) do update set title = excluded.title, "
            "extractions = excluded.extractions",
            [*found, rng.choice([None, "Roof at K\u00f6ln"]), said],
        )


def _hush(conn: Any, rng: random.Random) -> None:
    if found := _of_recording(conn, rng):
        conn.execute("delete from recording_contents where (connection, recording_id) = (%s, %s)", found)


def _link(conn: Any, rng: random.Random) -> None:
    if found := _of_recording(conn, rng):
        conn.execute(
            "insert into recording_links values (%s, %s, %s, %s, 's') on conflict do nothing",
            [*found, rng.choice(["engagement", "opportunity"]), rng.choice(KEYS)],
        )


def _unlink(conn: Any, rng: random.Random) -> None:
    conn.execute("delete from recording_links where record = %s", [rng.choice(KEYS)])


def _field(conn: Any, rng: random.Random) -> None:
    conn.execute(
        "insert into fields (connection, model, record, table_name, column_name, extraction, policy, state, "
        "recording_id) values (%s, %s, %s, 't', %s, 'x', 'update', %s, %s) "
        "on conflict (connection, model, record, table_name, column_name) do update "
        "set state = excluded.state, recording_id = excluded.recording_id",
        [rng.choice(CONNECTIONS), rng.choice(["engagement", "opportunity"]), rng.choice(KEYS), rng.choice(["c", "d"]),
         rng.choice(["written", "refused", "record_missing", "interrupted", "reverted", "holds", "declined"]),
         rng.choice([None, *RECORDINGS])],
    )  # fmt: skip


def _note(conn: Any, rng: random.Random) -> None:
    conn.execute(
        "insert into notes (connection, model, record, recording_id, note_key, table_name, state) "
        "values (%s, %s, %s, %s, 'n', 't', %s) on conflict (connection, model, record, recording_id, note_key) "
        "do update set state = excluded.state",
        [rng.choice(CONNECTIONS), rng.choice(["engagement", "opportunity"]), rng.choice(KEYS), rng.choice(RECORDINGS),
         rng.choice(["written", "refused", "interrupted", "reverted", "removed", "edited"])],
    )  # fmt: skip


def _write(conn: Any, rng: random.Random) -> None:
    conn.execute(
        "insert into writes (connection, kind, model, record, table_name, column_name, recording_id, action) "
        "values (%s, 'field', %s, %s, 't', 'c', %s, %s)",
        [rng.choice(CONNECTIONS), rng.choice(["engagement", "opportunity"]), rng.choice(KEYS),
         rng.choice([None, *RECORDINGS]), rng.choice(["written", "reverted", "approved"])],
    )  # fmt: skip


def _revert(conn: Any, rng: random.Random) -> None:
    conn.execute("update writes set reverted_at = now() where recording_id = %s", [rng.choice(RECORDINGS)])


def _propose(conn: Any, rng: random.Random) -> None:
    conn.execute(
        "insert into proposals (connection, model, record, table_name, column_name, extraction, recording_id, state, "
        "reason) values (%s, 'opportunity', %s, 't', 'c', 'x', %s, %s, 'r') on conflict do nothing",
        [rng.choice(CONNECTIONS), rng.choice(KEYS), rng.choice(RECORDINGS), rng.choice(["open", "shadow"])],
    )


def _decide(conn: Any, rng: random.Random) -> None:
    conn.execute("update proposals set state = 'approved' where recording_id = %s", [rng.choice(RECORDINGS)])


def _owe(conn: Any, rng: random.Random) -> None:
    conn.execute(
        "insert into due (connection, model, record) values (%s, 'opportunity', %s) on conflict do nothing",
        [rng.choice(CONNECTIONS), rng.choice(KEYS)],
    )


def _settle(conn: Any, rng: random.Random) -> None:
    conn.execute("delete from due where record = %s", [rng.choice(KEYS)])


def _erase(conn: Any, rng: random.Random) -> None:
    if rng.random() < 0.3:
        conn.execute("delete from recordings where recording_id = %s", [rng.choice(RECORDINGS)])


def _refresh(conn: Any, rng: random.Random) -> None:
    conn.execute("select board_refresh(%s)", [rng.choice(CONNECTIONS)])


def _abandon(conn: Any, rng: random.Random) -> None:
    """A transaction that is rolled back changes nothing."""
    with conn.transaction(force_rollback=True):
        rng.choice(EVENTS[:-1])(conn, rng)


EVENTS: Final[tuple[Callable[[Any, random.Random], None], ...]] = (
    _send, _send, _send, _forget, _record, _record, _record, _say, _hush, _link, _link, _link, _unlink, _field, _field,
    _note, _write, _revert, _propose, _decide, _owe, _settle, _erase, _refresh, _abandon,
)  # fmt: skip


def _differences(conn: Any) -> list[Any]:
    found = []
    for table in ("board_records", "board_recordings"):
        for one, other in ((table, f"{table}_now"), (f"{table}_now", table)):
            statement = f"select '{one}', x.* from (table {one} except table {other}) as x"
            found += conn.execute(statement).fetchall()
    for one, other in ((_DAYS, _COUNTED), (_COUNTED, _DAYS)):
        found += conn.execute(f"({one}) except ({other})").fetchall()
    return found


_DAYS: Final = (
    "select connection, local_day, rep_id, rep_email, rep_name, state, number from board_days where number <> 0"
)
_COUNTED: Final = """
    select connection, local_day, coalesce(rep_id, ''), coalesce(rep_email, ''), coalesce(rep_name, ''),
           board_settled(state, recording_state, starts_at, rep_id), count(*)
      from board_records where stream = 'engagements' and local_day is not null group by 1, 2, 3, 4, 5, 6
"""


@pytest.mark.parametrize("number", range(3))
def test_the_board_is_the_ledger_after_any_events(ledger: Any, request: pytest.FixtureRequest, number: int) -> None:
    rng = random.Random(f"{request.config.getoption('seed')}/{number}")
    for step in range(1_000 if request.config.getoption("long") else 150):
        rng.choice(EVENTS)(ledger, rng)
        if step % 25 == 24:
            for name in CONNECTIONS:
                ledger.execute("select board_refresh(%s)", [name])
            assert _differences(ledger) == [], f"step {step}"
    for name in CONNECTIONS:
        ledger.execute("select board_rebuild(%s)", [name])
    assert _differences(ledger) == []
    assert ledger.execute("select count(*) from board_stale").fetchone() == (0,)
    assert ledger.execute("select count(*) from board_recordings").fetchone()[0] > 0


@pytest.mark.parametrize("payload", UNREADABLE, ids=str)
def test_an_unreadable_payload_costs_no_other_record_its_facts(ledger: Any, payload: dict[str, Any]) -> None:
    for key, content in (("1", PAYLOADS[2]), ("bad", payload), ("2", PAYLOADS[2])):
        ledger.execute(
            "insert into sent (connection, stream, key, state, payload) values ('a', 'engagements', %s, 'sent', %s)",
            [key, json.dumps(content)],
        )
    for call in ("board_refresh", "board_rebuild"):
        ledger.execute(f"select {call}('a')")
        rows = ledger.execute("select key, state, rep_id from board_records order by key").fetchall()
        assert rows[:2] == [("1", "expected", "7"), ("2", "expected", "7")]
        assert rows[2][0] == "bad"


async def test_a_board_that_was_damaged_is_computed_again(ledger: Any, database_url: str) -> None:
    for key in ("1", "2"):
        ledger.execute(
            "insert into sent (connection, stream, key, state, payload) values ('a', 'engagements', %s, 'sent', %s)",
            [key, json.dumps(PAYLOADS[2])],
        )
    ledger.execute("select board_refresh('a')")
    ledger.execute("delete from board_records where key = '1'")
    ledger.execute("update board_days set number = number + 7")
    assert _differences(ledger)
    assert await rebuild_all(database_url) == [("a", 2, 0), ("b", 0, 0)]
    assert _differences(ledger) == []


def test_the_board_ranks_recordings_as_the_table_of_states_does(ledger: Any) -> None:
    [(view,)] = ledger.execute("select pg_get_viewdef('board_records_now')").fetchall()
    ranked = re.search(r"array_position\(ARRAY\[(.*?)\]", view, re.DOTALL)
    assert ranked is not None
    assert re.findall(r"'(\w+)'", ranked[1]) == [str(state) for state in BY_RANK]


def test_words_are_found_without_accents_case_or_signs(ledger: Any) -> None:
    payload = {"account": {"name": "JOS\u00c9 O'Brien-Smith", "phoneNumbers": ["+1 (303) 555-0101"]}}
    ledger.execute(
        "insert into sent (connection, stream, key, state, payload) values ('a', 'engagements', 'A-1', 'sent', %s)",
        [json.dumps(payload)],
    )
    ledger.execute("select board_refresh('a')")
    for wanted in ("jose & brien:*", "smi:*", "3035550101", "a & 1"):
        found = ledger.execute("select key from board_records where words @@ %s::tsquery", [wanted]).fetchall()
        assert found == [("A-1",)], wanted


def test_earlier_sends_and_failures_are_kept(ledger: Any) -> None:
    mine = "where connection = 'a' and key = '1'"
    ledger.execute(
        "insert into sent (connection, stream, key, state, payload, sent_at) "
        "values ('a', 'engagements', '1', 'sent', '{\"subject\": \"one\"}', '2026-01-01T00:00:00Z')"
    )
    ledger.execute(f"update sent set payload = '{{\"subject\": \"two\"}}', sent_at = '2026-01-02T00:00:00Z' {mine}")
    ledger.execute(f"update sent set state = 'refused', reason = 'no' {mine}")
    ledger.execute(f"update sent set hint = 'x' {mine}")
    rows = ledger.execute("select state, reason, payload from sends order by id").fetchall()
    assert rows == [("sent", None, {"subject": "one"}), ("refused", "no", None)]


def test_a_forgotten_connection_leaves_no_board(ledger: Any) -> None:
    ledger.execute("insert into sent (connection, stream, key, state) values ('a', 'engagements', '1', 'refused')")
    ledger.execute("select board_refresh('a')")
    ledger.execute("delete from connections where name = 'a'")
    for table in ("board_records", "board_recordings", "board_days", "board_stale", "sends"):
        assert ledger.execute(f"select count(*) from {table}").fetchone() == (0,), table
