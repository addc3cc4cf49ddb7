"""Checks of the map: whether the loop can work at all with it, and where it works badly.

A recording finds its appointment by the rep and the time, and its answers find their deal by the deal's id. Without a
rep, or with the ids of other records, everything is accepted and nothing ever comes back.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final

from fieldnote.bridge.push.source import source_of, stream_settings
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.checks.findings import Finding, bad, good, hint
from fieldnote.config import StreamSettings, nearest
from fieldnote.crm import dialect_of
from fieldnote.crm.query_tables import origin_of
from fieldnote.crm.types import Record, Row, Source
from fieldnote.errors import CrmError
from fieldnote.mapping.expressions import ExpressionError, compile_expression
from fieldnote.mapping.records import StreamName
from fieldnote.printable import number_of
from fieldnote.siro.errors import Invalid, NotFound, SiroError
from fieldnote.siro.models import ActivityType

Records = Sequence[dict[str, Any]]
"""Records as they would be sent."""

_NESTED: Final = (
    "account",
    "contact",
    "lead",
    "opportunity",
    "engagementUsers",
    "opportunityUsers",
    "opportunityContacts",
)
_FEW: Final = 5
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LOOKED_UP: Final = 100
"""Ids of a stream that are looked up one by one."""


def check_map(bridge: Bridge, name: StreamName, rows: Sequence[Row], records: Records) -> Iterator[Finding]:
    """All about one stream's map."""
    settings = stream_settings(bridge, name)
    subject = f"push.{name}"
    yield from _own_keys(bridge, name, settings)
    if name == "engagements":
        yield from _reps(subject, settings, records)
        yield from _ends(subject, settings, records)
        yield from _kinds(subject, settings, records)
    if name == "opportunities":
        yield from _stages(subject, settings, records)
    if name == "accounts":
        yield from _places(subject, records)
    yield from _unused_choices(subject, settings.map, rows)


def _places(subject: str, records: Records) -> Iterator[Finding]:
    """Siro creates an account with an address or coordinates only."""
    count = sum(
        not record.get("addresses") and None in {record.get("latitude"), record.get("longitude")} for record in records
    )
    if count:
        yield (bad if count == len(records) else hint)(
            subject,
            f"{count} of {len(records)} sampled accounts have neither an address nor coordinates: Siro refuses these",
            "Map addresses, or latitude and longitude.",
        )


# --- ids ----------------------------------------------------------------------------------------------------


def _own_keys(bridge: Bridge, name: StreamName, settings: StreamSettings) -> Iterator[Finding]:
    """A nested record that gets the key of the record around it: every row would make a bogus customer."""
    backend = dialect_of(bridge.config.crm)
    source = source_of(name, settings)
    for nested in _NESTED:
        for given in _sections(settings.map.get(nested)):
            column = _column(given.get("externalId"))
            if column is None or not _is_key(source, settings.key, column, backend):
                continue
            yield bad(
                f"push.{name}",
                f"{nested}.externalId is {column}, the record's own key: every row would make another {nested}",
                f"Map {nested}.externalId to the column that names the {nested}, or leave out {nested}.",
            )


def _sections(value: object) -> list[dict[str, Any]]:
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, dict)]


def _column(value: object) -> str | None:
    """The column that an expression takes, changed in no way that matters for an id."""
    if isinstance(value, dict):
        value = value.get("from")
    if not isinstance(value, str):
        return None
    try:
        expression = compile_expression(value)
    except ExpressionError:
        return None
    trimmed = value.replace(" ", "").startswith("trim(") and len(expression.columns) == 1
    return next(iter(expression.columns)) if trimmed else expression.column


def _is_key(source: Source, key: str, column: str, backend: str) -> bool:
    if column.casefold() == key.casefold():
        return True
    own, other = origin_of(source, key, backend), origin_of(source, column, backend)
    return own is not None and own == other


