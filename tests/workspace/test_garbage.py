"""Whatever is sent, the answer is one of the documented ones."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.waiting import HANGS
from tests.workspace.contract import ORGANIZATION_BASE
from tests.workspace.house import House

SYNCED: Final = ("engagements", "opportunities")
generated = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

texts = st.text(st.characters(exclude_categories=()), max_size=12)
numbers = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, -1, 10**18, 2**63, 10**400, -(10**400), 1e308, 0.1, 90.0001])
)
times = st.sampled_from(
    [
        "2026-02-15T14:00:00Z", "2026-02-15T14:00:00", "2026-02-15", "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "2026-W07-7", "24:00", "",
        " 2026-02-15T14:00:00Z ", "2026-02-15T24:00:00Z", "infinity", "now", "20260215T140000Z",
    ]
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, times),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
ids = st.one_of(st.sampled_from(["1", "2", "c'; drop table accounts", "é", "\u202e", "x" * 501, "x" * 500]), texts)


def _record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A record with any of the fields, each right or anything else."""
    noisy = {name: st.one_of(field, field, field, values) for name, field in fields.items()}
    return st.fixed_dictionaries({"externalId": ids}, optional=noisy)


address = st.fixed_dictionaries(dict.fromkeys(("street", "city", "state", "zip", "country"), texts))
party: dict[str, Any] = {
    "emailAddresses": st.lists(texts, max_size=2),
    "phoneNumbers": st.lists(texts, max_size=2),
    "addresses": st.lists(address, max_size=2),
    "latitude": numbers,
    "longitude": numbers,
    "owner": _record(),
    "mergedToExternalId": ids,
    "deletedAt": times,
    "name": texts,
}
account = _record(**party)
contact = _record(**party, account=account, isPrimary=st.booleans())
rep = _record(email=texts, name=texts, shareOfSale=numbers, deletedAt=times)
engagement = _record(
    startTime=times,
    endTime=times,
    startTimeLocalized=times,
    subject=texts,
    direction=st.sampled_from(["INBOUND", "OUTBOUND"]),
    engagementType=st.fixed_dictionaries({"activityType": st.sampled_from(["MEETING", "CALL"]), "name": texts}),
    engagementUsers=st.lists(rep, max_size=4),
    account=account,
    contact=contact,
    lead=_record(**party, firstName=texts, lastName=texts),
    opportunity=_record(
        name=texts,
        amount=numbers,
        closedAt=times,
        disposition=st.just("WON"),
        copyEngagementRelationships=st.booleans(),
    ),
    deletedAt=times,
)
opportunity = _record(
    name=texts,
    amount=numbers,
    disposition=st.sampled_from(["OPEN", "WON", "LOST"]),
    closedAt=times,
    account=account,
    accountId=texts,
    contact=contact,
    opportunityContacts=st.lists(contact, max_size=3),
    opportunityUsers=st.lists(rep, max_size=4),
    deletedAt=times,
)


@given(
    bodies=st.lists(
        st.tuples(st.sampled_from(SYNCED), st.one_of(values, engagement, opportunity)), min_size=1, max_size=4
    )
)
@generated
async def test_any_json_is_taken_or_refused_in_the_documented_form(house: House, bodies: list[tuple[str, Any]]) -> None:
    for kind, body in bodies:
        content = json.dumps(body).encode()
        response = await house.api("PUT", f"/v1/integrations/sync/{kind}", content=content)
        assert response.status_code in {200, 400, 422}, response.text
        if response.status_code == 200:
            again = await house.api("PUT", f"/v1/integrations/sync/{kind}", content=content)
            assert again.json() == response.json()


