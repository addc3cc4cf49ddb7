"""One CRM's stand-in: the parts of the kit around its FastAPI application."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from asyncio import Transport
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldnote.http_connection import connection_of, until_disconnected
from fieldnote.sandbox.clock import Clock, iso, parse_time
from fieldnote.sandbox.contractor import Contractor
from fieldnote.sandbox.faults import Fault, FaultKind, Faults
from fieldnote.sandbox.limits import Limit, Limits, Refusal
from fieldnote.sandbox.store import Store
from fieldnote.sandbox.tokens import Tokens
from fieldnote.sandbox.webhooks import Webhooks

NOTICE = "A stand-in made from published API specifications, not the vendor's system."
CONTROL = "/_sandbox"
_KEPT_CALLS = 100_000
_PAGE = "<!doctype html><title>Maintenance</title><p>We will be back soon."


@dataclass(frozen=True, slots=True)
class Call:
    """A call that came, and how it was answered."""

    number: int
    at: float
    """Seconds, by a clock that only goes forward."""
    method: str
    path: str
    query: str
    status: int


class StandIn(ABC):
    """A CRM. The methods of its class are the vendor's own part."""

    name: ClassVar[str]
    title: ClassVar[str]
    """The vendor's name of the product."""
    lifetime: ClassVar[timedelta | None] = None
    """How long a token is good."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = Store(self.clock)
        self.tokens = Tokens(self.clock, lifetime=self.lifetime)
        self.limits = Limits(self.clock)
        self.faults = Faults()
        self.webhooks = Webhooks()
        self.calls: deque[Call] = deque(maxlen=_KEPT_CALLS)
        self.url = "http://127.0.0.1"
        """Where it is served; the server sets it."""
        self._number = 0

    # --- what a CRM says

    @abstractmethod
    def add_routes(self, app: FastAPI) -> None:
        """The CRM's own paths."""

    @abstractmethod
    def fill(self, contractor: Contractor) -> None:
        """Pour a contractor's records in."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The variables that `fieldnote init` asks for, with this stand-in's values."""

    @abstractmethod
    def unauthorized(self, request: Request) -> Response:
        """The answer to a call without a good token."""

    @abstractmethod
    def too_many(self, refusal: Refusal) -> Response:
        """The answer to a call too many."""

    def needs_token(self, request: Request) -> bool:
        """Whether this path asks for a token."""
        return "oauth" not in request.url.path and "connect/token" not in request.url.path

    def token_of(self, request: Request) -> str | None:
        """The token that a call carries."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        return token if kind.lower() == "bearer" else None

    def limits_of(self, request: Request) -> tuple[str, ...]:
        """The limits that count this call."""
        del request
        return ()

    def failure(self, status: int) -> Response:
        """The CRM's answer when it fails."""
        return JSONResponse({"message": "internal error"}, status_code=status)

    def headers(self, request: Request) -> dict[str, str]:
        """The headers of every answer."""
        del request
        return {}

    # --- the application

    def app(self) -> ASGIApp:
        """The application, with all that goes around a call."""
        app = FastAPI(title=f"{self.title} stand-in", description=NOTICE, openapi_url=None, docs_url=None)
        self.add_routes(app)
        _add_control(app, self)
        return _Around(app, self)

    def log(self, request: Request, status: int) -> None:
        """Keep that a call came."""
        self._number += 1
        call = Call(self._number, time.monotonic(), request.method, request.url.path, request.url.query, status)
        self.calls.append(call)


