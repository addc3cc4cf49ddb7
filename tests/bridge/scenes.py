"""One scene for each state of the completeness ledger: appointment 1 or recording r1 is brought there by real means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from fieldnote.bridge import Bridge, PushRequest, pull_once, push_once
from fieldnote.bridge.board.explained_gaps import GapReason, explain_gap
from fieldnote.bridge.push import quarantine
from fieldnote.bridge.push.deletions import FEW
from fieldnote.bridge.review.history import Selection, revert
from fieldnote.bridge.status.states import State as A
from tests.bridge.conftest import Crm
from tests.bridge.stub_siro import StubSiro, ago, iso

UPDATE = {"to": "outcome", "as": "text", "policy": "update"}


def target(**field_settings: Any) -> dict[str, Any]:
    """The columns that the file writes into an appointment."""
    return {"table": "appointments", "key": "id", "fields": {"Outcome": UPDATE | field_settings}}


@dataclass
class World:
    """The place of a scene."""

    crm: Crm
    stub: StubSiro
    bridge: Bridge

    def visit(self, key: int, starts: datetime) -> None:
        """An appointment of an hour, or one that moves."""
        if not self.crm.execute(f"select id from appointments where id = {key}"):
            self.crm.add_appointment(key)
        first, last = (
            moment.astimezone(ZoneInfo("America/Denver")) for moment in (starts, starts + timedelta(hours=1))
        )
        self.crm.execute(
            f"update appointments set starts_at = '{first:%Y-%m-%d %H:%M:%S}', ends_at = '{last:%Y-%m-%d %H:%M:%S}' "
            f"where id = {key}"
        )

    async def pushed(self, starts: datetime | None = None) -> None:
        """Appointment 1 is in Siro; it began six hours ago."""
        self.visit(1, starts or ago(hours=6))
        assert (await push_once(self.bridge)).settled

    async def recorded(self, starts: datetime | None = None, **parts: Any) -> None:
        """And r1 was recorded at it; `parts` as the stub's `record` takes them."""
        begun = starts or ago(hours=6)
        await self.pushed(begun)
        whole: dict[str, Any] = {"engagement": "1", "said": {"Outcome": "sold"}, "summary": "s"}
        self.stub.record("r1", started_at=begun, **(whole | parts))
        await pull_once(self.bridge)

    def users(self, *emails: str) -> None:
        """Siro has these users; user-1 is the first."""
        self.stub.users = [{"id": f"user-{n}", "email": email} for n, email in enumerate(emails, 1)]

    def refuse(self, status: int) -> None:
        """Siro answers so to every record."""

        def answer(method: str, path: str, body: Any) -> Response | None:
            del path, body
            return JSONResponse({"error": "no"}, status) if method == "PUT" else None

        self.stub.fault = answer

    async def sql(self, statement: str) -> None:
        """Reach into the ledger."""
        async with self.bridge.engine.begin() as conn:
            await conn.execute(text(statement))


@dataclass(frozen=True)
class Scene:
    """How a state comes about, and what `explain` says of it."""

    play: Callable[[World], Awaitable[None]]
    says: tuple[str, ...] = ()
    """Words in the story."""
    does: str = ""
    """Words in the advice; none is expected where it is empty."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Changes of the file."""


async def not_sent(world: World) -> None:
    world.visit(1, ago(hours=6))
    world.refuse(503)
    await push_once(world.bridge)


async def quarantined(world: World) -> None:
    world.visit(1, ago(hours=6))
    world.refuse(422)
    await push_once(world.bridge)


async def dropped(world: World) -> None:
    await quarantined(world)
    assert await quarantine.drop(world.bridge, "engagements", ["1"]) == 1


async def gone(world: World) -> None:
    world.visit(2, ago(hours=6))
    await world.pushed()
    world.crm.execute("delete from appointments where id = 1")
    await push_once(world.bridge, request=PushRequest(full=True))


async def many_gone(world: World) -> None:
    for key in range(2, FEW + 3):
        world.visit(key, ago(hours=6))
    await world.pushed()
    world.crm.execute(f"delete from appointments where id <= {FEW + 1}")
    await push_once(world.bridge, request=PushRequest(full=True))


