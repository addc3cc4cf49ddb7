"""HubSpot's stand-in: the left side of HS1 to HS17."""

from __future__ import annotations

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx2
import pytest

from fieldnote.sandbox import Fault, FaultKind
from fieldnote.sandbox.hubspot import SECRET, HubSpotStandIn
from fieldnote.sandbox.hubspot.webhooks import signature
from tests.sandbox.conftest import client_of
from tests.waiting import HANGS

pytestmark = pytest.mark.slow

OBJECTS = "/crm/v3/objects"
MEETING, DEAL, CONTACT = "3000300", "2000200", "1000100"


def _search(client: httpx2.Client, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{OBJECTS}/{kind}/search", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _where(name: str, operator: str, value: object) -> dict[str, Any]:
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": operator, "value": str(value)}]}]}


def _bulk(crm: HubSpotStandIn, count: int, **how: Any) -> None:
    for number in range(count):
        properties = {"properties": {"hs_timestamp": "2026-05-01T15:00:00Z"}}
        crm.objects.create(crm.types["meetings"], properties, key=str(70_000_000 + number), **how)


def _millis(crm: HubSpotStandIn) -> int:
    return int(crm.clock.now().timestamp() * 1000)


def test_a_search_ends_at_10000_and_goes_on_by_id(hubspot: HubSpotStandIn) -> None:
    moment = hubspot.clock.now() + timedelta(hours=1)
    _bulk(hubspot, 10_050, modified=moment)
    hubspot.limits.set("SECONDLY", 1000, timedelta(seconds=1))
    body = {**_where("hs_lastmodifieddate", "GTE", int(moment.timestamp() * 1000)), "limit": 200}
    with client_of(hubspot) as client:
        last = _search(client, "meetings", {**body, "after": "9800"})
        assert (last["total"], len(last["results"])) == (10_050, 200)
        assert client.post(f"{OBJECTS}/meetings/search", json={**body, "after": "10000"}).status_code == 400
        got: list[str] = []
        after = "0"
        while True:
            filters = [
                *body["filterGroups"][0]["filters"],
                {"propertyName": "hs_object_id", "operator": "GT", "value": after},
            ]
            page = _search(
                client, "meetings", {"filterGroups": [{"filters": filters}], "sorts": ["hs_object_id"], "limit": 200}
            )
            if not page["results"]:
                break
            got += [one["id"] for one in page["results"]]
            after = got[-1]
    assert len(got) == len(set(got)) == 10_050


def test_the_search_is_late_and_has_its_own_limit(hubspot: HubSpotStandIn) -> None:
    hubspot.search_delay = timedelta(seconds=4)
    hubspot.clock.freeze()
    with client_of(hubspot) as client:
        key = client.post(f"{OBJECTS}/deals", json={"properties": {"dealname": "Fresh"}}).json()["id"]
        body = _where("dealname", "EQ", "Fresh")
        assert _search(client, "deals", body)["total"] == 0
        hubspot.clock.advance(4)
        assert [one["id"] for one in _search(client, "deals", body)["results"]] == [key]
        hubspot.clock.advance(1)
        answers = [client.post(f"{OBJECTS}/deals/search", json=body) for _ in range(6)]
        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert answers[5].json()["policyName"] == "SECONDLY"
        assert "X-HubSpot-RateLimit-Max" not in answers[0].headers
        assert client.get(f"{OBJECTS}/deals").headers["X-HubSpot-RateLimit-Max"] == "100"


def test_the_101st_call_of_ten_seconds_is_too_many(hubspot: HubSpotStandIn) -> None:
    hubspot.clock.freeze()
    with client_of(hubspot) as client:
        answers = [client.get(f"{OBJECTS}/deals") for _ in range(101)]
    assert [one.status_code for one in answers] == [200] * 100 + [429]
    assert answers[100].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "Retry-After" not in answers[100].headers


def test_archiving_moves_no_cursor_and_is_seen_in_a_list_of_its_own(hubspot: HubSpotStandIn) -> None:
    """That the cursor stays is second-hand."""
    with client_of(hubspot) as client:
        before = client.get(f"{OBJECTS}/deals/{DEAL}").json()["updatedAt"]
        hubspot.clock.advance(1)
        assert client.delete(f"{OBJECTS}/deals/{DEAL}").status_code == 204
        assert client.get(f"{OBJECTS}/deals/{DEAL}").status_code == 404
        assert DEAL not in [one["id"] for one in _search(client, "deals", {})["results"]]
        (gone,) = client.get(f"{OBJECTS}/deals", params={"archived": "true"}).json()["results"]
    assert (gone["id"], gone["archived"], gone["updatedAt"]) == (DEAL, True, before)
    assert gone["archivedAt"] > before


def test_contacts_have_another_cursor(hubspot: HubSpotStandIn) -> None:
    """Second-hand: the other name is null in every contact."""
    with client_of(hubspot) as client:
        assert _search(client, "contacts", _where("hs_lastmodifieddate", "GTE", 0))["total"] == 0
        assert _search(client, "contacts", _where("lastmodifieddate", "GTE", 0))["total"] == 3


def test_a_merge_makes_a_record_with_a_new_id(hubspot: HubSpotStandIn) -> None:
    with client_of(hubspot) as client:
        body = {"primaryObjectId": CONTACT, "objectIdToMerge": "1000101"}
        merged = client.post(f"{OBJECTS}/contacts/merge", json=body).json()
        assert merged["id"] not in {CONTACT, "1000101"}
        assert merged["properties"]["hs_merged_object_ids"] == f"{CONTACT};1000101"
        assert client.get(f"{OBJECTS}/contacts/{CONTACT}").json()["id"] == merged["id"]
        links = client.get(f"/crm/v4/objects/contacts/{merged['id']}/associations/deals").json()["results"]
    assert {one["toObjectId"] for one in links} == {DEAL, "2000201"}


def test_a_new_link_moves_no_cursor(hubspot: HubSpotStandIn) -> None:
    """Second-hand."""
    with client_of(hubspot) as client:
        before = client.get(f"{OBJECTS}/meetings/{MEETING}").json()["updatedAt"]
        hubspot.clock.advance(1)
        base = f"/crm/v4/objects/meetings/{MEETING}/associations/deals"
        assert client.delete(f"{base}/{DEAL}").status_code == 204
        assert client.put(f"/crm/v4/objects/meetings/{MEETING}/associations/default/deals/2000201").status_code == 200
        read = client.post("/crm/v4/associations/meetings/deals/batch/read", json={"inputs": [{"id": MEETING}]}).json()
        assert [one["toObjectId"] for one in read["results"][0]["to"]] == ["2000201"]
        assert client.get(f"{OBJECTS}/meetings/{MEETING}").json()["updatedAt"] == before


def test_a_former_owner_is_only_seen_as_archived(hubspot: HubSpotStandIn) -> None:
    hubspot.store.table("owners").archive("2")
    with client_of(hubspot) as client:
        assert [one["id"] for one in client.get("/crm/v3/owners").json()["results"]] == ["1"]
        archived = client.get("/crm/v3/owners/", params={"archived": "true"}).json()["results"]
    assert [one["email"] for one in archived] == ["luis@roofs.example"]


def test_a_write_has_no_condition_and_a_batch_may_half_fail(hubspot: HubSpotStandIn) -> None:
    inputs = [{"id": DEAL, "properties": {"dealname": "New"}}, {"id": "1", "properties": {"dealname": "No"}}]
    with client_of(hubspot) as client:
        answer = client.post(f"{OBJECTS}/deals/batch/update", json={"inputs": inputs})
        assert (answer.status_code, len(answer.json()["results"]), answer.json()["numErrors"]) == (207, 1, 1)
        hubspot.faults.arm(Fault(FaultKind.HALF, path="batch/update"))
        both = [{"id": key, "properties": {"dealname": "Half"}} for key in (DEAL, "2000201")]
        answer = client.post(f"{OBJECTS}/deals/batch/update", json={"inputs": both})
        assert answer.status_code == 207
        names = [
            client.get(f"{OBJECTS}/deals/{key}?properties=dealname").json()["properties"]["dealname"]
            for key in (DEAL, "2000201")
        ]
        assert names == ["Half", "Siding"]
        too_many = {"inputs": [{"id": "1"}] * 101, "properties": [], "propertiesWithHistory": []}
        assert client.post(f"{OBJECTS}/deals/batch/read", json=too_many).status_code == 400


def test_values_are_texts_and_blank_clears(hubspot: HubSpotStandIn) -> None:
    with client_of(hubspot) as client:

        def write(**properties: object) -> httpx2.Response:
            return client.patch(f"{OBJECTS}/deals/{DEAL}", json={"properties": properties})

        assert write(budget=45000, timeline="spring").json()["properties"]["budget"] == "45000"
        assert write(timeline="").json()["properties"]["timeline"] is None
        for bad in (
            {"budget": "much"},
            {"nothing": "x"},
            {"hs_is_closed": "true"},
            {"dealstage": "moon"},
            {"timeline": "x" * 65537},
        ):
            assert write(**bad).status_code == 400
        history = client.get(f"{OBJECTS}/deals/{DEAL}", params={"propertiesWithHistory": "timeline"}).json()
        assert [one["value"] for one in history["propertiesWithHistory"]["timeline"]] == ["", "spring", ""]


def test_a_note_is_made_with_its_link_and_its_html_is_cleaned(hubspot: HubSpotStandIn) -> None:
    """How HubSpot cleans is second-hand."""
    link = {"to": {"id": DEAL}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}]}
    body = {
        "properties": {"hs_note_body": "<p>hi</p><script>x</script>", "hs_timestamp": "2026-05-01T15:00:00Z"},
        "associations": [link],
    }
    with client_of(hubspot) as client:
        key = client.post(f"{OBJECTS}/notes", json=body).json()["id"]
        links = client.get(f"/crm/v4/objects/deals/{DEAL}/associations/notes").json()["results"]
        assert [one["toObjectId"] for one in links] == [key]
        note = client.get(f"{OBJECTS}/notes/{key}", params={"properties": "hs_note_body"}).json()
        assert note["properties"]["hs_note_body"] == "<p>hi</p>"
        assert client.post(f"{OBJECTS}/notes", json={"properties": {"hs_note_body": "x"}}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [{"limit": 201}, {"limit": 0}, {"sorts": ["createdate", "amount"]}, {"filterGroups": [{"filters": []}] * 6},
     {"filterGroups": [{"filters": [{"propertyName": "dealname", "operator": "HAS_PROPERTY"}] * 11}]},
     {"filterGroups": [{"filters": [{"propertyName": "unheard", "operator": "EQ", "value": "x"}]}]},
     {"filterGroups": [{"filters": [{"propertyName": "dealname", "operator": "SOUNDS_LIKE", "value": "x"}]}]}],
)  # fmt: skip
def test_a_search_beyond_its_rules_is_refused(hubspot: HubSpotStandIn, body: dict[str, Any]) -> None:
    with client_of(hubspot) as client:
        assert client.post(f"{OBJECTS}/deals/search", json=body).status_code == 400


