"""The organization's kinds of conversation, and the further questions for the summaries of each.

Everybody reads them; coaches and administrators change them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeVar
from uuid import NAMESPACE_URL, uuid5

from psycopg.types.json import Jsonb

from fieldnote.siro.models import (
    ConversationConfigurationCreate,
    ConversationConfigurationUpdate,
    RequestModel,
    SummaryPromptsSave,
)
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, not_found
from fieldnote.workspace.resources.organization.tokens import own
from fieldnote.workspace.resources.recordings.intake import read_exactly
from fieldnote.workspace.rows import Id

M = TypeVar("M", bound=RequestModel)

_TYPES: Final = """
select id::text, organization_id::text, display_name, bookmark_group_ids, multi_speaker, halftime_mode
  from conversation_types
"""
_ALL: Final = _TYPES + " order by created_at, id"
_ONE: Final = _TYPES + " where id = %(id)s"
_CREATE: Final = """
insert into conversation_types (organization_id, display_name, bookmark_group_ids)
values (%(organization)s, %(name)s, %(groups)s) returning id::text
"""
_UPDATE: Final = """
update conversation_types
   set display_name = coalesce(%(name)s, display_name), bookmark_group_ids = coalesce(%(groups)s, bookmark_group_ids),
       multi_speaker = coalesce(%(multi_speaker)s, multi_speaker),
       halftime_mode = coalesce(%(halftime)s, halftime_mode)
 where id = %(id)s
"""
_PROMPTS: Final = """
select id::text, conversation_type_id::text, header, prompt, position from summary_prompts
 where conversation_type_id = any(%(ids)s::uuid[]) order by position, created_at, id
"""
_ADD_PROMPT: Final = """
insert into summary_prompts (organization_id, conversation_type_id, header, prompt, position, created_at)
values (%(organization)s, %(type)s, %(header)s, %(prompt)s, %(position)s, clock_timestamp())
"""
_FORGET_PROMPTS: Final = "delete from summary_prompts where conversation_type_id = %(type)s"
_INDUSTRY: Final = (
    ("Why now", "What made the customer ask for a visit, and what happens if nothing is done?"),
    ("Scope of the work", "Which rooms, roofs, systems or parts of the house is the work about?"),
    ("Other offers", "Which other companies, bids or quotes does the customer have?"),
    ("Financing", "What was said about financing, monthly payments, insurance or deposits?"),
    ("Promises", "What was promised about warranty, permits, cleanup or the start of the work?"),
)
"""Prompts that a contractor may begin with: the workspace's own."""


class _Type(NamedTuple):
    id: str
    organization_id: str
    display_name: str
    bookmark_group_ids: list[str]
    multi_speaker: bool
    halftime_mode: bool


class _Prompt(NamedTuple):
    id: str
    conversation_type_id: str
    header: str | None
    prompt: str
    position: float


async def list_types(call: Call) -> dict[str, object]:
    """All kinds of conversation, the oldest first: a recording that names none is of that."""
    [organization] = call.required("organizationId")
    own(call, organization)
    rows = await call.transaction.read(_Type, _ALL, {})
    prompts = await _prompts_of(call, [row.id for row in rows])
    return {"data": [_type(row) | {"summaryPrompts": _prompts(prompts.get(row.id, []))} for row in rows]}


async def create_type(call: Call) -> dict[str, object]:
    """Add a kind of conversation."""
    wanted = _read(call, ConversationConfigurationCreate)
    own(call, wanted.organization_id)
    values = {
        "organization": call.organization_id,
        "name": wanted.display_name,
        "groups": Jsonb(list(wanted.bookmark_group_ids)),
    }
    [made] = await call.transaction.read(Id, _CREATE, values)
    return {"data": _type(await _find(call, made.id))}


