"""Every operation of both published contracts: its method, the request it sends, and the answer it reads."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from fieldnote.siro import IncompleteList, Refused, RepeatedPage, Siro
from fieldnote.siro.endpoints import LEFT_OUT
from fieldnote.siro.models import RequestModel
from fieldnote.siro.operations import Audience, Endpoint
from scripts.reference import contract, method_of
from tests.siro.contract import Described, operations, wire_values
from tests.siro.signatures import arguments, called, hints_of, record_in

ENDPOINTS = {(each.audience, each.method, each.template): each for each in contract()}

COMPOSED = {"recordings.upload"}
"""Methods that are several operations."""

ADDED: dict[str, dict[str, int]] = {
    "recordings.get_many": {"pageSize": 25},
    "recordings.search": {"pageSize": 25},
    "recordings_v2.search": {"pageSize": 25},
    "recordings_v2.search_slim": {"pageSize": 25},
    "agents.run": {"streaming": False},
}
"""The fields that methods add to a body without them."""

STRICTER = {"recordings.link", "recordings.unlink"}
"""Methods that are stricter than the contract's schema: Siro itself answers such requests with a 422."""


CLAIMED = {key: each for key, each in operations().items() if not each.path.startswith(LEFT_OUT)}


def test_the_client_has_every_operation_but_those_it_names_as_left_out() -> None:
    assert ENDPOINTS.keys() == CLAIMED.keys()
    assert len(list(contract())) == len(ENDPOINTS) == 195
    assert len(operations()) == 214
    assert all(any(each.path.startswith(part) for each in operations().values()) for part in LEFT_OUT)


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "docs/siro-client.md"])
def test_the_pages_claim_what_the_client_has(page: str) -> None:
    text = " ".join((ROOT / page).read_text().split())
    count = Counter(each.audience for each in operations().values())
    claimed = Counter(each.audience for each in CLAIMED.values())
    assert claimed[Audience.ORGANIZATION] == count[Audience.ORGANIZATION]
    assert re.findall(r"all (\d+) operations of (?:Siro's|the) organization API", text) == [
        str(count[Audience.ORGANIZATION])
    ]
    assert re.findall(r"(\d+) of the (\d+) of (?:its|the) user API", text) == [
        (str(claimed[Audience.USER]), str(count[Audience.USER]))
    ]
    assert "illing, licenses, invoices, subscription, portal and logging" in text
    assert "every operation of Siro" not in text
    words = {"billing": "billing-graph", "logging": "sdk-logging"}
    for word in ("billing", "licenses", "invoices", "subscription", "portal", "logging"):
        assert any(words.get(word, word) in part for part in LEFT_OUT)


def test_every_endpoint_has_one_method_and_every_method_one_endpoint() -> None:
    names = [endpoint.python for endpoint in ENDPOINTS.values()]
    siro = Siro(token="t")
    methods = {f"{name}.{method}" for name in Siro.__annotations__ for method in _public(getattr(siro, name))}
    assert len(names) == len(set(names))
    assert methods == {*names, *COMPOSED}


def _public(group: object) -> list[str]:
    return [name for name, member in inspect.getmembers(group, callable) if not name.startswith("_")]


# --- calling what is only known by its signature --------------------------------------------------------


class Seen:
    """A client whose calls end here, with the answer that is set."""

    def __init__(self) -> None:
        self.request: httpx2.Request | None = None
        self.answer: Any = None
        self.status = 200
        self.siro = Siro(
            token="t", client_id="c", client_secret="s", user_id="u", limiter=None,
            transport=httpx2.MockTransport(self._handle),
        )  # fmt: skip

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/api-externalApi/v1/core/oauth/apps/c/access-token" and request.method == "POST":
            return httpx2.Response(201, json={"accessToken": "user-token", "accessTokenId": "i"})
        self.request = request
        return httpx2.Response(self.status, json=self.answer)


SEEN = Seen()


