"""The connection that owns the record of a recording's link.

Numeric ids of two CRMs collide, so an `externalId` alone proves nothing. The proof of a link is Siro's own
id: our PUT of an engagement or opportunity got one back, and a link that carries the same one is to our
record. The first such link teaches how Siro names our connection (`integrationConnectionId`); from then on

- a link under another name is another connection's, and is never acted upon;
- a link under ours whose Siro id is not the one that our PUT got back is not ours either;
- a link under ours to a record that we never pushed (an account, an older deal) is ours.

A file that only pulls has no PUT to prove anything by, and says the name itself
(`siro.integration_connection_id`).

Sync calls name no connection. If two connections of one organization push the same `externalId`, Siro makes
one record of it, and nobody can say whose a recording is: such a record is shared, and not acted upon. A record that
only another connection has pushed is that connection's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.recording import Ownership


@dataclass(frozen=True, slots=True)
class Evidence:
    """One link, beside what we know."""

    named: str | None
    """The link's `integrationConnectionId`."""
    own: str | None
    """The facts that show that a record is ours."""
    siro_id: str
    pushed_id: str | None
    """Siro's answer to our PUT of the record, if we pushed it."""
    other: bool
    """Whether another connection of the same organization has pushed the same Siro record."""
    pushed: bool = False
    """Whether this connection has pushed it, too."""

    @property
    def proves(self) -> bool:
        """Whether the link shows that it is ours, whatever it is named."""
        return self.pushed_id == self.siro_id and not self.other


def judge(links: Iterable[Evidence]) -> Ownership:
    """The owner of the recording, from all of its links: one doubtful link makes all of them doubtful. Pure."""
    links = list(links)
    if any(link.other and link.pushed for link in links):
        return Ownership.SHARED_RECORD
    if any(link.other for link in links):
        # Linked to our appointment as well: the appointment named that record, so both have pushed it.
        return Ownership.SHARED_RECORD if any(link.proves for link in links) else Ownership.OTHER_CONNECTION
    if any(link.pushed_id not in {None, link.siro_id} for link in links):
        return Ownership.OTHER_CONNECTION
    own = next((link.own for link in links), None)
    if own is None:
        return Ownership.OWNERSHIP_UNKNOWN
    return Ownership.OURS if all(link.named == own for link in links) else Ownership.OTHER_CONNECTION


async def judge_recordings(
    conn: AsyncConnection, connection: str, recording_ids: Sequence[str]
) -> dict[str, Ownership]:
    """The owner of each of these recordings; one without links does not appear.

    Learns the connection's own `integrationConnectionId` from the first link that proves it.
    """
    evidence = await _gather(conn, connection, recording_ids)
    named = next((link.named for links in evidence.values() for link in links if link.proves and link.named), None)
    if named is not None and any(link.own is None for links in evidence.values() for link in links):
        await _learn(conn, connection, named)
        evidence = await _gather(conn, connection, recording_ids)
    return {recording_id: judge(links) for recording_id, links in evidence.items()}


async def declare(conn: AsyncConnection, connection: str, named: str) -> None:
    """The file's own word on how Siro names the connection. It wins over what was learnt."""
    parameters = {"connection": connection, "named": named}
    declared = await conn.execute(_DECLARE, parameters)
    if declared.rowcount:
        await conn.execute(_LOOK_AGAIN, parameters)


async def _gather(conn: AsyncConnection, connection: str, recording_ids: Sequence[str]) -> dict[str, list[Evidence]]:
    rows = await conn.execute(_EVIDENCE, {"connection": connection, "ids": list(recording_ids)})
    found: defaultdict[str, list[Evidence]] = defaultdict(list)
    for row in rows:
        found[row.recording_id].append(Evidence(row.named, row.own, row.siro_id, row.pushed_id, row.other, row.pushed))
    return found


async def _learn(conn: AsyncConnection, connection: str, named: str) -> None:
    """Remember our name, and look again at every recording that came under it before it was known."""
    parameters = {"connection": connection, "named": named}
    learned = await conn.execute(_LEARN, parameters)
    if learned.rowcount:
        await conn.execute(_LOOK_AGAIN, parameters)


_EVIDENCE = text("""
    select link.recording_id, recording.integration_connection_id as named,
           own.integration_connection_id as own, link.siro_id, sent.siro_id as pushed_id,
           exists (
               select 1 from connections join sent as other
                 on other.connection = connections.name and other.stream = link.stream and other.key = link.record
               where connections.name <> link.connection and connections.organization_id = own.organization_id
                 and other.siro_id = link.siro_id
           ) as other,
           exists (
               select 1 from sent as mine
               where mine.connection = link.connection and mine.stream = link.stream and mine.key = link.record
                 and mine.siro_id = link.siro_id
           ) as pushed
    from (
        select *, case model when 'engagement' then 'engagements' when 'opportunity' then 'opportunities'
                             when 'account' then 'accounts' end as stream
        from recording_links
    ) as link
    join recordings as recording using (connection, recording_id)
    join connections as own on own.name = link.connection
    left join sent on sent.connection = link.connection and sent.stream = link.stream and sent.key = link.record
        and link.model <> 'account'
    where link.connection = :connection and link.recording_id = any(cast(:ids as text[]))
    order by link.recording_id, link.model, link.record
""")

_LEARN = text("""
    update connections set integration_connection_id = :named
    where name = :connection and integration_connection_id is null
""")

_DECLARE = text("""
    update connections set integration_connection_id = :named
    where name = :connection and integration_connection_id is distinct from :named
""")

_LOOK_AGAIN = text("""
    insert into due (connection, model, record)
    select distinct link.connection, link.model, link.record
    from recording_links as link join recordings as recording using (connection, recording_id)
    where link.connection = :connection and recording.integration_connection_id = :named
    on conflict (connection, model, record) do update set causes = due.causes + 1, retry_at = now()
""")