class _Around:
    """Log, fault, token, limit, work, fault."""

    def __init__(self, app: ASGIApp, crm: StandIn) -> None:
        self._app = app
        self._crm = crm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        fault = self._crm.faults.take(request.method, request.url.path)
        connection = connection_of(scope)
        scope["state"] = {"fault": fault}
        refused = self._refused(request, fault)
        if refused is not None:
            self._crm.log(request, refused.status_code)
            refused.headers.update(self._crm.headers(request))
            await refused(scope, receive, send)
            return
        if fault is not None and fault.kind is FaultKind.LOST:
            await self._app(scope, receive, _swallow)
            self._crm.log(request, fault.status)
            await self._crm.failure(fault.status)(scope, receive, send)
            return
        if _is(fault, FaultKind.CUT):
            await self._app(scope, receive, self._answering(request, _half(send, connection)))
            await until_disconnected(receive)
            return
        await self._app(scope, receive, self._answering(request, send))

    def _refused(self, request: Request, fault: Fault | None) -> Response | None:
        crm = self._crm
        if _is(fault, FaultKind.EXPIRED):
            crm.tokens.expire()
        if fault is not None and fault.kind is FaultKind.STATUS:
            return crm.failure(fault.status)
        if _is(fault, FaultKind.HTML):
            return HTMLResponse(_PAGE)
        if crm.needs_token(request) and not crm.tokens.good(crm.token_of(request)):
            return crm.unauthorized(request)
        names = crm.limits_of(request)
        if fault is not None and fault.kind is FaultKind.BUSY:
            name = fault.limit or (names[0] if names else "")
            limit = crm.limits[name] if name else Limit("", 0, 1, crm.clock)
            return crm.too_many(Refusal(limit, min(limit.seconds, 1.0)))
        refusal = crm.limits.take(names)
        return None if refusal is None else crm.too_many(refusal)

    def _answering(self, request: Request, send: Send) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._crm.log(request, message["status"])
                own = [(name.lower().encode(), text.encode()) for name, text in self._crm.headers(request).items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        return answer


def _half(send: Send, connection: Transport) -> Send:
    """Send less than Content-Length promises, and then end the connection."""

    async def answer(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        half = message["body"][: len(message["body"]) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        connection.close()

    return answer


def _is(fault: Fault | None, kind: FaultKind) -> bool:
    return fault is not None and fault.kind is kind


async def _swallow(message: Message) -> None:
    del message


def fault_of(request: Request) -> FaultKind | None:
    """The fault of this call, for a handler that plays it itself."""
    fault: Fault | None = request.scope.get("state", {}).get("fault")
    return None if fault is None else fault.kind


# --- for the person at the sandbox ------------------------------------------------------------------------


def _add_control(app: FastAPI, crm: StandIn) -> None:
    @app.get(CONTROL)
    async def about() -> dict[str, Any]:
        tables = {name: len(crm.store.table(name)) for name in crm.store.tables}
        return {"crm": crm.title, "notice": NOTICE, "tables": tables, "now": iso(crm.clock.now())}

    @app.get(f"{CONTROL}/tables/{{table}}")
    async def records(table: str) -> Response:
        if table not in crm.store.tables:
            return JSONResponse({"message": f"no table '{table}'"}, status_code=404)
        found = crm.store.table(table).all()
        return JSONResponse(
            [
                {"id": version.id, "modified": iso(version.modified), "values": dict(version.values),
                 "archived": None if version.archived is None else iso(version.archived)}
                for version in found
            ]
        )  # fmt: skip

    @app.get(f"{CONTROL}/calls")
    async def calls(last: int = 100) -> list[dict[str, Any]]:
        kept = list(crm.calls)[-last:]
        return [{"method": c.method, "path": c.path, "query": c.query, "status": c.status} for c in kept]

    @app.post(f"{CONTROL}/faults")
    async def arm(request: Request) -> Response:
        try:
            crm.faults.arm(Fault(**await request.json()))
        except (TypeError, ValueError) as error:
            return JSONResponse({"message": str(error)}, status_code=400)
        return Response(status_code=204)

    @app.delete(f"{CONTROL}/faults")
    async def disarm() -> Response:
        crm.faults.clear()
        return Response(status_code=204)

    @app.post(f"{CONTROL}/clock")
    async def clock(request: Request) -> Response:
        given = await request.json()
        try:
            if "at" in given:
                crm.clock.freeze(parse_time(given["at"]))
            crm.clock.advance(float(given.get("advance", 0)))
        except (AttributeError, TypeError, ValueError) as error:
            return JSONResponse({"message": str(error)}, status_code=400)
        return JSONResponse({"now": iso(crm.clock.now())})