async def check_siros_ids(bridge: Bridge, samples: Mapping[StreamName, Records]) -> AsyncIterator[Finding]:
    """Whether fields that take Siro's own ids get them, and not the CRM's: Siro refuses those one by one."""
    for name, records in samples.items():
        values = [str(value) for record in records if (value := record.get("accountId"))]
        column = _column(stream_settings(bridge, name).map.get("accountId"))
        unknown = [value for value in list(dict.fromkeys(values))[:_FEW] if not await _is_account(bridge, value)]
        if unknown:
            yield bad(
                f"push.{name}",
                f"accountId takes Siro's own id of an account, and Siro knows none with the id {_listed(unknown)}",
                f"For the CRM's id, map account: {{externalId: {column or '…'}}}.",
            )
        types = {str(value) for record in records if (value := record.get("engagementTypeId"))}
        if foreign := sorted(value for value in types if not _UUID.fullmatch(value)):
            yield hint(
                f"push.{name}",
                f"engagementTypeId takes Siro's own id of an appointment type, not {_listed(foreign[:_FEW])}",
                "For the CRM's words, map engagementType: {activityType: …, name: …}.",
            )


async def _is_account(bridge: Bridge, siro_id: str) -> bool:
    try:
        await bridge.remote.client.accounts.get(siro_id)
    except (NotFound, Invalid):
        return False
    except SiroError:
        return True  # nothing is known then, and the token's own check reports it
    return True


# --- appointments --------------------------------------------------------------------------------------------


def _reps(subject: str, settings: StreamSettings, records: Records) -> Iterator[Finding]:
    alive = [record for record in records if not record.get("deletedAt")]
    without = [record["externalId"] for record in alive if not record.get("engagementUsers")]
    if "engagementUsers" not in settings.map:
        yield bad(
            subject,
            "the map names no rep (engagementUsers): no recording can find its appointment",
            "Map engagementUsers: [{externalId: …, email: …, name: …}].",
        )
    elif alive and len(without) == len(alive):
        yield bad(
            subject,
            f"none of {len(alive)} appointments has a rep: no recording can find them",
            "Check the column of engagementUsers.externalId, and the join to the reps.",
        )
    elif without:
        yield hint(
            subject,
            f"{len(without)} of {len(alive)} appointments have no rep; no recording can find them: {_listed(without)}",
            "Map engagementUsers to a column that every appointment has.",
        )


def _kinds(subject: str, settings: StreamSettings, records: Records) -> Iterator[Finding]:
    """Only appointments in person are in a rep's list, and a workspace links recordings to no others."""
    names = [kind.value for kind in ActivityType if kind.listed]
    in_person = [record for record in records if (record.get("engagementType") or {}).get("activityType") in names]
    if "engagementType" not in settings.map:
        text = "the map has no engagementType, so reps do not see the appointments, and a workspace links none"
        yield hint(subject, text, "Map engagementType: {activityType: \"'APPOINTMENT'\", name: \"'visit'\"}.")
    elif records and not in_person:
        text = f"none of {len(records)} sampled appointments is a {', '.join(names)}: no recording can find them"
        yield hint(subject, text, "Check engagementType.activityType.")


def _ends(subject: str, settings: StreamSettings, records: Records) -> Iterator[Finding]:
    without = sum(not record.get("endTime") for record in records)
    if "endTime" not in settings.map or (records and without == len(records)):
        yield hint(
            subject,
            "no appointment has an end, so a recording is matched by the start alone",
            "Map endTime, for example from a start and a duration.",
        )
    before = [
        record["externalId"]
        for record in records
        if record.get("endTime") and record.get("startTime") and record["endTime"] < record["startTime"]
    ]
    if before:
        text = f"{len(before)} of {len(records)} appointments end before they start: {_listed(before)}"
        yield hint(subject, text, "Check the columns of startTime and endTime.")


# --- stages ---------------------------------------------------------------------------------------------------


