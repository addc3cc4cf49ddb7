"""Every operation that is built, held against HTTP and the contract by requests made from the contract itself.

An operation that is added later is tried without a change here.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest

from tests.workspace.conformance import BODIES, FIELDS, OF_OPERATION, PATHS, Operation, built, furnish
from tests.workspace.contract import ORGANIZATION_BASE, contract_of, problems_of
from tests.workspace.house import Api, House
from tests.workspace.test_matrix import NEW
from tests.workspace.test_user_recordings import token_of

pytestmark = pytest.mark.slow

CONTRACTS: Final = ("siro-org", "siro-user")
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRONG: Final[dict[str, Any]] = {"string": 7, "number": "x", "integer": "x", "boolean": "x", "array": "x", "object": "x"}
"""By JSON's type: a value of another type."""
NO_SUCH_PARAMETER: Final = {
    "excludeSiroUsers",  # the workspace has no staff of Siro's, and reads it all the same
}


class Caller:
    """Calls the operations of one contract, on records that exist."""

    def __init__(self, api: Api, ids: dict[str, Any]) -> None:
        self.api, self.ids = api, ids

    def path(self, operation: Operation, **instead: str) -> str:
        kinds = PATHS.get(operation.path.removeprefix("/v1"), {})
        return re.sub(
            r"\{(\w+)\}",
            lambda found: quote(instead.get(found[1]) or str(self.ids.get(kinds.get(found[1], ""), "x")), safe=""),
            operation.path,
        )

    async def __call__(self, operation: Operation, method: str | None = None, **options: Any) -> httpx2.Response:
        path = options.pop("path", None) or self.path(operation)
        return await self.api.client.request(method or operation.method, path, **options)

    def query(self, operation: Operation) -> dict[str, Any]:
        """The parameters that have to be given."""
        return {
            name: self.valid(operation, name, found["schema"])
            for name, found in query_of(operation).items()
            if found.get("required")
        }

    def body(self, operation: Operation) -> dict[str, Any] | None:
        """A body that has all that is required and no more; None for an operation without a body."""
        schema = body_of(operation)
        if schema is None or "properties" not in schema:
            return None
        known = BODIES.get(str(operation))
        if known is not None:
            return {name: self.ids.get(one, one) if isinstance(one, str) else one for name, one in known.items()}
        required = schema.get("required", ())
        return {name: self.valid(operation, name, schema["properties"][name]) for name in required}

    def valid(self, operation: Operation, name: str, schema: Any) -> Any:
        kind = (FIELDS | OF_OPERATION.get(str(operation), {})).get(name)
        if kind and schema.get("type") == "string":
            return self.ids.get(kind, str(uuid4()))
        match schema:
            case {"enum": [first, *_]}:
                return first
            case {"anyOf": [*options]}:
                return self.valid(operation, name, options[-1])
            case {"type": "array"}:
                return [self.valid(operation, name, schema["items"])] * schema.get("minItems", 0)
            case {"type": "object"}:
                properties = schema.get("properties", {})
                return {one: self.valid(operation, one, properties[one]) for one in schema.get("required", ())}
            case {"type": "number" | "integer"}:
                return max(1, schema.get("minimum", 1))
            case {"type": "boolean"}:
                return True
        return "2026-02-15T14:00:00Z" if re.search(r"At$|Time$|Date$|^date", name) else "x"


def facts(operation: Operation) -> Any:
    return contract_of(operation.contract)["paths"][operation.path][operation.method.lower()]


def query_of(operation: Operation) -> dict[str, Any]:
    return {one["name"]: one for one in facts(operation).get("parameters", ()) if one["in"] == "query"}


def body_of(operation: Operation) -> Any:
    return facts(operation).get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")


def issues_of(answer: httpx2.Response) -> list[Any]:
    assert answer.status_code == 422, f"{answer.request.method} {answer.request.url}: {answer.status_code}"
    assert not problems_of(answer)
    issues: list[Any] = answer.json()["issues"]
    return issues


async def callers(house: House) -> dict[str, Caller]:
    user_api = await token_of(house, house.organization.admin_id)
    ids = await furnish(house, user_api)
    return {"siro-org": Caller(house.api, ids), "siro-user": Caller(user_api, ids)}


def everything(*methods: str) -> Iterator[Operation]:
    for contract in CONTRACTS:
        for operation in built(contract):
            if not methods or operation.method in methods:
                yield operation


