"""The rep and the customer of a visit, from the pushed appointment or deal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.recording import STREAMS, Link, Model, RecordingSnapshot
from fieldnote.mapping.records import StreamName

_WITH_REPS: Final = frozenset({Model.ENGAGEMENT, Model.OPPORTUNITY})
"""Those whose rows name a rep and a customer."""
_CUSTOMERS: Final = ("account", "contact", "lead")
"""Where a record names its customer; the first that does counts."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The rep and the customer of a visit, as far as the push ledger has them."""

    rep: str | None = None
    customer: str | None = None
    rep_id: str | None = None
    """The rep's id in the CRM."""


def visit_of(payload: Mapping[str, Any] | None) -> Visit:
    """Rep and customer of an engagement or opportunity as it was sent."""
    if not payload:
        return Visit()
    users = payload.get("engagementUsers") or payload.get("opportunityUsers") or []
    current = [user for user in users if not user.get("deletedAt")]
    names = [user.get("name") for user in current]
    rep_id = next((str(user["externalId"]) for user in current if user.get("externalId")), None)
    customer = next((one["name"] for kind in _CUSTOMERS if (one := payload.get(kind) or {}).get("name")), None)
    return Visit(", ".join(name for name in names if name) or None, customer, rep_id)


class SentVisits:
    """Reads each record's visit once."""

    def __init__(self, conn: AsyncConnection, connection: str) -> None:
        self._conn = conn
        self._connection = connection
        self._known: dict[tuple[StreamName, str], Visit] = {}
        self._names: dict[str, str | None] = {}
        """Of Siro's users."""

    async def visit(self, held: RecordingSnapshot) -> Visit:
        """Rep and customer of the linked engagement, else the customer of the linked opportunity and Siro's user."""
        visit = Visit()
        for link in sorted(held.links, key=engagement_first):
            known = await self._of(link.model, link.record)
            rep = visit.rep or (known.rep if link.model is Model.ENGAGEMENT else await self._recorded_by(held))
            visit = Visit(rep, visit.customer or known.customer, visit.rep_id or known.rep_id)
        return visit

    async def _recorded_by(self, held: RecordingSnapshot) -> str | None:
        """The name of Siro's user: the owner of a deal need not have recorded the conversation."""
        if held.user_id is None:
            return None
        if held.user_id not in self._names:
            values = {"connection": self._connection, "user": held.user_id}
            self._names[held.user_id] = await self._conn.scalar(_USER, values)
        return self._names[held.user_id]

    async def rep_id(self, model: Model, record: str) -> str | None:
        """The CRM id of the record's own rep."""
        return (await self._of(model, record)).rep_id

    async def _of(self, model: Model, record: str) -> Visit:
        if model not in _WITH_REPS:
            return Visit()
        stream = STREAMS[model]
        if (stream, record) not in self._known:
            values = {"connection": self._connection, "stream": stream, "key": record}
            self._known[stream, record] = visit_of(await self._conn.scalar(_PAYLOAD, values))
        return self._known[stream, record]


def engagement_first(link: Link) -> tuple[bool, str]:
    """The order in which a recording's links are asked."""
    return link.model is not Model.ENGAGEMENT, link.record


_PAYLOAD: Final = text("select payload from sent where connection = :connection and stream = :stream and key = :key")
_USER: Final = text("select name from siro_users where connection = :connection and user_id = :user")