def _stages(subject: str, settings: StreamSettings, records: Records) -> Iterator[Finding]:
    if "disposition" not in settings.map:
        text = "the map has no disposition, so Siro does not know which deals are won or lost"
        yield hint(subject, text, "Map disposition: {from: STAGE, choices: {Sold: WON, Dead: LOST}, default: OPEN}.")
    elif len(records) > 1 and {record.get("disposition") for record in records} == {"OPEN"}:
        text = f"all {len(records)} sampled deals become OPEN"
        yield hint(subject, text, "List the CRM's words for won and lost under disposition.choices.")


def _unused_choices(subject: str, section: object, rows: Sequence[Row], name: str = "") -> Iterator[Finding]:
    """Words of a choice table that no row has: a word that is spelled otherwise falls to the default."""
    if isinstance(section, list):
        for item in section:
            yield from _unused_choices(subject, item, rows, name)
        return
    if not isinstance(section, dict):
        return
    choices = section.get("choices")
    column = _column(section.get("from"))
    if isinstance(choices, dict) and column is not None:
        yield from _compare(subject, name, [str(word) for word in choices], column, rows, listed="default" in section)
        return
    for field, value in section.items():
        yield from _unused_choices(subject, value, rows, f"{name}.{field}" if name else str(field))


def _compare(
    subject: str, name: str, known: list[str], column: str, rows: Sequence[Row], *, listed: bool
) -> Iterator[Finding]:
    seen = {str(row[column]).strip() for row in rows if row.get(column) is not None}
    folded = {word.casefold() for word in seen}
    missing = [word for word in known if word.strip().casefold() not in folded and word]
    if not listed or not seen or not missing or len(missing) < len(known):
        return
    near = next((text for word in missing if (text := nearest(word, sorted(seen)))), "")
    yield hint(
        subject,
        f"{name}: no sampled row has the choices {_listed(missing)}{near}; {column} has {_listed(sorted(seen))}",
        "Write the words as the CRM has them.",
    )


# --- references ------------------------------------------------------------------------------------------------


def check_references(bridge: Bridge, samples: Mapping[StreamName, Records]) -> Iterator[Finding]:
    """How many references of each stream point at no record of the stream, or of the table, that they mean."""
    for name, records in samples.items():
        for nested, stream in (("opportunity", "opportunities"), ("account", "accounts")):
            wanted = [ids for record in records if (ids := (record.get(nested) or {}).get("externalId"))]
            if not wanted:
                continue
            found = _existing(bridge, stream, nested, list(dict.fromkeys(wanted)))
            if found is None:
                continue
            where, known = found
            lost = [item for item in wanted if item not in known]
            if lost:
                yield hint(
                    f"push.{name}",
                    f"{len(lost)} of {len(wanted)} sampled references to an {nested} point at no record of {where}: "
                    f"{_listed(list(dict.fromkeys(lost)))}",
                    f"Check {nested}.externalId, or let the query leave out what is deleted.",
                )
            else:
                references = number_of(len(wanted), "sampled reference")
                yield good(f"push.{name}", f"{references} to an {nested}, each to a record of {where}")


def _existing(bridge: Bridge, stream: str, nested: str, ids: list[str]) -> tuple[str, set[str]] | None:
    """Where the records are that a reference means, and which of these ids are there. None: that is not known."""
    push = bridge.config.push
    settings = push.streams().get(stream) if push is not None else None
    try:
        if settings is not None:
            source = source_of(stream, settings)  # type: ignore[arg-type]
            return f"push.{stream}", set(bridge.crm.rows(source, ids))
        pull = bridge.config.pull
        target = pull.targets().get(nested) if pull is not None else None
        if target is None or target.missing == "insert":
            return None
        asked = ids[:_LOOKED_UP]
        found = {
            key for key in asked if bridge.crm.read(Record(target.table, target.key, key), (target.key,)) is not None
        }
        return target.table, found | set(ids[_LOOKED_UP:])
    except CrmError:
        return None  # the stream's or target's own check reports it


def _listed(items: Sequence[str]) -> str:
    more = f", and {len(items) - _FEW} more" if len(items) > _FEW else ""
    return ", ".join(items[:_FEW]) + more
