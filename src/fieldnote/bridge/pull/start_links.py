"""The link by which a rep starts an appointment's recording, written into a column of the CRM's appointment.

It is written where the column is empty or holds our earlier link, as any field under the policy `fill`; so a
person's value stays, the ledger knows what was written, and it can be undone. Appointments of the past get none.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.siro.deeplinks import AppLink

START_LINK: Final = "start link"
"""In the ledger it takes the place of an extraction's name."""


def link_of(key: str, payload: dict[str, Any]) -> str:
    """The link of an appointment as it was pushed. Pure."""
    opportunity = payload.get("opportunity") or {}
    return AppLink(key, payload.get("subject") or None, opportunity.get("externalId")).url()


async def start_link(conn: AsyncConnection, connection: str, key: str) -> str | None:
    """The link of one appointment; None where Siro does not hold it, or it was cancelled, or is past."""
    payload = await conn.scalar(_PUSHED, {"connection": connection, "key": key})
    return None if payload is None else link_of(key, payload)


async def offer_links(conn: AsyncConnection, connection: str) -> None:
    """Appointments that were pushed since the last time are to be looked at."""
    await conn.execute(_OFFER, {"connection": connection})
    await conn.execute(_OFFERED, {"connection": connection})


async def offer_again(conn: AsyncConnection, connection: str) -> None:
    """The next time, all appointments to come are looked at."""
    await conn.execute(_AGAIN, {"connection": connection})


_COMING = """
    stream = 'engagements' and state = 'sent' and not is_deleted and payload is not null
    and (payload ->> 'startTime')::timestamptz > now() - interval '1 day'
"""

_PUSHED = text(f"select payload from sent where connection = :connection and key = :key and {_COMING}")  # noqa: S608

# A push's transaction may take a moment to commit after its rows were stamped: hence the minute.
_OFFER = text(f"""
    insert into due (connection, model, record)
    select connection, 'engagement', key from sent
    where connection = :connection
      and changed_at > coalesce((select offered_until from pulls where connection = :connection), '-infinity')
      and {_COMING}
    on conflict (connection, model, record) do update
    set causes = due.causes + 1, retry_at = least(due.retry_at, excluded.retry_at)
""")  # noqa: S608

_OFFERED = text("update pulls set offered_until = now() - interval '1 minute' where connection = :connection")

_AGAIN = text("update pulls set offered_until = null where connection = :connection")
