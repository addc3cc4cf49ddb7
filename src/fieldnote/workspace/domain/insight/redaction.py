"""An organization's further redaction: names, streets and phones that the CRM's records know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.errors import WorkspaceError
from fieldnote.insight.redaction.redact import Redacted, RedactionSettings, redact
from fieldnote.insight.utterances import Utterance
from fieldnote.workspace.rows import read_rows

_SETTING: Final = text("select redacts from organizations where id::text = :organization")
_SET: Final = text("update organizations set redacts = cast(:redacts as jsonb) where id::text = :organization")
# The records that a recording is linked to, directly or by its appointment and deal.
_KNOWN: Final = text("""
select r.id::text, s.utterances, s.redacted,
       array(select f.fields from (
             select a.fields from accounts a where a.id in (l.account_id, e.account_id, o.account_id)
             union all select c.fields from contacts c
              where c.id in (l.contact_id, e.contact_id, o.contact_id)
                 or c.id in (select p.contact_id from opportunity_contacts p where p.opportunity_id = o.id)
             union all select d.fields from leads d where d.id in (l.lead_id, e.lead_id)) f) as records
  from recordings r
  join recording_utterances s on s.recording_id = r.id
  join recording_links l on l.recording_id = r.id and l.source <> 'NOT_FOUND'
  left join engagements e on e.id = l.engagement_id
  left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
 where r.id = any(cast(:ids as uuid[]))
""")
_KEEP: Final = text("""
update recording_utterances set utterances = cast(:utterances as jsonb), redacted = cast(:redacted as jsonb)
 where recording_id = :id
""")


class _Known(NamedTuple):
    id: str
    utterances: list[dict[str, Any]]
    redacted: list[list[float | None]]
    records: list[dict[str, object]]


class Redacts(StrEnum):
    """A kind of words that an organization may have redacted."""

    NAMES = "names"
    """Names of the customers that the recording is linked to."""
    STREETS = "streets"
    """Their streets."""
    PHONES = "phones"
    """Phone numbers."""


async def set_redacts(conn: AsyncConnection, organization_id: str, kinds: Sequence[str]) -> list[Redacts]:
    """Set the kinds, for recordings that come from now on. Raises WorkspaceError."""
    for kind in kinds:
        if kind not in list(Redacts):
            raise WorkspaceError(f"unknown kind of words: {kind!r}", hint=f"Use {', '.join(Redacts)}, or none.")
    found = [kind for kind in Redacts if kind in kinds]
    await conn.execute(_SET, {"organization": organization_id, "redacts": json.dumps(found)})
    return found


async def redacts_of(conn: AsyncConnection, organization_id: str) -> list[Redacts]:
    """The kinds that the organization has chosen."""
    given: list[str] = (await conn.execute(_SETTING, {"organization": organization_id})).scalar_one()
    return [Redacts(kind) for kind in given]


async def redact_known(conn: AsyncConnection, organization_id: str, recording_ids: Sequence[str]) -> list[str]:
    """Redact the words that the linked records know, before the transaction is committed; the recordings with any.

    Matching has read the names by then. A recording without a link is redacted when its processing begins.
    """
    kinds = await redacts_of(conn, organization_id)
    if not kinds:
        return []
    changed = []
    for row in await read_rows(conn, _Known, _KNOWN, {"ids": list(recording_ids)}):
        found = redact([Utterance(**one) for one in row.utterances], settings_of(row.records, kinds))
        if not found.places:
            continue
        spans = [*row.redacted, *(span for span in spans_of(found) if span not in row.redacted)]
        values = {"utterances": json.dumps([asdict(one) for one in found.utterances]), "redacted": json.dumps(spans)}
        await conn.execute(_KEEP, values | {"id": row.id})
        changed.append(row.id)
    return changed


def _places(record: Mapping[str, object]) -> list[object]:
    given = record.get("addresses")
    return given if isinstance(given, list) else []


def settings_of(records: Sequence[dict[str, object]], kinds: Sequence[Redacts]) -> RedactionSettings:
    """The names and streets of CRM records, as far as they are to be redacted."""
    names = [record.get(key) for record in records for key in ("name", "firstName", "lastName")]
    places = [place for record in records for place in _places(record) if isinstance(place, dict)]
    streets = [place.get("street") for place in places]
    return RedactionSettings(
        names=_texts(names) if Redacts.NAMES in kinds else (),
        streets=_texts(part for street in _texts(streets) for part in (street, _without_number(street)))
        if Redacts.STREETS in kinds
        else (),
        phones=Redacts.PHONES in kinds,
    )


def spans_of(found: Redacted) -> list[list[float | None]]:
    """The seconds of the utterances that lost words; nulls where these are not known."""
    whole = [found.utterances[place] for place in found.places]
    return [[None, None] if one.start is None or one.end is None else [one.start, one.end] for one in whole]


def _texts(given: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in given if isinstance(one, str) and len(one.strip()) > 2))


def _without_number(street: str) -> str:
    """`12 Maple Street` is said as `Maple Street` too."""
    first, _, rest = street.partition(" ")
    return rest if first[:1].isdigit() else street
