"""The stream of live updates. It says that something changed, and nothing else."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from fieldnote.console.access.guard import session_token
from fieldnote.console.access.sessions import fingerprint, is_good
from fieldnote.console.context import console_of
from fieldnote.console.live.answer import LiveAnswer
from fieldnote.console.live.change_check import look_at
from fieldnote.console.live.watcher import Watcher

router = APIRouter()


@router.get("/live", response_model=None)
async def live(request: Request) -> Response:
    """Server-sent events: `changed`, when pages should ask for themselves again."""
    console, watcher, token = console_of(request), watcher_of(request), session_token(request)
    session = fingerprint(token).hex()
    if not watcher.begin(session):
        return PlainTextResponse("Too many open pages.\n", status_code=429, headers={"retry-after": "30"})
    return LiveAnswer(watcher, session, is_good=partial(is_good, console.engine, token), stopping=console.stopping)


def watcher_of(request: Request) -> Watcher:
    """The application's."""
    found: Watcher | None = getattr(request.app.state, "watcher", None)
    if found is None:
        found = request.app.state.watcher = Watcher(look_at(console_of(request)))
    return found
