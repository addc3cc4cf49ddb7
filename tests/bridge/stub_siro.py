"""A small Siro with a state, on a port of its own: what the bridge's tests speak to over real HTTP."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

CONNECTION = "11111111-1111-4111-8111-111111111111"

Fault = Callable[[str, str, Any], Response | None]
"""Looks at method, path and body, and answers in the server's place, or not."""


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass
class StubSiro:
    """What the server holds, and what it was asked."""

    token: str = "stub-token"
    organization_id: str = "org-1"
    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"engagements": {}, "opportunities": {}}
    )
    """By stream and externalId: the last payload, with `id`."""
    recordings: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    puts: Counter[tuple[str, str]] = field(default_factory=Counter)
    fault: Fault | None = None
    delay: float = 0.0
    url: str = ""

    # --- what a test does

    def record(
        self,
        recording_id: str,
        *,
        started_at: datetime,
        engagement: str | None = None,
        opportunity: str | None = None,
        said: dict[str, Any] | None = None,
        summary: str | None = None,
        processed: bool = True,
        connection: str = CONNECTION,
        moved: datetime | None = None,
    ) -> None:
        """Add a recording, or replace it; `moved` is its updatedAt, by default now."""
        crm: dict[str, Any] = {"integrationConnectionId": connection}
        for model, stream, key in (
            ("engagement", "engagements", engagement),
            ("opportunity", "opportunities", opportunity),
        ):
            if key is not None:
                known = self.records[stream].get(key)
                crm[model] = {"id": known["id"] if known else f"foreign-{key}", "externalId": key}
        self.recordings[recording_id] = {
            "id": recording_id,
            "organizationId": self.organization_id,
            "userId": "user-1",
            "title": f"Talk {recording_id}",
            "createdAt": iso(started_at),
            "updatedAt": iso(moved or datetime.now(UTC)),
            "deleted": False,
            "isProcessingDone": processed,
            "isSummaryDone": summary is not None,
            "isEntityExtractionDone": said is not None,
            "links": {"web": {"self": f"https://app.siro.ai/recordings/{recording_id}"}},
            "summary": [{"id": "s", "name": "Summary", "content": summary}] if summary else [],
            "entityExtractions": [{"name": name, "value": value} for name, value in (said or {}).items()],
            **({"crm": crm} if engagement or opportunity else {}),
        }

    def forget_calls(self) -> None:
        self.calls.clear()

    def count(self, method: str) -> int:
        return sum(1 for used, _ in self.calls if used == method)

    # --- what the server does

    def sync(self, stream: str, payload: dict[str, Any]) -> dict[str, Any]:
        known = self.records[stream].get(payload["externalId"])
        siro_id = known["id"] if known else str(uuid.uuid5(uuid.NAMESPACE_URL, f"{stream}/{payload['externalId']}"))
        stored = {**payload, "id": siro_id}
        self.records[stream][payload["externalId"]] = stored
        self.puts[stream, payload["externalId"]] += 1
        now = iso(datetime.now(UTC))
        answer = {"id": siro_id, "externalId": payload["externalId"], "organizationId": self.organization_id}
        return {"data": answer | {"createdAt": now, "updatedAt": now, "engagementType": "x"}}

    def page(self, since: str | None, cursor: str | None, size: int) -> dict[str, Any]:
        items = sorted(self.recordings.values(), key=lambda item: item["id"])
        if since is not None:
            start = datetime.fromisoformat(since)
            items = [item for item in items if datetime.fromisoformat(item["updatedAt"]) >= start]
        begin = int(cursor or 0)
        rest = begin + size
        return {"data": items[begin:rest], "cursor": str(rest) if rest < len(items) else None}


def make_app(stub: StubSiro) -> FastAPI:
    app = FastAPI()
    organization = "/api-externalApi/v1"

    @app.middleware("http")
    async def watch(request: Request, call_next: Any) -> Response:
        stub.calls.append((request.method, request.url.path))
        if stub.delay:
            await asyncio.sleep(stub.delay)
        is_user_call = not request.url.path.startswith(organization)
        if not is_user_call and request.headers.get("authorization") != f"Bearer {stub.token}":
            return JSONResponse({"error": "Unauthorized"}, 401)
        body = await request.json() if request.method in {"PUT", "POST"} else None
        if stub.fault is not None:
            answer = stub.fault(request.method, request.url.path, body)
            if answer is not None:
                return answer
        result: Response = await call_next(request)
        return result

    @app.get(f"{organization}/core/auth/caller-identity")
    async def identity() -> dict[str, Any]:
        return {
            "organizationId": stub.organization_id,
            "tokenId": "t",
            "tokenName": "n",
            "createdAt": iso(datetime.now(UTC)),
        }

    @app.put(f"{organization}/integrations/sync/{{stream}}")
    async def sync(stream: str, request: Request) -> dict[str, Any]:
        return stub.sync(stream, await request.json())

    @app.get(f"{organization}/core/recordings")
    async def recordings(request: Request) -> dict[str, Any]:
        query = request.query_params
        return stub.page(query.get("updatedAt:gte"), query.get("cursor"), int(query.get("pageSize", "25")))

    @app.get(f"{organization}/core/recordings/{{recording_id}}")
    async def recording(recording_id: str) -> Response:
        found = stub.recordings.get(recording_id)
        return JSONResponse(found) if found else JSONResponse({"error": "Not found"}, 404)

    @app.post(f"{organization}/core/oauth/apps/{{client_id}}/access-token")
    async def mint(client_id: str) -> dict[str, Any]:
        return {"accessToken": f"user-{client_id}", "accessTokenId": "a"}

    @app.get("/v1/core/entities/extractions/{recording_id}")
    async def extractions(recording_id: str) -> dict[str, Any]:
        return {"data": stub.rows.get(recording_id, [])}

    return app


@contextmanager
def serve(stub: StubSiro) -> Iterator[StubSiro]:
    """Run the stub in a thread; `stub.url` is the base URL of the organization's API."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_app(stub), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield stub
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def ago(**units: float) -> datetime:
    return datetime.now(UTC) - timedelta(**units)