def test_webhooks_are_signed_and_doubled(hubspot: HubSpotStandIn) -> None:
    heard: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}/hooks"
    try:
        with client_of(hubspot) as client:
            settings = {"targetUrl": address, "throttling": {"maxConcurrentRequests": 5}}
            assert client.put("/webhooks/v3/1/settings", json=settings).status_code == 200
            one = {"eventType": "deal.propertyChange", "propertyName": "dealname", "active": True}
            assert client.post("/webhooks/v3/1/subscriptions", json=one).status_code == 201
            client.patch(f"{OBJECTS}/deals/{DEAL}", json={"properties": {"dealname": "Renamed", "timeline": "soon"}})
        hubspot.webhooks.doubled = True
        assert hubspot.webhooks.deliver() == 1
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert len(heard) == 2
    headers, body = heard[0]
    (event,) = json.loads(body)
    assert (event["objectId"], event["propertyName"], event["propertyValue"]) == (int(DEAL), "dealname", "Renamed")
    timestamp = headers["x-hubspot-request-timestamp"]
    assert headers["x-hubspot-signature-v3"] == signature(SECRET, "POST", address, body, timestamp)
    assert abs(int(timestamp) - _millis(hubspot)) < 60_000


def test_an_oauth_token_ends_after_half_an_hour_and_a_private_one_does_not(hubspot: HubSpotStandIn) -> None:
    form = {"grant_type": "refresh_token", "client_id": "app-sandbox", "client_secret": SECRET, "refresh_token": "r"}
    with httpx2.Client(base_url=hubspot.url, timeout=HANGS) as client:
        token = client.post("/oauth/v1/token", data=form).json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        assert client.get(f"{OBJECTS}/deals").status_code == 200
        hubspot.clock.advance(1800)
        assert client.get(f"{OBJECTS}/deals").status_code == 401
    with client_of(hubspot) as client:
        assert client.get(f"{OBJECTS}/deals").status_code == 200