@pytest.mark.parametrize("key", CLAIMED, ids=[each.name for each in CLAIMED.values()])
def test_each_method_sends_and_reads_as_the_contract_says(key: Any, request: pytest.FixtureRequest) -> None:
    endpoint: Endpoint = ENDPOINTS[key]
    described = operations()[key]
    method: Any = method_of(endpoint, SEEN.siro)
    called_with = st.composite(arguments)(method, described)

    @settings(
        max_examples=300 if request.config.getoption("--long") else 6,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        try:
            positional, named, body = data.draw(called_with)
        except ValidationError:
            assert endpoint.python in STRICTER
            reject()
        SEEN.status = described.status
        SEEN.answer = None if described.answer is None else data.draw(described.answers)
        try:
            called(method, positional, named)
        except Refused:
            assert SEEN.answer.keys() <= {"error", "details"}
        except (RepeatedPage, IncompleteList):
            assert _goes_on(SEEN.answer)  # and here all pages are the same
        assert SEEN.request is not None
        _fits(SEEN.request, endpoint, described, positional, body)

    check()


def _goes_on(answer: Any) -> bool:
    """Whether an answer says that its list has another page."""
    if isinstance(answer, list):
        return bool(answer)
    data = answer.get("data")
    inner = data.get("nextCursor") if isinstance(data, dict) else None
    return bool(answer.get("hasNextPage") or answer.get("cursor") not in (None, "") or inner)


def _fits(request: httpx2.Request, endpoint: Endpoint, described: Described, positional: list[Any], body: Any) -> None:
    ids = [each for each in positional if isinstance(each, str)]
    base = "/api-externalApi" if described.audience.value == "organization" else ""
    assert request.method == described.method
    assert request.url.raw_path.decode().partition("?")[0] == base + endpoint.path(*ids)
    proof = "authorization" if described.audience.value == "organization" else "x-siro-auth-token"
    assert proof in request.headers
    sent = json.loads(request.content) if request.content else None
    assert (sent is None) == (described.request is None)
    if described.request is not None:
        described.validator(described.request).validate(sent)
        assert sent == (body | ADDED.get(endpoint.python, {}) | body if isinstance(body, dict) else body)
    _fits_query(request, described)


def _fits_query(request: httpx2.Request, described: Described) -> None:
    given_names = {name for name, _ in request.url.params.multi_items()}
    required = {name for name, each in described.parameters.items() if each.get("required")}
    goes_on = {"cursor"} if "cursor" in ((described.answer or {}).get("properties") or {}) else set()
    assert required <= given_names <= described.parameters.keys() | goes_on
    for name, text in request.url.params.multi_items():
        if name not in described.parameters:
            continue
        schema = described.parameters[name].get("schema") or {}
        item = schema.get("items", schema)
        if "enum" in item:
            assert text in item["enum"]
        if item.get("type") in {"number", "integer"}:
            float(text)
        if item.get("type") == "boolean":
            assert text in {"true", "false"}


WITH_BODY = [key for key, each in CLAIMED.items() if each.request is not None]


@pytest.mark.parametrize("key", WITH_BODY, ids=[operations()[key].name for key in WITH_BODY])
def test_request_models_accept_only_what_the_contract_accepts(key: Any, request: pytest.FixtureRequest) -> None:
    described = operations()[key]
    method: Any = method_of(ENDPOINTS[key], SEEN.siro)
    model = next(found for kind in hints_of(method).values() if (found := record_in(kind)))
    one = described.request["items"] if described.request.get("type") == "array" else described.request
    validator = described.validator(one)
    bodies = wire_values(one, schemas=described.schemas).flatmap(_mutated)

    @settings(
        max_examples=1000 if request.config.getoption("--long") else 25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        broken = data.draw(bodies)
        try:
            record = model.model_validate(broken)
        except ValidationError:
            return
        validator.validate(record.wire())

    check()


ODD = st.sampled_from([None, "", "x", 7, -1.5, True, [], [None], {}, {"a": 1}])


def _mutated(value: Any) -> st.SearchStrategy[Any]:
    """The value with one field of it dropped, doubled under a wrong name, or of another type."""
    paths = list(_paths(value))
    return st.tuples(st.sampled_from(paths or [()]), ODD, st.booleans()).map(lambda how: _changed(value, *how))


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*at, key)
        yield from _paths(inner, (*at, key))


def _changed(value: Any, path: tuple[Any, ...], odd: Any, drop: bool) -> Any:
    copy = json.loads(json.dumps(value))
    if not path:
        return copy
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    if drop and isinstance(holder, dict):
        del holder[path[-1]]
    else:
        holder[path[-1]] = odd
    return copy


def test_every_model_of_a_request_refuses_a_field_that_siro_does_not_know() -> None:
    for kind in _all_models(RequestModel):
        with pytest.raises(ValidationError) as caught:
            kind.model_validate({"noSuchField": 1})
        assert any(error["loc"] == ("noSuchField",) for error in caught.value.errors()), kind


def _all_models(base: type[BaseModel]) -> Iterable[type[BaseModel]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _all_models(kind)
