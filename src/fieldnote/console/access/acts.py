"""The record of what people did: who, when, from where, to what, and what came of it.

The act is written before it is done, its result after. An act without a result was interrupted.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.console.access.guard import address_of, viewer_in
from fieldnote.console.context import console_of
from fieldnote.errors import FieldnoteError

_LONGEST: Final = 300
"""Characters of a subject: a form may send an id of any length."""


@dataclass(slots=True)
class Act:
    """An act that is being done. Set `message` to say what came of it, in a sentence without customers' words."""

    id: int
    message: str = "Done."


@dataclass(frozen=True, slots=True)
class PastAct:
    """A row of the record."""

    id: int
    at: datetime
    actor: str
    address: str
    act: str
    subject: str
    succeeded: bool | None
    """None: not known, it was interrupted or is being done."""
    message: str | None


@asynccontextmanager
async def recorded(
    request: Request, act: str, subject: str, detail: Mapping[str, Any] | None = None
) -> AsyncIterator[Act]:
    """Record that the signed-in person does something, and what comes of it.

    `act` is a short name such as `approve`; `subject` says to what, in ids; neither has a customer's words.
    """
    viewer = viewer_in(request)
    engine = console_of(request).engine
    done = await _begin(engine, viewer.user_id, viewer.email, address_of(request), act, subject, detail)
    async with _with_result(engine, done):
        yield done


@asynccontextmanager
async def recorded_command(engine: AsyncEngine, actor: str, act: str, subject: str) -> AsyncIterator[None]:
    """Record what a person does on the command line, and what comes of it."""
    done = await _begin(engine, None, actor, "command line", act, subject, None)
    async with _with_result(engine, done):
        yield


def one_of(act: str, known: Iterable[str]) -> str:
    """The act that a form names. Raises FieldnoteError for one that its page does not have."""
    if act not in known:
        raise FieldnoteError(
            f"unknown act: {act[:40]!r}; nothing was done", hint="Reload the page, and use its buttons."
        )
    return act


def after(act: Act, to: str) -> RedirectResponse:
    """Go on to a page, which shows what came of the act."""
    parts = urlsplit(to)
    query = "&".join(filter(None, (parts.query, urlencode({"done": act.id}))))
    return RedirectResponse(urlunsplit(parts._replace(query=query)), status_code=303)


async def result_of(request: Request) -> PastAct | None:
    """The act that led to this page, if it was this person's."""
    number = request.query_params.get("done", "")
    if not re.fullmatch(r"[0-9]{1,18}", number):
        return None
    viewer = viewer_in(request)
    async with console_of(request).engine.connect() as conn:
        row = (await conn.execute(_ONE, {"id": int(number), "user": viewer.user_id})).one_or_none()
    return None if row is None else PastAct(*row)


async def latest_acts(engine: AsyncEngine, *, limit: int = 50, before: int | None = None) -> list[PastAct]:
    """The latest acts, the newest first."""
    async with engine.connect() as conn:
        return [PastAct(*row) for row in await conn.execute(_LATEST, {"limit": limit, "before": before})]


@asynccontextmanager
async def _with_result(engine: AsyncEngine, act: Act) -> AsyncIterator[None]:
    try:
        yield
    except BaseException as error:
        said = error.message if isinstance(error, FieldnoteError) else type(error).__name__
        await _end(engine, act.id, succeeded=False, message=said)
        raise
    await _end(engine, act.id, succeeded=True, message=act.message)


async def _begin(
    engine: AsyncEngine,
    user_id: int | None,
    actor: str,
    address: str,
    act: str,
    subject: str,
    detail: Mapping[str, Any] | None,
) -> Act:
    values = {
        "user": user_id,
        "actor": actor,
        "address": address,
        "act": act,
        "subject": subject if len(subject) <= _LONGEST else f"{subject[:_LONGEST]}\N{HORIZONTAL ELLIPSIS}",
        "detail": None if detail is None else json.dumps(detail),
    }
    async with engine.begin() as conn:
        return Act(int((await conn.execute(_BEGIN, values)).scalar_one()))


async def _end(engine: AsyncEngine, act_id: int, *, succeeded: bool, message: str) -> None:
    async with engine.begin() as conn:
        await conn.execute(_END, {"id": act_id, "succeeded": succeeded, "message": message})


_BEGIN: Final = text("""
    insert into acts (user_id, actor, address, act, subject, detail)
    values (:user, :actor, :address, :act, :subject, cast(:detail as jsonb)) returning id
""")
_END: Final = text("insert into act_results (act_id, succeeded, message) values (:id, :succeeded, :message)")
_COLUMNS: Final = "a.id, a.acted_at, a.actor, a.address, a.act, a.subject, r.succeeded, r.message"
_ONE: Final = text(f"""
    select {_COLUMNS} from acts a left join act_results r on r.act_id = a.id where a.id = :id and a.user_id = :user
""")  # noqa: S608 - our own columns
_LATEST: Final = text(f"""
    select {_COLUMNS} from acts a left join act_results r on r.act_id = a.id
     where cast(:before as bigint) is null or a.id < :before order by a.id desc limit :limit
""")  # noqa: S608 - our own columns