async def test_head_answers_as_get_does_without_a_body(house: House) -> None:
    known = await callers(house)
    for operation in everything("GET"):
        call = known[operation.contract]
        query = call.query(operation)
        got, head = await call(operation, params=query), await call(operation, "HEAD", params=query)
        assert got.status_code == 200, f"{operation}: {got.text}"
        assert not problems_of(got, operation.path), str(operation)
        assert (head.status_code, head.content) == (200, b""), str(operation)
        assert head.headers["content-type"] == got.headers["content-type"]


async def test_a_method_that_is_not_there_is_a_405_that_names_those_that_are(house: House) -> None:
    known = await callers(house)
    for operation in everything():
        call, path = known[operation.contract], known[operation.contract].path(operation)
        answers = {method: await call.api.client.request(method, path) for method in ("OPTIONS", "PURGE")}
        allowed = set(answers["PURGE"].headers["allow"].split(", "))
        assert {operation.method} <= allowed, str(operation)
        assert ("HEAD" in allowed) == ("GET" in allowed)
        for answer in answers.values():
            assert (answer.status_code, answer.json()["code"]) == (405, 405), str(operation)
        for method in set(METHODS) - allowed:
            answer = await call.api.client.request(method, path)
            assert answer.status_code == 405, f"{method} {path}"
            assert set(answer.headers["allow"].split(", ")) == allowed


async def test_a_401_names_the_scheme(house: House) -> None:
    for token in (None, "x"):
        nobody = house.client(token)
        for operation in everything():
            base = ORGANIZATION_BASE if operation.contract == "siro-org" else ""
            path = house.server.url + base + re.sub(r"\{\w+\}", NEW, operation.path)
            answer = await nobody.client.request(operation.method, path)
            assert answer.status_code == 401, str(operation)
            assert answer.headers["www-authenticate"].startswith("Bearer "), str(operation)


@pytest.mark.parametrize("unknown", [NEW, "x", "a/b", "é", "%2F", "."])
async def test_an_unknown_id_in_a_path_is_a_404(house: House, unknown: str) -> None:
    known = await callers(house)
    for operation in everything():
        names = [name for name in re.findall(r"\{(\w+)\}", operation.path) if name not in {"tenant", "id"}] or ["id"]
        if "{" not in operation.path:
            continue
        call = known[operation.contract]
        path = call.path(operation, **{names[-1]: "%2E" if unknown == "." else unknown})
        options: dict[str, Any] = {"path": path, "params": call.query(operation)}
        if (body := call.body(operation)) is not None:
            options["json"] = body
        answer = await call(operation, **options)
        if operation.method == "DELETE" and answer.status_code == 200:
            assert answer.json() is False, str(operation)
        else:
            assert answer.status_code == 404, f"{operation}: {answer.status_code} {answer.text}"


async def test_an_unknown_id_in_a_filter_finds_nothing(house: House) -> None:
    known, tried = await callers(house), set()
    for operation in everything("GET"):
        call, query = known[operation.contract], query_of(operation)
        for name, found in query.items():
            if not re.search(r"(Id|Ids|Uid)$", name) or found.get("required") or name.endswith("rganizationId"):
                continue
            for unknown in (NEW, "x", "a/b", "x" * 600):
                answer = await call(operation, params=call.query(operation) | {name: unknown})
                assert answer.status_code == 200, f"{operation} {name}: {answer.text}"
                data = answer.json() if isinstance(answer.json(), list) else answer.json()["data"]
                if isinstance(data, dict):
                    data = next(one for one in data.values() if isinstance(one, list))
                assert data == [], f"{operation} {name}"
            tried.add(name)
    assert {"externalId", "recordingId", "userId", "teamId", "userIds", "engagementId", "commenterUid"} <= tried


async def test_a_parameter_of_another_type_or_size_is_named(house: House) -> None:
    known = await callers(house)
    for operation in everything("GET"):
        call = known[operation.contract]
        for name, found in query_of(operation).items():
            schema = found["schema"]
            wrong = list(_wrong_texts(name, schema))
            for text, code in wrong:
                issues = issues_of(await call(operation, params=call.query(operation) | {name: text}))
                got = [(one["path"], one["code"]) for one in issues]
                assert got == [([name], code)], f"{operation} {name}={text}: {issues}"


def _wrong_texts(name: str, schema: Any) -> Iterator[tuple[str, str]]:
    kind = schema.get("type")
    if name in {"pageSize", "limit", "page"}:
        yield from (("x", "invalid_type"), ("-1", "too_small"), ("0", "too_small"), ("1.5", "invalid_type"))
    if "maximum" in schema:
        yield str(schema["maximum"] + 1), "too_big"
    if kind == "boolean" or schema.get("enum") in (["true", "false"], ["false", "true"]):
        yield "maybe", "invalid_enum_value"
    elif "enum" in schema:
        yield "no such word", "invalid_enum_value"
    if name == "cursor":
        yield "x", "custom"
    if re.search(r"^(created|updated|date)|(After|Before|At|Date)$", name) and kind == "string":
        yield "yesterday", "invalid_string"


