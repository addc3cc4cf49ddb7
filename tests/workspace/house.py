"""A workspace that is open and served, and hands to work it with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
from sqlalchemy import text

from fieldnote.insight import Utterance
from fieldnote.jobs import WorkerSettings
from fieldnote.matching import Place
from fieldnote.workspace import (
    NewRecording,
    Organization,
    Workspace,
    WorkspaceServer,
    add_recording,
    add_user,
    ensure_oauth_app,
    init_organization,
)
from fieldnote.workspace.domain.matching.explain import Explained, explain_links
from tests.waiting import eventually
from tests.workspace.contract import ORGANIZATION_BASE, check

SETTINGS: Final = WorkerSettings(poll=timedelta(seconds=0.1), stop_after=timedelta(seconds=0.5))
START: Final = datetime(2026, 2, 15, 14, tzinfo=UTC)
JOHN: Final = "john@acme.test"
SAID: Final = (
    Utterance("John Sales", "What budget do you have in mind?", 0.0, 3.0),
    Utterance("Mary Smith", "Between forty and fifty thousand dollars.", 4.0, 7.0),
)


class Api:
    """A client with one token. Every answer is held against the contract."""

    def __init__(self, base_url: str, token: str | None, *, header: str = "authorization") -> None:
        value = token if header != "authorization" else f"Bearer {token}"
        headers = {} if token is None or value is None else {header: value}
        self.token = token
        self.client = httpx2.AsyncClient(base_url=base_url, headers=headers, timeout=60, trust_env=False)

    async def __call__(self, method: str, path: str, **options: Any) -> httpx2.Response:
        response = await self.client.request(method, path, **options)
        check(response)
        return response

    async def get(self, path: str, **params: Any) -> Any:
        response = await self("GET", path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    async def engagement(self, external_id: str = "a-1", **fields: Any) -> Any:
        """Upsert an appointment; the answer's record."""
        return await self._sync("engagements", external_id, fields)

    async def opportunity(self, external_id: str = "o-1", **fields: Any) -> Any:
        """Upsert a deal; the answer's record."""
        return await self._sync("opportunities", external_id, fields)

    async def _sync(self, kind: str, external_id: str, fields: dict[str, Any]) -> Any:
        body = {"externalId": external_id, **fields}
        response = await self("PUT", f"/v1/integrations/sync/{kind}", json=body)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    async def visit(
        self, external_id: str = "a-1", *, at: datetime = START, rep: str | None = "r-1", **fields: Any
    ) -> Any:
        """Upsert an appointment of an hour, in person, with John."""
        people = [{"externalId": rep, "email": JOHN, "name": "John Sales"}] if rep else []
        given = {
            "startTime": at.isoformat(),
            "endTime": (at + timedelta(hours=1)).isoformat(),
            "engagementType": {"activityType": "MEETING", "name": "visit"},
            "engagementUsers": people,
        }
        return await self.engagement(external_id, **(given | fields))

    async def recordings(self, **params: Any) -> list[Any]:
        """All pages."""
        found: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self.get("/v1/core/recordings", **params, **({"cursor": cursor} if cursor else {}))
            found += page["data"]
            cursor = page["cursor"]
        return found


@dataclass(slots=True)
class House:
    """A served workspace with one organization, whose rep is John."""

    workspace: Workspace
    server: WorkspaceServer
    organization: Organization
    api: Api
    clients: list[Api] = field(default_factory=list)

    def client(self, token: str | None, **options: Any) -> Api:
        """A client of the organization's API."""
        made = Api(self.server.url + ORGANIZATION_BASE, token, **options)
        self.clients.append(made)
        return made

    async def user_client(self, *, header: str = "x-siro-auth-token") -> Api:
        """A client with a user token of the administrator."""
        app = {"appName": "test", "owner": self.organization.admin_id, "organizationId": self.organization.id}
        made = (await self.api("POST", "/v1/core/oauth/apps", json=app)).json()
        path = f"/v1/core/oauth/apps/{made['clientID']}/access-token"
        body = {"clientSecret": made["clientSecret"], "userId": self.organization.admin_id, "scope": "read"}
        token = (await self.api("POST", path, json=body)).json()["accessToken"]
        client = Api(self.server.url, token, header=header)
        self.clients.append(client)
        return client

    async def another(self, name: str = "Other") -> tuple[Organization, Api]:
        """A second organization and its client."""
        organization, token = await init_organization(self.workspace.engine, name=name, admin=f"boss@{name}.test")
        return organization, self.client(token)

    async def record(
        self,
        *,
        at: datetime = START,
        user: str = JOHN,
        minutes: float = 55,
        place: tuple[float, float] | None = None,
        said: Sequence[Utterance] = SAID,
        **options: Any,
    ) -> str:
        """A conversation of John's."""
        new = NewRecording(
            user_email=user,
            utterances=said,
            started_at=at,
            duration=timedelta(minutes=minutes),
            place=place and Place(*place),
            **options,
        )
        return await add_recording(self.workspace, self.organization.id, new)

    async def explain(self, recording_id: str) -> Explained:
        rows = await explain_links(self.workspace, self.organization.id)
        return next(row for row in rows if row.recording_id == recording_id)

    async def user(self, email: str, name: str) -> str:
        return (await add_user(self.workspace.engine, self.organization, email=email, name=name)).id

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """The rows of the tables, seen by their owner."""
        async with self.workspace.engine.connect() as conn:
            return list((await conn.execute(text(statement), values)).all())

    async def settle(self) -> None:
        """Wait until no job is left that could run now."""

        async def is_quiet() -> bool:
            return not (await self.rows(_BUSY))[0][0]

        await eventually(is_quiet)

    async def hurry(self) -> None:
        """Let the time of all jobs that wait for theirs come now."""
        async with self.workspace.engine.begin() as conn:
            await conn.execute(text("update procrastinate_jobs set scheduled_at = now() where status = 'todo'"))


_BUSY: Final = """
select count(*) from procrastinate_jobs
 where status = 'doing' or (status = 'todo' and (scheduled_at is null or scheduled_at <= now() + interval '3 seconds'))
"""


@asynccontextmanager
async def opened_house(workspace: Workspace, *, name: str = "Acme") -> AsyncIterator[House]:
    """Serve an open workspace with an organization in it."""
    organization, token = await init_organization(workspace.engine, name=name, admin="ann@acme.test")
    await ensure_oauth_app(workspace.engine, organization, name="app", client_id="app-1", client_secret="app-secret")
    await add_user(workspace.engine, organization, email=JOHN, name="John Sales")
    async with WorkspaceServer(workspace, settings=SETTINGS, rate_limit=None, slow_logins=False) as server:
        house = House(workspace, server, organization, Api(server.url + ORGANIZATION_BASE, token))
        try:
            yield house
        finally:
            for client in (house.api, *house.clients):
                await client.client.aclose()