async def rep_unknown(world: World) -> None:
    world.users("bo@example.com")
    await world.pushed()


async def explained(world: World) -> None:
    await world.pushed(ago(days=1))
    await explain_gap(world.bridge, "1", GapReason.NO_SHOW, actor="ops@example.com")


async def unlinked(world: World) -> None:
    world.users("ann@example.com", "bo@example.com")
    await world.recorded(engagement=None)


async def foreign(world: World) -> None:
    """The first recording teaches the connection's name; the second is linked to it under another's."""
    world.visit(2, ago(hours=9))
    await world.pushed()
    world.stub.record("r0", started_at=ago(hours=9), engagement="2", said={}, summary="s")
    world.stub.record("r1", started_at=ago(hours=6), engagement="1", said={}, summary="s")
    world.stub.recordings["r1"]["crm"]["engagement"]["id"] = "another"
    await pull_once(world.bridge)


async def unproven(world: World) -> None:
    await world.pushed()
    world.stub.record("r1", started_at=ago(hours=6), engagement="77", said={}, summary="s")
    await pull_once(world.bridge)


async def colliding(world: World) -> None:
    await world.pushed()
    await world.sql(
        "insert into connections (name, organization_id, base_url, crm_identity, credential) "
        "select 'other', organization_id, base_url, 'other', credential from connections"
    )
    await world.sql(
        "insert into sent (connection, stream, key, state, siro_id) "
        "select 'other', stream, key, state, siro_id from sent"
    )
    world.stub.record("r1", started_at=ago(hours=6), engagement="1", said={}, summary="s")
    await pull_once(world.bridge)


async def failed(world: World) -> None:
    """It was read at its time, and three days have gone by."""
    await world.recorded(said=None)
    world.stub.record("r1", started_at=ago(days=3), engagement="1", summary="s", moved=ago(days=3))
    await world.sql("update recordings set started_at = now() - interval '3 days'")
    await world.sql("update recordings set updated_at = started_at")
    await pull_once(world.bridge)


async def record_missing(world: World) -> None:
    await world.pushed()
    world.crm.execute("delete from appointments where id = 1")
    world.stub.record("r1", started_at=ago(hours=6), engagement="1", said={"Outcome": "sold"}, summary="s")
    await pull_once(world.bridge)


async def undone(world: World) -> None:
    await world.recorded()
    await revert(world.bridge, Selection(recording_id="r1"), actor="pat")


async def left(world: World) -> None:
    await world.pushed()
    world.crm.execute("update appointments set outcome = 'mine'")
    world.stub.record("r1", started_at=ago(hours=6), engagement="1", said={"Outcome": "sold"}, summary="s")
    await pull_once(world.bridge)


async def deleted(world: World) -> None:
    await world.recorded()
    world.stub.recordings["r1"] |= {"deleted": True, "updatedAt": iso(ago(minutes=1))}
    with suppress(KeyError):
        await pull_once(world.bridge)


async def purged(world: World) -> None:
    await world.recorded(said={}, summary="s")
    world.stub.recordings["r1"] |= {"rootDataPurgedAt": iso(ago(hours=1)), "updatedAt": iso(ago(minutes=1))}
    await pull_once(world.bridge)


async def lost(world: World) -> None:
    await world.recorded()
    await world.sql("update sent set state = 'odd' where key = '1'")
    await world.sql("update recordings set state = 'odd'")


TARGET = {"pull__engagement": target()}
NOTE_ONLY = {
    "table": "appointments",
    "key": "id",
    "note": {"table": "deal_notes", "record": "deal_id", "body": "body", "key": "external_key"},
}

