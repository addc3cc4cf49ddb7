"""The HTTP side of the workspace."""

from __future__ import annotations

import logging
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute, APIRouter
from starlette.exceptions import HTTPException
from starlette.routing import Match

from fieldnote import __version__
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.http import routes_organization as organization
from fieldnote.workspace.http import routes_user as user
from fieldnote.workspace.http.calls import SLASH
from fieldnote.workspace.http.edge import Edge
from fieldnote.workspace.http.endpoints import AsciiJson
from fieldnote.workspace.http.failed_logins import FailedLogins
from fieldnote.workspace.http.rate_limit import RateLimit
from fieldnote.workspace.http.request_batching import RequestBatcher
from fieldnote.workspace.resources import own
from fieldnote.workspace.resources.recordings import audio, pages

log = logging.getLogger(__name__)

ROUTERS: Final[tuple[APIRouter, ...]] = (organization.router, user.router, own.router, audio.router, pages.router)


def create_app(
    workspace: Workspace, *, rate_limit: RateLimit | None = None, failed_logins: FailedLogins | None = None
) -> FastAPI:
    """Siro's API over an open workspace. Jobs are the server's: see `fieldnote.workspace.server`.

    Without `rate_limit` a token may call as often as it likes; without `failed_logins` none is slowed.
    """
    app = FastAPI(
        title="Fieldnote workspace",
        version=__version__,
        description="A Siro-compatible API: organization-token calls below `/api-externalApi/v1`, user-token calls "
        "below `/v1`. The workspace's own operations are below `/fieldnote/v1`.",
        # Of a server that others reach, nobody without a token learns what it offers.
        openapi_url="/openapi.json" if workspace.on_loopback and workspace.public_url is None else None,
        redirect_slashes=False,  # a path with one slash too many is unknown
    )
    app.state.workspace = workspace
    app.state.batcher = RequestBatcher(workspace.connections, workspace.audit)
    app.state.rate_limit = rate_limit
    app.state.admitted = {}
    app.state.failed_logins = failed_logins
    for router in ROUTERS:
        # Not `include_router`: it builds all routes again for each app, and matches the path of each request twice.
        app.router.routes.extend(router.routes)
    app.add_middleware(Edge)
    app.add_exception_handler(HTTPException, _unknown_path)
    app.add_exception_handler(Exception, _fault)
    return app


async def _unknown_path(request: Request, error: Exception) -> Response:
    """As the gateway answers for a path, or a method on it, that it does not know."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    path = request.scope["path"].replace(SLASH, "%2F")
    message = f"The current request is not defined by this API: {request.method} {path}"
    headers = {"Allow": ", ".join(_allowed(request))} if status == 405 else None
    return AsciiJson({"code": status, "message": message}, status_code=status, headers=headers)


def _allowed(request: Request) -> list[str]:
    """The methods that some route takes on this path."""
    found = {
        method
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


async def _fault(request: Request, error: Exception) -> JSONResponse:
    log.error("request_failed", extra={"method": request.method, "error": type(error).__name__})
    return JSONResponse({"error": "Internal server error"}, status_code=500)
