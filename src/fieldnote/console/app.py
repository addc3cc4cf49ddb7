"""The application: every page behind the sign-in, one policy for all answers, and errors that a person can read."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

import fieldnote.console.pages
from fieldnote.console import likely_next
from fieldnote.console.access.guard import Forbidden, SignInNeeded, guard, viewer
from fieldnote.console.access.passwords import PasswordChecks
from fieldnote.console.access.reads import Reads
from fieldnote.console.connected import Missing, NotConnected
from fieldnote.console.context import Console
from fieldnote.console.pages import signing_in
from fieldnote.console.policy import Policy
from fieldnote.console.rendering import STATIC, bare_page, page
from fieldnote.errors import DatabaseError, FieldnoteError

log = logging.getLogger(__name__)


def create_app(console: Console, *, port: int) -> FastAPI:
    """The application. `port` names its cookies.

    Every module of `pages` that has a `router` is included; its routes need a session, and its forms the CSRF token.
    """
    reads = Reads(console.bridge)
    app = FastAPI(
        title="Fieldnote console",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Policy, settings=console.settings, reads=reads)],
    )
    app.state.reads = reads
    app.state.console, app.state.port, app.state.checks = console, port, PasswordChecks()
    app.include_router(signing_in.open_router)
    app.include_router(likely_next.open_router)
    for router in _routers():
        app.include_router(router, dependencies=[Depends(guard)])
    app.state.paths = frozenset(route.path for route in guarded_routes())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _handle_errors(app)
    return app


def guarded_routes() -> list[APIRoute]:
    """Every route that needs a session. FastAPI keeps an included router whole: the application does not list them."""
    return [route for router in _routers() for route in router.routes if isinstance(route, APIRoute)]


def _routers() -> Iterator[APIRouter]:
    """The routers of all pages, by the names of their modules."""
    package = fieldnote.console.pages
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        router = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "router", None)
        if isinstance(router, APIRouter):
            yield router


def _handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(FieldnoteError, _refused)
    app.add_exception_handler(Missing, _missing)
    app.add_exception_handler(NotConnected, _not_connected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseError, _no_database)
    app.add_exception_handler(OperationalError, _no_database)
    app.add_exception_handler(Exception, _defect)


async def _sign_in(request: Request, error: Exception) -> Response:
    """A person is sent to the sign-in, and comes back; a script, a stream or a player gets 401."""
    del error
    if "text/html" not in request.headers.get("accept", ""):
        return Response("Sign in first.\n", status_code=401, media_type="text/plain")
    return RedirectResponse(signing_in.login_address(request), status_code=303)


async def _forbidden(request: Request, error: Exception) -> Response:
    return await _error(request, 403, "You do not have permission for this", str(error))


async def _refused(request: Request, error: Exception) -> Response:
    """A problem that a person can fix."""
    if not isinstance(error, FieldnoteError):
        raise error
    return await _error(request, 409, error.message[:1].upper() + error.message[1:], error.hint or "")


async def _missing(request: Request, error: Exception) -> Response:
    hint = error.hint if isinstance(error, Missing) else None
    return await _error(request, 404, "Not found", hint or "")


async def _not_connected(request: Request, error: Exception) -> Response:
    """Beside a workspace alone there is no connection to show."""
    del error
    return await page(request, "not_connected.html")


async def _invalid(request: Request, error: Exception) -> Response:
    names = error.errors() if isinstance(error, RequestValidationError) else []
    where = ", ".join(sorted({str(one["loc"][-1]) for one in names}))
    return await _error(request, 400, "A value is missing or cannot be read", f"Check: {where}." if where else "")


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headings = {404: "This page does not exist", 405: "This address does not accept this", 413: "The form is too large"}
    return await _error(request, status, headings.get(status, "That did not work"), "")


async def _no_database(request: Request, error: Exception) -> Response:
    log.warning("console_database_unavailable", extra={"error": type(error).__name__})
    hint = "It may be starting. Reload the page in a moment; `fieldnote db status` says more."
    return await _error(request, 503, "The database does not answer", hint)


async def _defect(request: Request, error: Exception) -> Response:
    """The log has the traceback, which may quote customers."""
    del error
    return await _error(request, 500, "Something went wrong here", "Try again. The log of this console has the error.")


async def _error(request: Request, status: int, heading: str, words: str) -> Response:
    if status < 500 and await _is_signed_in(request):
        return await page(request, "error.html", status=status, heading=heading, words=words)
    return bare_page("error_bare.html", status=status, heading=heading, words=words)


async def _is_signed_in(request: Request) -> bool:
    try:
        await viewer(request)
    except SignInNeeded:
        return False
    return True
