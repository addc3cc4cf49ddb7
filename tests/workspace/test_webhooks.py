"""Events are sent, signed, until they are accepted; and never into a private network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from jsonschema import Draft4Validator

from fieldnote.errors import WorkspaceError
from fieldnote.siro.models import WebhookEventType
from fieldnote.siro.webhooks import verify
from fieldnote.workspace import Endpoint, add_webhook, open_workspace
from fieldnote.workspace.domain.webhooks.addresses import PORTS, checked, resolve
from tests.siro.contract import without_nullable
from tests.siro.server import Reply, Request, Server, serving
from tests.waiting import eventually
from tests.workspace.contract import DATA, contract_of
from tests.workspace.house import House

Receive = Callable[..., Any]


@pytest.fixture
async def receive(house: House) -> AsyncIterator[Receive]:
    """Start a receiver that gives these answers, the last answer for ever, and register it."""
    async with AsyncExitStack() as stack:

        async def start(*statuses: int, **headers: str) -> tuple[Server, Endpoint]:
            answers = list(statuses or (200,))

            def handler(request: Request) -> Reply:
                return Reply(answers.pop(0) if len(answers) > 1 else answers[0], headers=headers)

            server = await stack.enter_async_context(serving(handler))
            url = f"{server.url}/hook?x=1"
            endpoint = await add_webhook(house.workspace.engine, house.workspace.box, house.organization.id, url=url)
            return server, endpoint

        yield start


async def delivered(house: House, server: Server, count: int) -> None:
    await eventually(lambda: len(server.seen) >= count)
    await house.settle()
    schema = without_nullable(contract_of("siro-webhooks")["components"]["schemas"]["RecordingEventWebhookPayload"])
    for request in server.seen:
        Draft4Validator(schema).validate(request.json)


async def test_both_events_are_sent_signed_with_the_current_flags(house: House, receive: Receive) -> None:
    server, endpoint = await receive()
    await house.api.visit(account={"externalId": "c-1"}, opportunity={"externalId": "o-1"})
    recording_id = await house.record()
    await delivered(house, server, 2)
    assert len(server.seen) == 2
    events = [verify(request.body, request.headers, [endpoint.secret]) for request in server.seen]
    assert {event.event_type for event in events} == set(WebhookEventType)
    assert {event.recording_id for event in events} == {recording_id}
    assert any(event.recording_processed and event.recording_linked for event in events)
    assert len({request.headers["svix-id"] for request in server.seen}) == 2
    for request in server.seen:
        assert request.query == (("x", "1"),)
        crm = request.json["crm"]
        assert (crm["engagement"]["externalId"], crm["opportunity"]["externalId"]) == ("a-1", "o-1")


async def test_a_recording_without_a_link_tells_that_it_is_processed(house: House, receive: Receive) -> None:
    server, _ = await receive()
    await house.record()
    await delivered(house, server, 1)
    [request] = server.seen
    assert (request.json["recordingProcessed"], request.json["recordingLinked"]) == (True, False)
    assert "crm" not in request.json


async def test_a_link_that_comes_and_goes_is_sent(house: House, receive: Receive) -> None:
    server, _ = await receive()
    await house.record()
    await delivered(house, server, 1)
    await house.api.visit()
    await delivered(house, server, 2)
    await house.api.engagement("a-1", deletedAt="2026-02-15T00:00:00Z")
    await delivered(house, server, 3)
    linked = [request.json["recordingLinked"] for request in server.seen]
    assert linked == [False, True, False]


async def test_what_is_not_taken_comes_again_under_the_same_id(house: House, receive: Receive) -> None:
    server, endpoint = await receive(500, 301, 200, location="http://127.0.0.1:1/")
    await house.record()
    await delivered(house, server, 3)
    assert len({request.headers["svix-id"] for request in server.seen}) == 1
    assert len({request.body for request in server.seen}) == 1
    for request in server.seen:
        verify(request.body, request.headers, [endpoint.secret])
    assert await house.rows("select state, attempts from webhook_deliveries") == [("delivered", 3)]


async def test_a_receiver_that_is_away_is_tried_until_the_schedule_ends(house: House, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    await add_webhook(house.workspace.engine, house.workspace.box, house.organization.id, url=url)
    await house.record()
    failed = "select attempts, last_error from webhook_deliveries where state = 'failed'"
    await eventually(lambda: house.rows(failed))
    assert await house.rows(failed) == [(1 + len(house.workspace.retry_after), "ConnectError")]


async def test_every_endpoint_gets_its_own_message(house: House, receive: Receive) -> None:
    first, _ = await receive()
    second, _ = await receive(500)
    await house.record()
    await delivered(house, first, 1)
    await delivered(house, second, 2)
    assert len(first.seen) == 1


async def test_the_payload_is_what_the_contract_says(house: House, receive: Receive) -> None:
    server, _ = await receive()
    await house.api.visit(account={"externalId": "c-1"})
    await house.record()
    await delivered(house, server, 2)
    contract = json.loads((DATA / "contract/siro-webhooks.json").read_text())
    assert json.dumps(contract).count("recordingProcessed")
    for request in server.seen:
        assert {"eventType", "recordingId", "recordingProcessed", "recordingLinked"} <= set(request.json)


INSIDE = (
    "http://10.0.0.1/", "http://192.168.1.1/x", "http://172.16.0.1/", "http://169.254.169.254/latest", "http://0.0.0.0/",
    "http://[fd00::1]/", "http://[::ffff:10.0.0.1]/", "http://[fe80::1]/", "http://100.64.0.1/", "http://224.0.0.1/",
    "http://[64:ff9b::a00:1]/", "http://[64:ff9b:1::1]/", "http://[::10.0.0.1]/", "http://[::192.168.1.1]/",
    "http://[5f00::1]/", "http://[fec0::1]/", "http://[2002:a00:1::]/", "http://[::ffff:0:10.0.0.1]/",
    "http://[::ffff:0:169.254.169.254]/", "http://192.88.99.1/", "http://[::ffff:192.88.99.7]/", "http://[4000::1]/",
    "http://[2600::5efe:10.0.0.1]/", "http://[2600::200:5efe:192.168.0.1]/", "http://[2001:20::1]/", "http://[1::1]/",
)  # fmt: skip
WRONG = (
    "",
    "x",
    "ftp://example.com/",
    "http://",
    "http:///x",
    "http://user:pw@example.com/",
    "http://[/",
    "http://a:99999/",
)


@pytest.mark.parametrize("url", [*INSIDE, *WRONG, "http://example.com/\0"])
async def test_an_address_inside_a_network_or_none_at_all_is_refused_when_added(house: House, url: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        await add_webhook(house.workspace.engine, house.workspace.box, house.organization.id, url=url)
    assert caught.value.hint
    assert await house.rows("select 1 from webhook_endpoints") == []


@pytest.mark.parametrize(
    "url",
    [*INSIDE, "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0x7f000001/", "http://2130706433/"],
)
async def test_an_address_inside_is_not_called_while_others_reach_the_workspace(url: str) -> None:
    with pytest.raises(WorkspaceError):
        await resolve(url, loopback=False)


@pytest.mark.parametrize(
    "port", [22, 25, 6379, 5432, 81, 2376, 2380, 5984, 6443, 8086, 8200, 8500, 9090, 9300, 10250, 10255, 15672, 50070]
)
async def test_a_port_of_another_service_is_not_called(port: int) -> None:
    with pytest.raises(WorkspaceError, match=f"port {port}"):
        await resolve(f"http://93.184.216.34:{port}/", loopback=False)
    assert (await resolve("https://93.184.216.34:8443/", loopback=False)).url == "https://93.184.216.34:8443/"


async def test_an_address_whose_port_deliveries_refuse_is_not_added(house: House) -> None:
    engine, box = house.workspace.engine, house.workspace.box
    for url in ("https://93.184.216.34:9999/hooks", "https://nobody.invalid:22/"):
        with pytest.raises(WorkspaceError, match="is not one of a web server"):
            await add_webhook(engine, box, house.organization.id, url=url)
    for url in ("http://localhost:9999/", "http://127.0.0.1:9998/", "https://93.184.216.34:8443/hooks"):
        await add_webhook(engine, box, house.organization.id, url=url)


async def test_further_ports_are_an_administrators_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS, "9443, 8701")
    assert (await resolve("https://93.184.216.34:8701/", loopback=False)).url == "https://93.184.216.34:8701/"
    for wrong in ("all", "0", "70000", "1e3"):
        monkeypatch.setenv(PORTS, wrong)
        with pytest.raises(WorkspaceError, match=f"list of ports: {wrong}"):
            await resolve("https://93.184.216.34/x:5432", loopback=False)


async def test_this_machine_is_called_only_while_it_alone_reaches_the_workspace(house: House, receive: Receive) -> None:
    assert checked("http://localhost:8000/") == "http://localhost:8000/"
    assert (await resolve("http://localhost:8000/x?y=1", loopback=True)).host == "localhost:8000"
    server, _ = await receive()
    async with open_workspace(database_url=house.workspace.database_url, on_loopback=False) as open_to_all:
        from fieldnote.workspace.domain.webhooks.deliveries import _send

        answer = await _send(open_to_all, f"{server.url}/", "whsec_" + "a" * 32, "m", b"{}")
    assert not answer.taken
    assert "inside a network" in (answer.error or "")
    assert server.seen == []
