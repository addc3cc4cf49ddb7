"""The request to the insight processes: a recording's words, the visit, prompts, roles and definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.insight.definitions import Definition
from fieldnote.workspace.domain.insight.definitions import Stored, definitions_of, for_reading
from fieldnote.workspace.domain.recordings.conditions import TYPE_ID
from fieldnote.workspace.rows import read_row, read_rows

UNTITLED: Final = "New recording"
"""The title of a recording that nobody named; it says nothing about the conversation."""

_SAID: Final = text("""
select s.utterances, md5(s.utterances::text) as words, r.title, r.created_at, r.key, r.processed_at, r.extracted_at,
       r.summarized_at, r.speaker_roles, u.name as rep_name, o2.language_model, e.starts_at,
       e.fields ->> 'startTimeLocalized' as local_start,
       coalesce(a.fields ->> 'name', (select fields ->> 'name' from accounts where id = o.account_id)) as customer
  from recordings r
  join organizations o2 on o2.id = r.organization_id
  join recording_utterances s on s.recording_id = r.id
  join users u on u.id = r.user_id
  left join recording_links l on l.recording_id = r.id
  left join engagements e on e.id = l.engagement_id
  left join accounts a on a.id = e.account_id
  left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
 where r.id = :id
""")
# Of the kind of conversation that the recording says it is, by its id or name, else of the organization's first.
_PROMPTS: Final = text(f"""
select p.header, p.prompt
  from summary_prompts p
 where p.conversation_type_id = (
       select {TYPE_ID} from recordings r where r.id = :id)
 order by p.position, p.created_at, p.id
""")  # noqa: S608 - our own words
_FURTHEST: Final = timedelta(hours=14)
"""The largest offset from UTC."""


class Said(NamedTuple):
    """A recording's words and the facts that its extraction needs."""

    utterances: list[dict[str, Any]]
    words: str
    """The hash of the utterances."""
    title: str
    created_at: datetime
    key: str | None
    processed_at: datetime | None
    extracted_at: datetime | None
    summarized_at: datetime | None
    speaker_roles: dict[str, str]
    rep_name: str
    language_model: bool
    starts_at: datetime | None
    local_start: str | None
    customer: str | None


class Prompt(NamedTuple):
    """A prompt of a summary."""

    header: str | None
    prompt: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording's words, and all that its extraction depends on."""

    recording_id: str
    said: Said
    prompts: Sequence[Prompt]
    stored: Sequence[Stored]

    @property
    def definitions(self) -> list[Definition]:
        return [one.definition for one in self.stored]

    @property
    def started_at(self) -> datetime:
        """With the offset of the appointment's own place, where the CRM gave it: a day is the visit's own day."""
        started = self.said.created_at
        offset = _offset(self.said.starts_at, self.said.local_start)
        return started if offset is None else started.astimezone(timezone(offset))

    def request(self, parts: Sequence[str], definitions: Sequence[Definition] | None = None) -> dict[str, object]:
        """The request to an insight process; `definitions` in the place of the recording's own."""
        wanted = self.definitions if definitions is None else definitions
        return {
            "utterances": self.said.utterances,
            "rep_name": self.said.rep_name,
            "started_at": self.started_at.isoformat(),
            "title": None if self.said.title == UNTITLED else self.said.title,
            "customer": self.said.customer,
            "prompts": [one.prompt for one in self.prompts],
            "definitions": [for_reading(one) for one in wanted],
            "roles": self.said.speaker_roles,
            "parts": list(parts),
        }


async def conversation_of(conn: AsyncConnection, recording_id: str) -> Conversation | None:
    """None where the recording has no words."""
    said = await read_row(conn, Said, _SAID, {"id": recording_id})
    if said is None:
        return None
    prompts = await read_rows(conn, Prompt, _PROMPTS, {"id": recording_id})
    return Conversation(recording_id, said, prompts, await definitions_of(conn, recording_id))


def _offset(starts_at: datetime | None, local: str | None) -> timedelta | None:
    """How far the local start is from the start in UTC, in whole quarters of an hour; None where that cannot be."""
    if starts_at is None or local is None:
        return None
    try:
        given = datetime.fromisoformat(local)
    except ValueError:
        return None
    if given.tzinfo is not None and (own := given.utcoffset()):
        return own
    apart = given.replace(tzinfo=None) - starts_at.astimezone(UTC).replace(tzinfo=None)
    offset = timedelta(minutes=15 * round(apart / timedelta(minutes=15)))
    return offset if abs(offset) <= _FURTHEST and abs(apart - offset) < timedelta(minutes=1) else None