BOTH: dict[str, Scene] = {
    "processing": Scene(
        lambda w: w.recorded(ago(hours=1), processed=False, said=None, summary=None),
        ("Siro is processing", "nothing there"),
    ),
    "stuck": Scene(
        lambda w: w.recorded(ago(hours=4), moved=ago(hours=4), processed=False, said=None, summary=None),
        ("more than three hours",),
        "phone",
    ),
    "waiting": Scene(lambda w: w.recorded(summary=None), ("have not arrived", "summary missing")),
    "extraction_failed": Scene(failed, ("did not arrive within 48 hours", "extractions missing"), "Siro's support"),
    "refused_by_crm": Scene(
        lambda w: w.recorded(),
        ("was refused by the CRM", "gone"),
        "Fix the cause",
        {"pull__engagement": target(to="gone")},
    ),
    "record_missing": Scene(record_missing, ("has no record in the CRM",), "was deleted", TARGET),
    "needs_review": Scene(
        lambda w: w.recorded(),
        ("was proposed from recording r1", "waits for a person's decision"),
        "fieldnote review",
        {"pull__engagement": target(policy="propose")},
    ),
    "not_written": Scene(record_missing, ("not in the CRM yet",), "fieldnote pull", {"pull__engagement": NOTE_ONLY}),
    "written": Scene(
        lambda w: w.recorded(),
        ("Outcome for appointments.outcome", "was written", "fieldnote wrote appointments.outcome"),
        "",
        TARGET,
    ),
    "reverted": Scene(undone, ("A person reverted",), "", TARGET),
    "left_unchanged": Scene(
        left, ("was left alone, because a person's value is there",), "", {"pull__engagement": target(policy="fill")}
    ),
    "purged": Scene(purged, ("retention deleted", "nothing from it"), "", TARGET),
    "nothing_said": Scene(lambda w: w.recorded(said={}), ("no answer for any CRM field",), "", TARGET),
    "unknown": Scene(lost, ("a bug in Fieldnote",), "Report"),
}
"""The states that an appointment shares with its recording."""

APPOINTMENTS: dict[A, Scene] = {
    A.NOT_SENT: Scene(not_sent, ("did not reach Siro",), "fieldnote push"),
    A.QUARANTINED: Scene(quarantined, ("Siro refused it",), "quarantine show"),
    A.DROPPED: Scene(dropped, ("decided not to send it",)),
    A.PENDING_DELETION: Scene(
        many_gone, ("left the CRM",), "--accept-deletes", {"push__engagements__deletes": {"at_most": "0%"}}
    ),
    A.CANCELLED: Scene(gone, ("deleted in Siro",), "", {"push__engagements__deletes": {"at_most": "100%"}}),
    A.NO_START_TIME: Scene(
        lambda w: w.pushed(), ("no start time",), "startTime",
        {"push__engagements__map__startTime": None, "push__engagements__map__endTime": None},
    ),
    A.NO_REP: Scene(
        lambda w: w.pushed(), ("names no rep",), "engagementUsers", {"push__engagements__map__engagementUsers": None}
    ),
    A.REP_IGNORED: Scene(
        lambda w: w.pushed(), ("does not use Siro",), "", {"people": {"ignore": ["Ann@example.com"]}}
    ),
    A.REP_NOT_MAPPED: Scene(rep_unknown, ("ann@example.com has no Siro user",), "same email"),
    A.UPCOMING: Scene(lambda w: w.pushed(ago(hours=-3)), ("has not started",)),
    A.IN_PROGRESS: Scene(lambda w: w.pushed(ago(minutes=30)), ("taking place now",)),
    A.AWAITING_RECORDING: Scene(lambda w: w.pushed(ago(hours=3)), ("may still arrive",)),
    A.UNLINKED: Scene(unlinked, ("Recording r1 of Siro's user user-1 started near it",), "fieldnote links list"),
    A.NOT_RECORDED: Scene(lambda w: w.pushed(ago(days=1)), ("Nothing was recorded",), "link that recording"),
    A.EXPLAINED: Scene(explained, ("a person gave the reason",)),
    A.OTHER_CONNECTION: Scene(foreign, ("another connection",), "Push first"),
    **{A(name): scene for name, scene in BOTH.items()},
}  # fmt: skip

RECORDINGS: dict[A, Scene] = {
    A.UNLINKED: Scene(unlinked, ("not linked to any",), "fieldnote users"),
    A.OWNERSHIP_UNKNOWN: Scene(unproven, ("not yet known",), "fieldnote push"),
    A.OTHER_CONNECTION: Scene(foreign, ("another connection, and this one never acts on it",)),
    A.SHARED_RECORD: Scene(colliding, ("two connections pushed",), "prefix"),
    A.DELETED: Scene(deleted, ("deleted in Siro", "deleted")),
    **{A(name): scene for name, scene in BOTH.items()},
}
