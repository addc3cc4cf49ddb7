"""The operator's language model, for organizations that opted in: settings, answers, and the tokens of each day."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.insight.definitions import Definition, read_definitions
from fieldnote.insight.llm.client import ChatClient
from fieldnote.insight.llm.errors import LlmError
from fieldnote.insight.llm.extract import LlmResult, extract_by_llm
from fieldnote.insight.llm.settings import LlmSettings
from fieldnote.insight.talk.roles import Role
from fieldnote.insight.talk.turns import talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from fieldnote.workspace.insight_pool import InsightFailed
from fieldnote.workspace.rows import read_rows
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

T = TypeVar("T")

_OPT: Final = text("update organizations set language_model = :wanted where id::text = :organization")
_OPTED: Final = text("select language_model from organizations where id::text = :organization")
_ANSWER: Final = text("select answer from model_answers where recording_id = :id and key = :key")
# Not for a recording that was erased meanwhile.
_KEEP: Final = text("""
insert into model_answers (organization_id, recording_id, key, answer)
select r.organization_id, r.id, :key, :answer from recordings r
 where r.id = :id and r.root_data_purged_at is null and r.deleted_at is null
   for share
    on conflict (recording_id, key) do update set answer = excluded.answer, created_at = now()
""")
_TODAY: Final = text("select coalesce(sum(tokens), 0) from model_usage where day = :day")
_SPEND: Final = text("""
insert into model_usage (organization_id, day, calls, tokens) values (:organization, :day, :calls, :tokens)
    on conflict (organization_id, day) do update
   set calls = model_usage.calls + excluded.calls, tokens = model_usage.tokens + excluded.tokens
""")
_USAGE: Final = text("""
select coalesce(sum(calls) filter (where day = :day), 0) as calls_today,
       coalesce(sum(tokens) filter (where day = :day), 0) as tokens_today,
       coalesce(sum(calls), 0) as calls_in_30_days, coalesce(sum(tokens), 0) as tokens_in_30_days
  from model_usage where day > :day - 30
""")


class _Usage(NamedTuple):
    calls_today: int
    tokens_today: int
    calls_in_30_days: int
    tokens_in_30_days: int


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """The language model and an organization."""

    model: str | None
    """The model's name; None: the operator has none."""
    opted_in: bool
    calls_today: int
    tokens_today: int
    daily_tokens: int | None
    """The budget of a day."""
    calls_in_30_days: int
    tokens_in_30_days: int


async def opt(conn: AsyncConnection, organization_id: str, *, wanted: bool) -> None:
    """Let the organization's conversations go to the operator's model, or no longer."""
    await conn.execute(_OPT, {"organization": organization_id, "wanted": wanted})


async def usage(workspace: Workspace, organization_id: str) -> ModelUsage:
    """The calls and tokens of an organization."""
    async with inside(workspace.engine, organization_id) as conn:
        opted = (await conn.execute(_OPTED, {"organization": organization_id})).scalar_one()
        [row] = await read_rows(conn, _Usage, _USAGE, {"day": _today()})
    settings = workspace.llm
    return ModelUsage(
        None if settings is None else settings.model,
        opted,
        int(row.calls_today),
        int(row.tokens_today),
        None if settings is None else settings.daily_tokens,
        int(row.calls_in_30_days),
        int(row.tokens_in_30_days),
    )


async def ask_model(
    workspace: Workspace, organization_id: str, recording_id: str, request: Mapping[str, Any]
) -> dict[str, Any]:
    """Values and summary by the language model, as an insight process replies. Raises InsightFailed.

    It works in a thread with an event loop of its own: calls to the server do not wait for it.
    """
    assert workspace.llm is not None  # noqa: S101 - the caller has looked
    settings, loop = workspace.llm, asyncio.get_running_loop()
    store = _Store(workspace.engine, organization_id, recording_id, loop)
    definitions = read_definitions(request["definitions"])
    try:
        result = await asyncio.to_thread(asyncio.run, _extract(settings, request, definitions, store))
    except LlmError as error:
        raise InsightFailed(error.message) from error
    # A proposed value needs a person, and nobody confirms it here.
    values = {one.name: one.value for one in result.extractions if not one.proposed}
    return {"values": values, "summary": result.summary.text or f"{result.summary.title}."}


async def _extract(
    settings: LlmSettings, request: Mapping[str, Any], definitions: tuple[Definition, ...], store: _Store
) -> LlmResult:
    visit = Visit(
        datetime.fromisoformat(request["started_at"]),
        rep_name=request["rep_name"],
        customer=request["customer"],
        project=request["title"],
    )
    roles = {label: Role(role) for label, role in request["roles"].items()}
    talk = talk_of([Utterance(**entry) for entry in request["utterances"]], visit, roles)
    async with ChatClient(settings) as client:
        result = await extract_by_llm(client, settings, talk, definitions, store)
    await store.count_calls(result.cost.calls)
    return result


class _Store:
    """Answers and tokens in the database, from a thread with another event loop."""

    def __init__(
        self, engine: AsyncEngine, organization_id: str, recording_id: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._engine = engine
        self._organization_id = organization_id
        self._recording_id = recording_id
        self._loop = loop

    async def answer(self, key: str) -> str | None:
        return await self._there(self._answer(key))

    async def keep_answer(self, key: str, answer: str) -> None:
        await self._there(self._run(_KEEP, {"id": self._recording_id, "key": key, "answer": answer}))

    async def tokens_today(self) -> int:
        return await self._there(self._tokens())

    async def spend(self, tokens: int) -> None:
        await self._there(self._spend(0, tokens))

    async def count_calls(self, calls: int) -> None:
        """Count calls to the endpoint."""
        await self._there(self._spend(calls, 0))

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _answer(self, key: str) -> str | None:
        async with inside(self._engine, self._organization_id) as conn:
            found = (await conn.execute(_ANSWER, {"id": self._recording_id, "key": key})).scalar_one_or_none()
            return None if found is None else str(found)

    async def _tokens(self) -> int:
        async with inside(self._engine, self._organization_id) as conn:
            return int((await conn.execute(_TODAY, {"day": _today()})).scalar_one())

    async def _spend(self, calls: int, tokens: int) -> None:
        values = {"organization": self._organization_id, "day": _today(), "calls": calls, "tokens": tokens}
        await self._run(_SPEND, values)

    async def _run(self, statement: TextClause, values: Mapping[str, object]) -> None:
        async with inside(self._engine, self._organization_id) as conn:
            await conn.execute(statement, values)


def _today() -> date:
    return datetime.now(UTC).date()