async def test_a_page_is_as_large_as_the_contract_allows(house: House) -> None:
    known = await callers(house)
    for operation in everything("GET"):
        call = known[operation.contract]
        for name, found in query_of(operation).items():
            if name in {"pageSize", "limit"}:
                largest = found["schema"].get("maximum", 10**6)
                answer = await call(operation, params=call.query(operation) | {name: largest})
                assert answer.status_code == 200, f"{operation}: {answer.text}"


async def test_all_that_is_missing_is_named_at_once(house: House) -> None:
    known = await callers(house)
    for operation in everything():
        call, schema = known[operation.contract], body_of(operation)
        if operation.method == "GET":
            names = {name for name, found in query_of(operation).items() if found.get("required")}
            answer = await call(operation) if names else None
        else:
            names = set((schema or {}).get("required", ()))
            answer = await call(operation, json={}) if names else None
        if answer is not None:
            issues = issues_of(answer)
            assert {one["path"][0] for one in issues} == names, f"{operation}: {issues}"
            for one in issues:
                assert (one["code"], one["message"], one["received"]) == ("invalid_type", "Required", "undefined")
                assert one["expected"]


async def test_a_field_of_another_type_is_named_with_both_types(house: House) -> None:
    known = await callers(house)
    for operation in everything("POST", "PUT", "PATCH", "DELETE"):
        call, schema = known[operation.contract], body_of(operation)
        for name, found in (schema or {}).get("properties", {}).items():
            if (kind := found.get("type")) not in WRONG:
                continue
            answer = await call(operation, json=(call.body(operation) or {}) | {name: WRONG[kind]})
            wrong = [one for one in issues_of(answer) if one["path"] == [name]]
            assert [one["code"] for one in wrong] == ["invalid_type"], f"{operation} {name}: {answer.text}"
            assert wrong[0]["received"] == ("number" if kind == "string" else "string")


async def test_a_body_may_be_compressed(house: House) -> None:
    """The issues are the same; bad gzip is a 400, a body that becomes too large a 413."""
    known = await callers(house)
    zipped = {"content-encoding": "gzip", "content-type": "application/json"}
    packed_seven, too_large = gzip.compress(b"[7]"), gzip.compress(b" " * 100_000_000)
    for operation in everything("POST", "PUT", "PATCH"):
        if body_of(operation) is None:
            continue
        call = known[operation.contract]
        plain = await call(operation, content=b"[7]")
        packed = await call(operation, content=packed_seven, headers=zipped)
        assert (packed.status_code, packed.json()) == (plain.status_code, plain.json()), str(operation)
        for content, status in (
            (b"{}", 400),
            (packed_seven[:-3], 400),
            (packed_seven + b"x", 400),
            (too_large, 413),
        ):
            answer = await call(operation, content=content, headers=zipped)
            assert answer.status_code == status, f"{operation}: {answer.status_code}"
        answer = await call(operation, content=b"{}", headers=zipped | {"content-encoding": "br"})
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, identity")


async def test_a_compressed_record_is_stored(house: House) -> None:
    body = json.dumps({"externalId": "a-1", "subject": "x" * 900_000}).encode()
    packed = gzip.compress(body[:400_000]) + gzip.compress(body[400_000:])  # two members make one file
    headers = {"content-encoding": "GZIP", "content-type": "application/json"}
    answer = await house.api("PUT", "/v1/integrations/sync/engagements", content=packed, headers=headers)
    assert answer.json()["data"]["subject"] == "x" * 900_000


@pytest.mark.parametrize("external_id", ["a/b", "/", "a//b/", "%2F", "a%2Fb", "..", "ä/ö?x#y"])
async def test_an_external_id_with_a_slash_is_addressed(house: House, external_id: str) -> None:
    await house.api.visit(external_id)
    path = f"/v1/integrations/engagements/{quote(external_id, safe='').replace('.', '%2E')}"
    [before] = (await house.api.get("/v1/integrations/engagements", externalId=external_id))["data"]
    assert "deletedAt" not in before
    assert (await house.api("DELETE", path, params={"idType": "external"})).json() is True
    assert (await house.api("DELETE", path, params={"idType": "external"})).json() is False
    [after] = (await house.api.get("/v1/integrations/engagements", externalId=external_id))["data"]
    assert "deletedAt" in after
