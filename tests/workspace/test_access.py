"""A disabled user is out at once, and tokens have a life: scope, expiry, last use, end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import uuid4

import pytest

from fieldnote.errors import WorkspaceError
from fieldnote.siro.errors import WebhookRejected
from fieldnote.siro.webhooks import verify
from fieldnote.workspace import Operator, add_token, add_webhook, find_organization, init_organization
from fieldnote.workspace.domain import access
from fieldnote.workspace.domain.matching import history
from fieldnote.workspace.domain.webhooks.deliveries import list_webhooks, remove_webhook
from fieldnote.workspace.http import routes_organization as organization
from fieldnote.workspace.http.failed_logins import FREE, FailedLogins
from fieldnote.workspace.http.scopes import TokenScope
from fieldnote.workspace.resources.recordings import search
from tests.siro.server import Reply, serving
from tests.waiting import eventually
from tests.workspace.house import JOHN, House
from tests.workspace.test_matrix import BODIES, WRITING, filled, operations
from tests.workspace.test_user_recordings import id_of, token_of

OPERATOR: Final = Operator("root", "Ann")
RECORDINGS: Final = "/v1/core/recordings"


async def mint(house: House, user_id: str) -> Any:
    body = {"clientSecret": "app-secret", "userId": user_id, "scope": "read"}
    return await house.api("POST", "/v1/core/oauth/apps/app-1/access-token", json=body)


@pytest.mark.parametrize("email", [JOHN, "ann@acme.test"])
@pytest.mark.parametrize("by_api", [True, False])
async def test_a_disabled_user_is_out_at_once_and_for_good(house: House, email: str, by_api: bool) -> None:
    user_id = await id_of(house, email)
    client = await token_of(house, user_id)
    assert (await client("GET", RECORDINGS)).status_code == 200
    engine, own = house.workspace.engine, house.organization
    if by_api:
        body: dict[str, Any] = {"organizationId": own.id, "disabled": True}
        assert (await house.api("PUT", f"/v1/core/users/{user_id}", json=body)).status_code == 200
    else:
        done = await access.disable_user(engine, own, email, by=OPERATOR)
        assert done.user_tokens == 1
        assert bool(done.organization_tokens) == (email != JOHN)
    assert (await client("GET", RECORDINGS)).status_code == 401
    assert (await mint(house, user_id)).status_code == 403
    await access.enable_user(engine, own, email, by=OPERATOR)
    assert (await client("GET", RECORDINGS)).status_code == 401
    assert (await mint(house, user_id)).status_code == 201


async def test_the_organization_tokens_of_a_disabled_administrator_end_where_asked(house: House) -> None:
    engine, own = house.workspace.engine, house.organization
    done = await access.disable_user(engine, own, "ann@acme.test", by=OPERATOR, end_tokens=True)
    assert done.organization_tokens == ["first token"]
    assert (await house.api("GET", RECORDINGS)).status_code == 401


async def test_a_disabled_app_mints_nothing_and_its_tokens_end(house: House) -> None:
    client = await token_of(house, await id_of(house, JOHN))
    engine, own = house.workspace.engine, house.organization
    await access.set_app(engine, own, "app-1", disabled=True, by=OPERATOR)
    assert (await client("GET", RECORDINGS)).status_code == 401
    assert (await mint(house, await id_of(house, JOHN))).status_code == 403
    assert [app["state"] for app in await access.list_apps(engine, own)] == ["disabled"]
    await access.set_app(engine, own, "app-1", disabled=False, by=OPERATOR)
    assert (await client("GET", RECORDINGS)).status_code == 401
    assert (await mint(house, await id_of(house, JOHN))).status_code == 201
    with pytest.raises(WorkspaceError, match="no OAuth app"):
        await access.set_app(engine, own, "app-2", disabled=True, by=OPERATOR)


async def test_a_disabled_organization_opens_nothing_and_its_jobs_wait(house: House) -> None:
    client = await token_of(house, await id_of(house, JOHN))
    engine, own = house.workspace.engine, house.organization
    _, other = await house.another()
    await access.set_organization(engine, own, disabled=True, by=OPERATOR)
    assert (await house.api("GET", RECORDINGS)).status_code == 401
    assert (await client("GET", RECORDINGS)).status_code == 401
    assert (await other("GET", RECORDINGS)).status_code == 200
    recording_id = await house.record()
    await house.settle()
    done = "select processed_at is not null from recordings where id::text = :id"
    assert await house.rows(done, id=recording_id) == [(False,)]
    await access.set_organization(engine, own, disabled=False, by=OPERATOR)
    await house.hurry()
    await house.settle()
    assert await house.rows(done, id=recording_id) == [(True,)]
    assert (await client("GET", RECORDINGS)).status_code == 200
    assert {name: off for _, name, off in await access.list_organizations(engine)} == {"Acme": False, "Other": False}


@pytest.mark.slow
@pytest.mark.parametrize("scope", [TokenScope.READ, TokenScope.SYNC])
async def test_a_scope_allows_its_operations_and_no_others(house: House, scope: TokenScope) -> None:
    """Every operation of the organization token; a new one that writes is closed to both, unless it is below
    `/integrations/`."""
    limited = house.client(await add_token(house.workspace.engine, house.organization, name="x", scope=scope))
    for method, path in operations(organization.router):
        # Of the own organization: another's is a 403 for whatever scope.
        body = {"json": filled(BODIES[method, path], THEIRS=house.organization.id)} if method in WRITING else {}
        answer = await limited(method, re.sub(r"\{\w+\}", str(uuid4()), f"/v1{path}"), **body)
        syncs = path.startswith("/integrations/") or path == "/core/oauth/apps/{clientId}/access-token"
        allowed = method == "GET" or (scope is TokenScope.SYNC and syncs)
        assert (answer.status_code == 403) == (not allowed), f"{method} {path}: {answer.status_code} {answer.text}"


async def test_a_token_expires_is_listed_with_its_last_use_and_ended(house: House) -> None:
    engine, own = house.workspace.engine, house.organization
    soon = datetime.now(UTC) + timedelta(days=1)
    client = house.client(await add_token(engine, own, name="bridge", scope=TokenScope.SYNC, expires_at=soon))
    before = {token.name: token for token in await access.list_tokens(engine, own)}
    assert (before["bridge"].last_used_at, before["bridge"].scope, before["bridge"].made_by) == (
        None, "sync", "ann@acme.test",
    )  # fmt: skip
    assert (await client("GET", RECORDINGS)).status_code == 200
    await house.workspace.audit.write()
    used = {token.name: token for token in await access.list_tokens(engine, own)}["bridge"]
    assert used.last_used_at is not None
    ended = await access.end_token(engine, own, "bridge", by=OPERATOR)
    assert ended.id == used.id
    assert (await client("GET", RECORDINGS)).status_code == 401
    assert {token.name: token.state for token in await access.list_tokens(engine, own)}["bridge"] == "ended"
    assert [one["tokenName"] for one in (await house.api.get("/v1/core/auth/tokens"))["data"]] == ["first token"]
    for wanted in ("bridge", "nobody", "\0"):
        with pytest.raises(WorkspaceError, match="no active token"):
            await access.end_token(engine, own, wanted, by=OPERATOR)
    past = house.client(await add_token(engine, own, name="old", expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert (await past("GET", RECORDINGS)).status_code == 401


async def test_the_last_use_costs_no_write_a_call(house: House) -> None:
    for _ in range(5):
        await house.api("GET", RECORDINGS)
    assert await house.rows("select last_used_at from tokens") == [(None,)]


async def test_of_two_tokens_of_one_name_the_id_is_asked_for(house: House) -> None:
    engine, own = house.workspace.engine, house.organization
    for _ in range(2):
        await add_token(engine, own, name="twin")
    with pytest.raises(WorkspaceError, match="2 tokens have the name 'twin'") as caught:
        await access.end_token(engine, own, "twin", by=OPERATOR)
    first = (caught.value.hint or "").split(", ")[-1].rstrip(".")
    assert (await access.end_token(engine, own, first, by=OPERATOR)).id == first


async def test_while_a_webhook_secret_is_rotated_either_secret_verifies(house: House) -> None:
    engine, box, own = house.workspace.engine, house.workspace.box, house.organization.id
    async with serving(lambda request: Reply(200)) as server:
        first = await add_webhook(engine, box, own, url=server.url)
        second = await add_webhook(engine, box, own, url=server.url)
        assert (first.id, first.secret == second.secret) == (second.id, False)
        [endpoint] = await list_webhooks(engine, own)
        assert endpoint["previous_until"] > datetime.now(UTC) + timedelta(hours=23)
        await house.record()
        await eventually(lambda: server.seen)
        [request] = server.seen
        for secret in (first.secret, second.secret):
            verify(request.body, request.headers, secret)
        third = await add_webhook(engine, box, own, url=server.url, overlap=timedelta(0))
        await house.record(key="later")
        await eventually(lambda: len(server.seen) == 2)
        verify(server.seen[1].body, server.seen[1].headers, third.secret)
        with pytest.raises(WebhookRejected):
            verify(server.seen[1].body, server.seen[1].headers, second.secret)
        await house.settle()
        assert await remove_webhook(engine, own, server.url, by=OPERATOR) == server.url
        with pytest.raises(WorkspaceError, match="no webhook"):
            await remove_webhook(engine, own, first.id, by=OPERATOR)
    assert await list_webhooks(engine, own) == []


async def test_failed_logins_of_an_address_wait_longer_and_longer() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    now = 0.0
    failed = FailedLogins(clock=lambda: now, sleep=sleep)
    for _ in range(FREE + 30):
        assert await failed.slow("192.0.2.1")
    assert waits[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert waits[-1] == 2.0
    assert await failed.slow("192.0.2.2")
    assert len(waits) == 30
    now = 200.0
    await failed.slow("192.0.2.2")
    await failed.slow("192.0.2.1")
    assert len(waits) == 30


async def test_two_authorization_headers_are_refused(house: House) -> None:
    own = ("authorization", f"Bearer {house.api.token}")
    for extra in (own, ("authorization", "Bearer other")):
        answer = await house.api.client.request("GET", RECORDINGS, headers=[own, extra])
        assert answer.status_code == 400


async def test_an_unknown_token_is_slowed_and_a_good_one_is_not(house: House) -> None:
    from fieldnote.workspace import create_app

    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    import httpx2

    app = create_app(house.workspace, failed_logins=FailedLogins(sleep=sleep))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace") as client:
        path = "/api-externalApi" + RECORDINGS
        for _ in range(FREE + 5):
            answer = await client.get(path, headers={"authorization": "Bearer org_guess"})
            assert answer.status_code == 401
        assert len(waits) == 5
        answer = await client.get(path, headers={"authorization": f"Bearer {house.api.token}"})
        assert (answer.status_code, len(waits)) == (200, 5)


async def test_the_name_of_another_organization_can_not_be_probed(house: House) -> None:
    """A rename answers the same, whether another organization has the name or not."""
    other, _ = await house.another("Hidden")
    path = f"/v1/core/organizations/{house.organization.id}"
    answers = [await house.api("PATCH", path, json={"name": name}) for name in ("Hidden", "Nobody has this", "Hidden")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    with pytest.raises(WorkspaceError, match="2 organizations have the name 'Hidden'") as caught:
        await find_organization(house.workspace.engine, "Hidden")
    assert other.id in (caught.value.hint or "")
    assert (await find_organization(house.workspace.engine, other.id)).name == "Hidden"
    with pytest.raises(WorkspaceError, match="there is an organization 'Hidden' already"):
        await init_organization(house.workspace.engine, name="Hidden", admin="x@x.test")


async def test_a_search_that_takes_too_long_ends_and_leaves_the_database_to_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.record()
    john = await token_of(house, await id_of(house, JOHN))
    monkeypatch.setattr(search, "_PATIENCE", "set local statement_timeout = '50ms'")
    monkeypatch.setattr(search, "_SAID", "(r.title ilike %(words)s or pg_sleep(60) is null)")
    body = {"query": {"searchText": "x"}}
    answer = await john("POST", f"{RECORDINGS}/search", json=body)
    assert (answer.status_code, "took too long" in answer.text) == (422, True)
    monkeypatch.undo()
    assert (await john("POST", f"{RECORDINGS}/search", json=body)).status_code == 200


async def test_the_nightly_learning_runs(house: House) -> None:
    """And leaves disabled organizations out."""
    context: Any = SimpleNamespace(additional_context={"workspace": house.workspace})
    await history.learn_all.func(context, 0)
