"""Outcomes: an organization's own words for the end of a conversation, and the ones that people chose.

Coaches and administrators define them for a kind of conversation. Nothing is chosen until a person chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from fieldnote.siro.models import MultipleOutcomesSave, OutcomeDefinitionSave, RecordingOutcomesUpdate
from fieldnote.workspace.domain.recordings.conditions import TYPE_ID
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.resources.organization.tokens import own
from fieldnote.workspace.resources.recordings.intake import may_act_for, user_of
from fieldnote.workspace.resources.recordings.user_recordings import find

_ORDER: Final = ("POSITIVE", "NEUTRAL", "NEGATIVE")
"""Of several outcomes the first of these is the universal one."""
_DEFINITIONS: Final = """
select id::text, conversation_type_id::text, label, universal_label, prompt, created_at, updated_at
  from outcome_definitions where disabled_at is null
"""
_ALL: Final = _DEFINITIONS + " order by created_at, id"
_OF_TYPE: Final = _DEFINITIONS + " and conversation_type_id = %(type)s order by created_at, id"
_ONE: Final = _DEFINITIONS + " and id = %(id)s"
_TYPE: Final = "select id::text, multiple_outcomes from conversation_types where id = %(type)s"
_CREATE: Final = """
insert into outcome_definitions (organization_id, conversation_type_id, label, universal_label, prompt, disabled_at,
                                 created_at, updated_at)
values (%(organization)s, %(type)s, %(label)s, %(universal)s, %(prompt)s, %(disabled)s, clock_timestamp(),
        clock_timestamp())
returning id::text, conversation_type_id::text, label, universal_label, prompt, created_at, updated_at
"""
_CHANGE: Final = """
update outcome_definitions
   set label = %(label)s, universal_label = %(universal)s, prompt = %(prompt)s, disabled_at = %(disabled)s,
       updated_at = clock_timestamp()
 where id = %(id)s and conversation_type_id = %(type)s and disabled_at is null
returning id::text, conversation_type_id::text, label, universal_label, prompt, created_at, updated_at
"""
_MULTIPLE: Final = "update conversation_types set multiple_outcomes = %(multiple)s where id = %(type)s"
_KIND_OF: Final = f"""
select k.id::text, k.multiple_outcomes from recordings r join conversation_types k on k.id = {TYPE_ID}
 where r.id = %(id)s
"""  # noqa: S608 - our own words
_CHOSEN: Final = "select labels from recording_outcomes where recording_id = %(id)s"
_CHOOSE: Final = """
insert into recording_outcomes (organization_id, recording_id, user_id, labels)
values (%(organization)s, %(id)s, %(user)s, %(labels)s)
    on conflict (recording_id) do update set labels = excluded.labels, user_id = excluded.user_id, updated_at = now()
"""
_STAMP: Final = "update recordings set updated_at = clock_timestamp() where id = %(id)s"


@dataclass(frozen=True, slots=True)
class _Definition:
    id: str
    conversation_type_id: str
    label: str
    universal_label: str
    prompt: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of conversation."""

    id: str
    multiple_outcomes: int | None


@dataclass(frozen=True, slots=True)
class _Chosen:
    labels: list[str]


async def list_definitions(call: Call) -> dict[str, object]:
    """All outcomes of the organization that can be chosen."""
    [organization] = call.required("organizationId")
    own(call, organization)
    return {"data": [_definition(row) for row in await call.transaction.read(_Definition, _ALL, {})]}


async def get_definitions(call: Call) -> dict[str, object]:
    """The outcomes of a kind of conversation, and how many a conversation may have; null is one."""
    kind = await _kind(call)
    rows = await _definitions(call, kind.id)
    data = {"multipleOutcomes": kind.multiple_outcomes, "outcomeDefinitions": [_definition(row) for row in rows]}
    return {"data": data}


