"""Sign in, sign out, and the one-time link."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from fieldnote.console.access import sessions
from fieldnote.console.access.guard import (
    LONGEST_TOKEN,
    Forbidden,
    address_of,
    check_form,
    cookie_name,
    session_token,
)
from fieldnote.console.access.password_sign_in import WINDOW, TooManyAttempts, sign_in
from fieldnote.console.access.users import count_users
from fieldnote.console.context import console_of
from fieldnote.console.rendering import bare_page

open_router = APIRouter()
"""Needs no session."""

_LONGEST: Final = int(sessions.LONGEST.total_seconds())
_FORM_LASTS: Final = 3600


def login_address(request: Request) -> str:
    """The sign-in, which leads back to this page."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = here if request.method == "GET" and here != "/" else ""
    return "/login" + (f"?{urlencode({'next': back})}" if back else "")


@open_router.get("/login")
async def login_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    return await _login_page(request, next)


@open_router.post("/login")
async def login(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    await check_form(request, _form_token(request))
    console, address = console_of(request), address_of(request)
    try:
        checks = request.app.state.checks
        user_id = await sign_in(console.engine, checks, email=email, password=password, address=address)
    except TooManyAttempts:
        minutes = int(WINDOW.total_seconds() // 60)
        problem = f"Too many failed sign-ins. Wait {minutes} minutes, then try again."
        return await _login_page(request, next, email=email, problem=problem, status=429)
    if user_id is None:
        problem = "The email or the password is not right."
        return await _login_page(request, next, email=email, problem=problem, status=403)
    return await _signed_in(request, user_id, _own_path(next))


@open_router.get("/once/{token}")
async def one_time_link(request: Request, token: str) -> Response:
    """Sign in by a link that a command printed. It works once, and from this machine alone."""
    if not _from_this_machine(request):
        raise Forbidden("A one-time link works only on the machine that runs the console.")
    user_id = await sessions.use_link(console_of(request).engine, token[:LONGEST_TOKEN])
    if user_id is None:
        if session_token(request):
            return RedirectResponse("/", status_code=303)
        raise Forbidden("This link was already used, or is too old. Start the command again to get a new link.")
    return await _signed_in(request, user_id, "/")


@open_router.post("/logout")
async def logout(request: Request) -> Response:
    await check_form(request, session_token(request))
    await sessions.end(console_of(request).engine, session_token(request))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(cookie_name(request), path="/")
    return answer


async def _login_page(
    request: Request, back: str, *, email: str = "", problem: str = "", status: int = 200
) -> Response:
    token = _form_token(request) or secrets.token_urlsafe(24)  # one for all tabs
    users = await count_users(console_of(request).engine)
    answer = bare_page(
        "login.html",
        status=status,
        csrf=sessions.csrf_token(token),
        back=_own_path(back),
        email=email,
        problem=problem,
        has_users=users > 0,
    )
    _set_cookie(request, answer, f"{cookie_name(request)}_form", token, _FORM_LASTS)
    return answer


async def _signed_in(request: Request, user_id: int, to: str) -> Response:
    engine = console_of(request).engine
    if old := session_token(request):
        await sessions.end(engine, old)
    token = await sessions.begin(engine, user_id, address_of(request))
    answer = RedirectResponse(to, status_code=303)
    _set_cookie(request, answer, cookie_name(request), token, _LONGEST)
    return answer


def _set_cookie(request: Request, answer: Response, name: str, value: str, lasts: int) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=lasts, path="/", httponly=True, samesite="lax", secure=secure)


def _form_token(request: Request) -> str:
    return request.cookies.get(f"{cookie_name(request)}_form", "")[:LONGEST_TOKEN]


def _own_path(path: str) -> str:
    """A path of this site; the first page for anything else."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if safe else "/"


def _from_this_machine(request: Request) -> bool:
    try:
        ip = ipaddress.ip_address(address_of(request))
    except ValueError:
        return False
    return ip.is_loopback or (
        isinstance(ip, ipaddress.IPv6Address) and bool(ip.ipv4_mapped and ip.ipv4_mapped.is_loopback)
    )
