"""A small Siro with a state, on a port of its own: what the bridge's tests speak to over real HTTP."""

from __future__ import annotations

import asyncio
import json
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


def laid_over(held: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """A record after a sync: what is not named stays; children go by their ids."""
    result = {**held, **payload}
    for name, value in payload.items():
        before = held.get(name)
        if isinstance(value, list) and value and all(isinstance(item, dict) and "externalId" in item for item in value):
            children = {child["externalId"]: child for child in before or []}
            for child in value:
                children[child["externalId"]] = {**children.get(child["externalId"], {}), **child}
            result[name] = list(children.values())
        elif (
            isinstance(value, dict) and isinstance(before, dict) and before.get("externalId") == value.get("externalId")
        ):
            result[name] = {**before, **value}
    return result


def within_batch(answer: Response, place: int) -> Response:
    body = json.loads(bytes(answer.body))
    for issue in body.get("issues", []) if isinstance(body, dict) else []:
        issue["path"] = [place, *issue["path"]]
    return JSONResponse(body, answer.status_code)


@dataclass
class StubSiro:
    """The server's records, and the calls to it."""

    token: str = "stub-token"
    organization_id: str = "org-1"
    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"engagements": {}, "opportunities": {}}
    )
    """By stream and externalId: the last payload, with `id`."""
    recordings: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    utterances: dict[str, list[str]] = field(default_factory=dict)
    users: list[dict[str, Any]] | None = None
    """None: Siro does not tell."""
    may_link: bool = True
    """Whether the user token has the scope to link."""
    sweeps: list[dict[str, Any]] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By Siro's id."""
    integrations: list[dict[str, Any]] | None = None
    """None: Siro does not say."""
    names_records: bool = True
    """Whether the complaints about a batch say which of its records is meant."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    puts: Counter[tuple[str, str]] = field(default_factory=Counter)
    fault: Fault | None = None
    chaos: Fault | None = None
    """As `fault`, for a whole call at once."""
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

    def judge(self, method: str, path: str, body: Any) -> Response | None:
        """The fault's answer to a call. A batch is as bad as the first bad record in it, and its path says which."""
        if self.fault is None or not isinstance(body, list):
            return self.fault(method, path, body) if self.fault else None
        for place, record in enumerate(body):
            answer = self.fault(method, path, record)
            if answer is not None:
                return within_batch(answer, place) if self.names_records else answer
        return None

    # --- what the server does

    def sync(self, stream: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Lay a record over what is there, as Siro does; its answer."""
        known = self.records[stream].get(payload["externalId"])
        siro_id = known["id"] if known else str(uuid.uuid5(uuid.NAMESPACE_URL, f"{stream}/{payload['externalId']}"))
        stored = {**laid_over(known or {}, payload), "id": siro_id}
        self.records[stream][payload["externalId"]] = stored
        self.puts[stream, payload["externalId"]] += 1
        now = iso(datetime.now(UTC))
        answer = {"id": siro_id, "externalId": payload["externalId"], "organizationId": self.organization_id}
        return answer | {"createdAt": now, "updatedAt": now, "engagementType": "x"}

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
        if stub.chaos is not None:
            answer = stub.chaos(request.method, request.url.path, body)
            if answer is not None:
                return answer
        if stub.fault is not None:
            answer = await asyncio.to_thread(stub.judge, request.method, request.url.path, body)
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

    @app.put(f"{organization}/integrations/sync/batch/{{stream}}")
    async def sync_batch(stream: str, request: Request) -> dict[str, Any]:
        return {"data": [stub.sync(stream, record) for record in await request.json()]}

    @app.put(f"{organization}/integrations/sync/{{stream}}")
    async def sync(stream: str, request: Request) -> dict[str, Any]:
        return {"data": stub.sync(stream, await request.json())}

    @app.get(f"{organization}/integrations/{{stream}}")
    async def listed(stream: str, request: Request) -> Response:
        if stream == "accounts":
            return JSONResponse(list(stub.accounts.values()))
        if stream not in stub.records:
            return JSONResponse({"error": "Not found"}, 404)
        alive = [record for record in stub.records[stream].values() if not record.get("deletedAt")]
        begin = int(request.query_params.get("cursor", "0"))
        rest = begin + 3
        data = [
            {key: value for key, value in record.items() if key != "engagementType"} for record in alive[begin:rest]
        ]
        return JSONResponse({"data": data, "cursor": str(rest) if rest < len(alive) else None})

    @app.post(f"{organization}/integrations/accounts")
    async def create_account(request: Request) -> Response:
        record = await request.json()
        if "addresses" not in record and "latitude" not in record:
            return JSONResponse({"error": "addresses or coordinates are needed"}, 422)
        account = {**record, "id": str(uuid.uuid4())}
        stub.accounts[account["id"]] = account
        return JSONResponse(account)

    @app.put(f"{organization}/integrations/accounts/{{account_id}}")
    async def update_account(account_id: str, request: Request) -> Response:
        if account_id not in stub.accounts:
            return JSONResponse({"error": "Not found"}, 404)
        stub.accounts[account_id] |= await request.json()
        return JSONResponse(stub.accounts[account_id])

    @app.delete(f"{organization}/integrations/accounts/{{account_id}}")
    async def delete_account(account_id: str) -> bool:
        return stub.accounts.pop(account_id, None) is not None

    @app.post(f"{organization}/integrations/sync/engagements/soft-delete-removed")
    async def soft_delete_removed(request: Request) -> dict[str, Any]:
        stub.sweeps.append(await request.json())
        return {"data": {"success": True}}

    @app.get(f"{organization}/core/recordings")
    async def recordings(request: Request) -> Response:
        query = request.query_params
        page = stub.page(query.get("updatedAt:gte"), query.get("cursor"), int(query.get("pageSize", "25")))
        return Response(json.dumps(page), media_type="application/json")

    @app.get(f"{organization}/core/recordings/{{recording_id}}")
    async def recording(recording_id: str) -> Response:
        found = stub.recordings.get(recording_id)
        missing = JSONResponse({"error": "Not found"}, 404)
        return Response(json.dumps(found), media_type="application/json") if found else missing

    @app.get(f"{organization}/integrations/accounts/{{account_id}}")
    async def account(account_id: str) -> Response:
        return JSONResponse({"message": f"no account {account_id}"}, status_code=404)

    @app.get(f"{organization}/core/users")
    async def users() -> Response:
        return JSONResponse({"error": "Not found"}, 404) if stub.users is None else JSONResponse({"data": stub.users})

    @app.get(f"{organization}/core/integrations/connections")
    async def integrations() -> Response:
        listed = stub.integrations
        return JSONResponse({"error": "Not found"}, 404) if listed is None else JSONResponse(listed)

    @app.put("/v1/core/recordings/{recording_id}/link")
    async def link(recording_id: str, request: Request) -> Response:
        if not stub.may_link:
            return JSONResponse({"error": "Forbidden"}, 403)
        siro_id = (await request.json())["id"]
        known = stub.records["engagements"].items()
        linked = {"id": siro_id, "externalId": next(key for key, record in known if record["id"] == siro_id)}
        crm = {"integrationConnectionId": CONNECTION, "engagement": linked}
        stub.recordings[recording_id] |= {"crm": crm, "updatedAt": iso(datetime.now(UTC))}
        return JSONResponse({"data": linked})

    @app.post(f"{organization}/core/oauth/apps/{{client_id}}/access-token")
    async def mint(client_id: str) -> dict[str, Any]:
        return {"accessToken": f"user-{client_id}", "accessTokenId": "a"}

    @app.get("/v1/core/entities/extractions/{recording_id}")
    async def extractions(recording_id: str) -> dict[str, Any]:
        return {"data": stub.rows.get(recording_id, [])}

    @app.get("/v1/core/recordings/{recording_id}/utterances")
    async def utterances(recording_id: str) -> dict[str, Any]:
        said = enumerate(stub.utterances.get(recording_id, []))
        parts = [
            {"speakerTag": "1", "utterance": text, "startTimeInMillis": 1000 * n, "endTimeInMillis": 1000 * n + 900}
            for n, text in said
        ]
        return {"data": {"utterances": parts, "speakerMap": {}}, "cursor": None}

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
        server.should_exit = True  # it looks a tenth of a second later, and nobody need wait for that


def ago(**units: float) -> datetime:
    return datetime.now(UTC) - timedelta(**units)
