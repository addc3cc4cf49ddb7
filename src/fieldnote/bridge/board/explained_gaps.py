"""Why an appointment has no recording, as a person explained it. Explained gaps are counted apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import board_records, gaps
from fieldnote.errors import FieldnoteError

_LONGEST_NOTE: Final = 500


class GapReason(StrEnum):
    """Why nothing was recorded."""

    NO_SHOW = "no_show"
    CONSENT_DECLINED = "consent_declined"
    NOT_A_SALES_VISIT = "not_a_sales_visit"
    OTHER = "other"


REASONS: Final[Mapping[GapReason, str]] = {
    GapReason.NO_SHOW: "The customer was not there",
    GapReason.CONSENT_DECLINED: "The customer did not want to be recorded",
    GapReason.NOT_A_SALES_VISIT: "It was not a sales visit",
    GapReason.OTHER: "Another reason",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """The reason that a person gave."""

    reason: str
    """A `GapReason`."""
    note: str | None
    actor: str
    at: datetime

    @property
    def words(self) -> str:
        """The reason in words, with the note."""
        reason = REASONS[GapReason(self.reason)] if self.reason in set(GapReason) else self.reason
        return f"{reason}: {self.note}" if self.note else reason


async def explain_gap(bridge: Bridge, key: str, reason: GapReason, *, actor: str, note: str | None = None) -> None:
    """Say why an appointment has no recording. A later reason replaces an earlier one.

    Raises FieldnoteError if the connection has no such appointment.
    """
    await refresh(bridge)
    values = {"reason": reason.value, "note": (note or "").strip()[:_LONGEST_NOTE] or None, "actor": actor}
    async with bridge.engine.begin() as conn:
        mine = board_records.c.connection == bridge.name, board_records.c.stream == "engagements"
        wanted = select(func.count()).where(*mine, board_records.c.key == key)
        if not await conn.scalar(wanted):
            raise FieldnoteError(f"no appointment has this id: {key}", hint="Check the id; its case matters.")
        statement = insert(gaps).values(connection=bridge.name, key=key, **values)
        changed = {**values, "at": func.now()}
        await conn.execute(statement.on_conflict_do_update(index_elements=["connection", "key"], set_=changed))


async def reopen_gap(bridge: Bridge, key: str) -> bool:
    """Take a reason back; whether there was one."""
    async with bridge.engine.begin() as conn:
        mine = gaps.c.connection == bridge.name, gaps.c.key == key
        return bool((await conn.execute(delete(gaps).where(*mine))).rowcount)