OTHERS: Final[dict[tuple[str, str], st.SearchStrategy[Any]]] = {
    ("PUT", "/v1/integrations/sync/batch/engagements"): st.lists(engagement, max_size=4),
    ("PUT", "/v1/integrations/sync/batch/opportunities"): st.lists(opportunity, max_size=4),
    ("POST", "/v1/integrations/sync/engagements/soft-delete-removed"): _record(
        fromTime=times, toTime=times, validExternalIds=st.lists(ids, max_size=3)
    ),
    ("POST", "/v1/integrations/accounts"): account,
    ("POST", "/v1/core/users"): _record(
        organizationId=st.just("OWN"), email=texts, firstName=texts, lastName=texts, phoneNumber=texts,
        isAdmin=st.booleans(), contactSettings=st.fixed_dictionaries({"suppressEmails": st.booleans()}),
    ),
    ("POST", "/v1/core/auth/tokens"): _record(organizationId=st.just("OWN"), tokenName=texts),
    ("POST", "/v1/core/integrations/connections"): _record(
        name=texts, externalAccountId=ids, integrationPlatform=st.just("SPOTIO"), isActive=st.booleans()
    ),
}  # fmt: skip
calls = st.sampled_from(sorted(OTHERS)).flatmap(lambda way: st.tuples(st.just(way), st.one_of(values, OTHERS[way])))


@given(made=st.lists(calls, min_size=1, max_size=4))
@generated
async def test_any_json_is_no_fault_of_the_other_operations(house: House, made: list[tuple[Any, Any]]) -> None:
    for (method, path), body in made:
        content = json.dumps(body).replace('"OWN"', f'"{house.organization.id}"').encode()
        response = await house.api(method, path, content=content)
        assert response.status_code < 500, response.text