async def save_definition(call: Call) -> dict[str, object]:
    """Add an outcome, or change one; `disable` takes it out of the choices."""
    wanted = call.read(OutcomeDefinitionSave)
    _may_define(call)
    kind = await _kind(call)
    own_id = None if wanted.outcome_definition_id is None else str(wanted.outcome_definition_id)
    taken = {row.label.casefold() for row in await _definitions(call, kind.id) if row.id != own_id}
    if not wanted.disable and wanted.custom_outcome_label.casefold() in taken:
        raise failed(409, "The conversation type has an outcome of this name")
    values = {
        "organization": call.organization_id,
        "type": kind.id,
        "id": own_id,
        "label": wanted.custom_outcome_label,
        "universal": str(wanted.universal_outcome_label),
        "prompt": wanted.prompt,
        "disabled": datetime.now().astimezone() if wanted.disable else None,
    }
    rows = await call.transaction.read(_Definition, _CREATE if own_id is None else _CHANGE, values)
    if not rows:
        raise not_found("Outcome definition")
    return {"data": _definition(rows[0])}


async def set_multiple(call: Call) -> dict[str, object]:
    """How many outcomes a conversation of this kind may have."""
    wanted = call.read(MultipleOutcomesSave)
    _may_define(call)
    kind = await _kind(call)
    multiple = min(wanted.multiple, 2**31 - 1)
    await call.transaction.driver.execute(_MULTIPLE, {"type": kind.id, "multiple": multiple})
    return {"data": {}}


async def get_outcomes(call: Call) -> dict[str, object]:
    """The outcomes of a recording that can be chosen, and those that a person chose."""
    recording = await find(call, "recordingId")
    return {"data": await _outcomes(call, recording.id)}


async def choose_outcomes(call: Call) -> dict[str, object]:
    """Choose the outcomes of a recording; an empty list chooses none."""
    wanted = call.read(RecordingOutcomesUpdate)
    recording = await find(call, "recordingId")
    may_act_for(call, recording.user_id)
    kind = await _kind_of(call, recording.id)
    labels = list(dict.fromkeys(wanted.selected_custom_labels))
    possible = {row.label for row in await _definitions(call, kind.id)}
    unknown = [place for place, label in enumerate(wanted.selected_custom_labels) if label not in possible]
    if unknown:
        raise invalid([issue("custom", ["selectedCustomLabels", place], "Is not an outcome that can be chosen")
                       for place in unknown])  # fmt: skip
    if len(labels) > (most := kind.multiple_outcomes or 1):
        raise invalid([issue("too_big", ["selectedCustomLabels"], f"Array must contain at most {most} element(s)")])
    values = {
        "organization": call.organization_id,
        "id": recording.id,
        "user": user_of(call),
        "labels": Jsonb(labels),
    }
    await call.transaction.driver.execute(_CHOOSE, values)
    await call.transaction.driver.execute(_STAMP, values)
    return {"data": await _outcomes(call, recording.id)}


async def _outcomes(call: Call, recording_id: str) -> dict[str, object]:
    kind = await _kind_of(call, recording_id)
    definitions = await _definitions(call, kind.id)
    rows = await call.transaction.read(_Chosen, _CHOSEN, {"id": recording_id})
    chosen = rows[0].labels if rows else []
    meanings = {row.universal_label for row in definitions if row.label in chosen}
    return {
        "edited": bool(rows),
        "possibleOutcomes": [
            {"customLabel": row.label, "description": row.prompt or "", "universalLabel": row.universal_label}
            for row in definitions
        ],
        "selectedCustomLabels": chosen,
        "universalOutcomeLabel": next((one for one in _ORDER if one in meanings), None),
    }


async def _kind(call: Call) -> _Kind:
    """The kind of conversation in the path. Raises ApiError."""
    values = {"type": call.record_id("Conversation configuration", "conversationConfigId")}
    rows = await call.transaction.read(_Kind, _TYPE, values)
    if not rows:
        raise not_found("Conversation configuration")
    return rows[0]


async def _kind_of(call: Call, recording_id: str) -> _Kind:
    rows = await call.transaction.read(_Kind, _KIND_OF, {"id": recording_id})
    if not rows:
        raise not_found("Conversation configuration")
    return rows[0]


async def _definitions(call: Call, type_id: str) -> Sequence[_Definition]:
    return await call.transaction.read(_Definition, _OF_TYPE, {"type": type_id})


def _may_define(call: Call) -> None:
    if call.caller.role == "rep":
        raise failed(403, "Coaches and administrators define outcomes")


def _definition(row: _Definition) -> dict[str, object]:
    return {
        "id": row.id,
        "customOutcomeLabel": row.label,
        "universalOutcomeLabel": row.universal_label,
        "prompt": row.prompt,
        "dateCreated": moment(row.created_at),
        "dateUpdated": moment(row.updated_at),
    }
