"""FastAPI dependencies: who looks, whether they may act, and whether a form comes from its own page."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from fieldnote.console.access.reads import opened
from fieldnote.console.access.roles import Role, Viewer
from fieldnote.console.access.sessions import csrf_token, viewer_of
from fieldnote.console.context import console_of
from fieldnote.console.likely_next import is_prefetch

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
LONGEST_TOKEN: Final = 200


class SignInNeeded(Exception):
    """There is no good session."""


class Forbidden(Exception):
    """The person may not see or do this. The message says why, for them."""


def cookie_name(request: Request) -> str:
    """The session's cookie, by port: cookies of two consoles on one host are kept apart."""
    return f"fieldnote_console_{request.app.state.port}"


def session_token(request: Request) -> str:
    """The token of the request's cookie; empty without one."""
    return request.cookies.get(cookie_name(request), "")[:LONGEST_TOKEN]


def address_of(request: Request) -> str:
    """Where the request comes from. Only a trusted proxy's header changes it."""
    return request.client.host if request.client is not None else "unknown"


async def viewer(request: Request) -> Viewer:
    """The signed-in user. Raises `SignInNeeded`."""
    found: Viewer | None = getattr(request.state, "viewer", None)
    if found is None:
        console, token = console_of(request), session_token(request)
        seen = not is_prefetch(request)
        found = await viewer_of(console.engine, token, console.connection, seen=seen) if token else None
        if found is None:
            raise SignInNeeded
        request.state.viewer = found
    return found


def viewer_in(request: Request) -> Viewer:
    """The signed-in user of a request that has passed `viewer`."""
    found = getattr(request.state, "viewer", None)
    if not isinstance(found, Viewer):
        raise SignInNeeded
    return found


async def guard(request: Request, viewer: Annotated[Viewer, Depends(viewer)]) -> None:
    """For every page: a POST must be a form of this session, from a user who may change something."""
    if request.method in SAFE:
        request.state.opened = opened(request, viewer, address_of(request))
        return
    await check_form(request, session_token(request))
    if not viewer.acts:
        raise Forbidden("Your role only reads. Ask an administrator of this console for another role.")


async def check_form(request: Request, token: str) -> None:
    """Raise `Forbidden` unless the form has the token that belongs to `token`, and comes from this site."""
    form = await request.form()
    if any("\0" in value for value in form.values() if isinstance(value, str)):
        raise Forbidden("The form has an invalid character.")
    given = form.get("csrf")
    fits = isinstance(given, str) and hmac.compare_digest(given.encode(), csrf_token(token).encode())
    if not token or not fits or not _from_here(request):
        raise Forbidden("The form has expired or comes from another site. Go back, reload the page and send it again.")


def _from_here(request: Request) -> bool:
    """By the headers that browsers set and pages cannot change."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def may_act(viewer: Viewer, rep_ids: Iterable[str | None]) -> bool:
    """Whether the user may act on records of these reps: an admin always, a coach or rep if all are theirs."""
    if viewer.role is Role.ADMIN:
        return True
    reps = list(rep_ids)
    return viewer.acts and bool(reps) and all(viewer.sees(rep) for rep in reps)


def act_on(viewer: Viewer, rep_ids: Iterable[str | None]) -> None:
    """Raise `Forbidden` unless `may_act`."""
    if not may_act(viewer, rep_ids):
        raise Forbidden("This belongs to a rep who is not in your team. Ask an administrator of this console.")


async def admin(viewer: Annotated[Viewer, Depends(viewer)]) -> Viewer:
    """The signed-in administrator. Raises `Forbidden`."""
    if not viewer.is_admin:
        raise Forbidden("Only administrators of this console can see this page.")
    return viewer