@given(kind=st.sampled_from(SYNCED), body=st.binary(max_size=200))
@generated
async def test_bytes_that_are_no_json_are_a_400(house: House, kind: str, body: bytes) -> None:
    response = await house.api("PUT", f"/v1/integrations/sync/{kind}", content=body)
    assert response.status_code in {400, 422}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b'{"externalId": "1",}', 400), (b"\xff\xfe", 400), (b'{"externalId": "\xff"}', 400),
        (b'{"externalId": "\\ud800"}', 400), (b'{"externalId": NaN}', 400), (b"[" * 100_000, 400),
        (b'{"externalId": "1", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}", 400),
        (b'{"externalId": "1", "subject": ' + b"9" * 5000 + b"}", 400),
        (b"null", 422), (b"[]", 422), (b'"x"', 422), (b"{}", 422), (b'{"externalId": ""}', 422),
        (b'{"externalId": "a\\u0000"}', 422), (b'{"externalId": 7}', 422),
        (b'{"externalId": "1", "account": {"externalId": "c", "latitude": 1e999}}', 422),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_body_has_its_status(house: House, body: bytes, status: int) -> None:
    for kind in SYNCED:
        response = await house.api("PUT", f"/v1/integrations/sync/{kind}", content=body)
        # A number of thousands of digits may be called either.
        assert response.status_code == status or (b"9999" in body and response.status_code == 422), response.text


async def test_a_body_over_one_mebibyte_is_a_413(house: House) -> None:
    path = "/v1/integrations/sync/engagements"
    body = {"externalId": "1", "content": "x" * (1024 * 1024)}
    assert (await house.api("PUT", path, json=body)).status_code == 413
    body["content"] = "x" * (1024 * 1024 - 100)
    assert (await house.api("PUT", path, json=body)).status_code == 200


async def test_texts_that_are_very_long_are_kept(house: House) -> None:
    long = "ä" * 20_000
    rep = {"externalId": "r", "email": long, "name": f"{long} {long}"}
    got = await house.api.engagement(
        "1", subject=long, engagementUsers=[rep], account={"externalId": "c", "name": long}
    )
    assert (got["subject"], got["account"]["name"]) == (long, long)
    assert got["engagementUsers"][0]["email"] == long


LISTS: Final = (
    "/v1/core/recordings", "/v1/core/mobile-events", "/v1/core/users", "/v1/core/integrations/connections",
    "/v1/integrations/engagements", "/v1/integrations/opportunities", "/v1/integrations/users",
)  # fmt: skip
NAMED: Final = (
    "/v1/core/recordings/{}", "/v1/core/recordings/{}/summaries", "/v1/core/mobile-events/{}",
    "/v1/core/users/{}", "/v1/core/auth/tokens/{}", "/v1/core/integrations/connections/{}",
    "/v1/integrations/engagements/{}", "/v1/integrations/opportunities/{}", "/v1/integrations/accounts/{}",
    "/v1/integrations/users/{}", "/v1/integrations/users/{}/engagements",
)  # fmt: skip
parameter_names = st.sampled_from(
    [
        "createdAt:gt", "createdAt:lt", "updatedAt:gte", "updatedAt:gt", "updatedAt:lt", "updatedAt:lte", "pageSize",
        "cursor",
        "isProcessingDone", "isEntityExtractionDone", "isSummaryDone", "showCrmLinks", "showSummary",
        "showEntityExtractions",
        "showEvaluationScore", "showFollowups", "createdAtGt", "createdAtLt", "eventCode", "eventCodeIn",
        "eventCodeIn[]",
        "userId", "recordingId", "other", "externalId", "idType", "integrationPlatform", "limit", "startingAfter",
        "startingBefore", "disabled",
    ]
)  # fmt: skip
parameter_values = st.one_of(
    st.text(max_size=20),
    times,
    st.sampled_from(
        [
            "true", "false", "TRUE", "1", "0", "-1", "1001", "1e3", "٣", "9" * 400, "deeplinkReceived", "\0", "W10=",
        "x" * 5000,
            "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgImE3ZDViNGQ3LWE2MTMtNDU5Zi05NzcxLTNlZWNiOWY3NWVkMSJd",
            "WyJhN2Q1YjRkNy1hNjEzLTQ1OWYtOTc3MS0zZWVjYjlmNzVlZDEiLCAiYVx1MDAwMCJd", "MQ==", "WzEsIDJd",
        ]
    ),
)  # fmt: skip


@given(parameters=st.lists(st.tuples(parameter_names, parameter_values), max_size=5))
@generated
async def test_any_parameters_are_taken_or_refused_in_the_documented_form(
    house: House, parameters: list[tuple[str, str]]
) -> None:
    query = "&".join(f"{quote(name)}={quote(value, errors='replace')}" for name, value in parameters)
    [rep] = (await house.api.visit())["engagementUsers"]
    for path in (*LISTS, f"/v1/integrations/users/{rep['id']}/engagements"):
        response = await house.api("GET", f"{path}?{query}")
        assert response.status_code in {200, 422}, response.text


@given(parts=st.lists(st.one_of(st.text(max_size=10), st.just("\0"), st.just("%")), min_size=1, max_size=3))
@generated
async def test_any_id_in_a_path_is_unknown(house: House, parts: list[str]) -> None:
    wanted = quote("".join(parts), safe="", errors="replace")
    for path in NAMED:
        response = await house.api("GET", path.format(wanted or "x"))
        assert response.status_code in {200, 404}, response.text
    named = "/v1/integrations/engagements/{}?idType=external".format(wanted or "x")
    assert (await house.api("DELETE", named)).status_code in {200, 404}


@given(
    lines=st.lists(
        st.tuples(st.sampled_from([b"host", b"authorization", b"x-siro-auth-token"]), st.binary(max_size=30)),
        max_size=3,
    )
)
@generated
async def test_any_headers_are_no_fault(house: House, lines: list[tuple[bytes, bytes]]) -> None:
    """On a bare socket, as a client library would refuse to send them."""
    token = (house.api.token or "").encode()
    sent = b"".join(name + b": " + value.translate(None, b"\r\n") + b"\r\n" for name, value in lines)
    request = (
        b"GET %s/v1/core/recordings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\n%sconnection: close\r\n\r\n"
    )
    host, port = house.server.url.removeprefix("http://").split(":")
    async with asyncio.timeout(HANGS):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request % (ORGANIZATION_BASE.encode(), token, sent))
        answer = await reader.readline()
        writer.close()
    assert answer.split(b" ")[1] in {b"200", b"400", b"401"}


async def test_a_strange_host_makes_no_fault(house: House) -> None:
    await house.record()
    for host in ("[", "]", "a b", "x:y", "é", "", "::1"):
        response = await house.api("GET", "/v1/core/recordings", headers={"host": host.encode()})
        assert response.status_code in {200, 400}