async def update_type(call: Call) -> dict[str, object]:
    """Change what is given of a kind of conversation."""
    wanted = _read(call, ConversationConfigurationUpdate)
    own(call, wanted.organization_id)
    row = await _find(call, call.record_id("Conversation configuration"))
    groups = wanted.bookmark_group_ids
    values = {
        "id": row.id,
        "name": wanted.display_name,
        "groups": None if groups is None else Jsonb(list(groups)),
        "multi_speaker": wanted.enable_multi_speaker,
        "halftime": wanted.halftime_mode_enabled,
    }
    await call.transaction.driver.execute(_UPDATE, values)
    return {"data": _type(await _find(call, row.id))}


async def list_prompts(call: Call) -> dict[str, object]:
    """The questions for the summaries of a kind of conversation, in order."""
    row = await _find(call, call.record_id("Conversation configuration", "conversationTypeId"))
    return {"data": _prompts((await _prompts_of(call, [row.id])).get(row.id, []))}


async def add_prompts(call: Call) -> dict[str, object]:
    """Ask more, behind what is asked."""
    return await _save_prompts(call, replace=False)


async def replace_prompts(call: Call) -> dict[str, object]:
    """Ask this and nothing else."""
    return await _save_prompts(call, replace=True)


async def list_industry_prompts(call: Call) -> dict[str, object]:
    """The first settings of an organization."""
    del call
    found = [
        {"id": str(uuid5(NAMESPACE_URL, prompt)), "promptHeader": header, "prompt": prompt, "promptIndex": place}
        for place, (header, prompt) in enumerate(_INDUSTRY)
    ]
    return {"data": found}


async def _save_prompts(call: Call, *, replace: bool) -> dict[str, object]:
    wanted = _read(call, SummaryPromptsSave, items="prompts")
    row = await _find(call, call.record_id("Conversation configuration", "conversationTypeId"))
    if replace:
        await call.transaction.driver.execute(_FORGET_PROMPTS, {"type": row.id})
    there = (await _prompts_of(call, [row.id])).get(row.id, [])
    behind = max((math.floor(one.position) + 1 for one in there), default=0)
    for place, one in enumerate(wanted.prompts, behind):
        values = {
            "organization": call.organization_id,
            "type": row.id,
            "header": one.prompt_header,
            "prompt": one.prompt,
            "position": float(place if one.prompt_index is None else one.prompt_index),
        }
        await call.transaction.driver.execute(_ADD_PROMPT, values)
    return {"data": _prompts((await _prompts_of(call, [row.id])).get(row.id, []))}


def _read(call: Call, model: type[M], *, items: str | None = None) -> M:
    """The body, of one who may change these. Raises ApiError."""
    wanted = read_exactly(call, model, items=items)
    if call.caller.role == "rep":
        raise failed(403, "Coaches and administrators change conversation configurations")
    return wanted


async def _find(call: Call, type_id: str) -> _Type:
    rows = await call.transaction.read(_Type, _ONE, {"id": type_id})
    if not rows:
        raise not_found("Conversation configuration")
    return rows[0]


async def _prompts_of(call: Call, ids: Sequence[str]) -> dict[str, list[_Prompt]]:
    found: dict[str, list[_Prompt]] = {}
    for row in await call.transaction.read(_Prompt, _PROMPTS, {"ids": list(ids)}):
        found.setdefault(row.conversation_type_id, []).append(row)
    return found


def _prompts(rows: Iterable[_Prompt]) -> list[dict[str, object]]:
    return [
        {"id": row.id, "prompt": row.prompt, "promptIndex": row.position}
        | ({} if row.header is None else {"promptHeader": row.header})
        for row in rows
    ]


def _type(row: _Type) -> dict[str, object]:
    """Bookmarks, debriefs and groups of configurations are Siro's own; the workspace has none."""
    return {
        "id": row.id,
        "orgId": row.organization_id,
        "conversationType": row.id,
        "displayName": row.display_name,
        "bookmarkGroupIds": row.bookmark_group_ids,
        "halftimeModeEnabled": row.halftime_mode,
        "belongsToConfigGroups": [],
        "debriefQuestions": [],
        "expressions": [],
    }
