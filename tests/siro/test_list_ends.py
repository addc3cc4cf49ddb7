"""Every list is read to its end, or raises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fieldnote.siro import AsyncSiro, IncompleteList, RepeatedPage, Siro
from fieldnote.siro.operations import Endpoint
from scripts.reference import contract, method_of
from tests.siro.contract import Described, operations
from tests.siro.server import Reply, Request, as_json, serving

Make = Callable[..., AsyncSiro]


# --- every list of the contracts ------------------------------------------------------------------------

Serve = Callable[[str | None], Any]
"""From a cursor to the JSON of an answer."""


SIRO = Siro(token="t")


def _returns(endpoint: Endpoint, kinds: tuple[str, ...]) -> bool:
    method: Any = method_of(endpoint, SIRO)
    return str(inspect.signature(method).return_annotation).startswith(kinds)


LISTS = {
    endpoint.python: endpoint
    for endpoint in contract()
    if endpoint.method == "GET"
    and _returns(endpoint, ("Listing[", "tuple["))
    and endpoint.python != "scorecards.evaluation_populations"  # its times are tested in test_scorecards
}
BARE = [name for name, each in LISTS.items() if _returns(each, ("Listing[",))]
BY_NUMBER = {"oauth.list_apps", "oauth.list_access_tokens"}


def described(endpoint: Endpoint) -> Described:
    return operations()[endpoint.audience, endpoint.method, endpoint.template]


def entry(number: int) -> dict[str, Any]:
    """An entry of any list: each model finds its required fields."""
    name = f"entry-{number}"
    ids = (
        "id", "recordingId", "sessionId", "followupId", "uid", "tokenId", "clientId", "clientID", "accessTokenId",
        "organizationId", "userId", "name",
    )  # fmt: skip
    return {**dict.fromkeys(ids, name), "color": "GREEN", "lowRange": 0, "highRange": 100,
            "eventCode": "appStateChange", "event": {}, "createdAt": "2026-02-01T00:00:00Z"}  # fmt: skip


def wrapped(endpoint: Endpoint, items: list[Any], **envelope: Any) -> Any:
    """The items as the contract wraps them."""
    schema = (described(endpoint).answer or {}).get("properties", {}).get("data", {})
    return {"data": _inside(schema, items), **envelope}


def _inside(schema: Any, items: list[Any]) -> Any:
    if schema.get("type") != "object":
        return items
    name, inner = next(
        (name, inner) for name, inner in schema["properties"].items() if inner.get("type") in {"array", "object"}
    )
    return {name: _inside(inner, items)}


def read(name: str, serve: Serve) -> list[Any]:
    """The list of a server, through the synchronous client."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return httpx2.Response(201, json={"accessToken": "user-token", "accessTokenId": "i"})
        return httpx2.Response(200, json=serve(request.url.params.get("cursor")))

    transport = httpx2.MockTransport(handle)
    siro = Siro(token="t", client_id="c", client_secret="s", user_id="u", limiter=None, transport=transport)
    method: Any = method_of(LISTS[name], siro)
    given: dict[str, Any] = {}
    positional: list[Any] = []
    for parameter in inspect.signature(method).parameters.values():
        if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY:
            given[parameter.name] = "x"
        elif parameter.default is parameter.empty:
            positional.append("x")
    answer = method(*positional, **given)
    return list(answer)


@pytest.mark.parametrize("name", LISTS)
def test_a_cursor_is_followed_also_where_the_operation_declares_none(name: str) -> None:
    pages = {None: ([entry(1), entry(2)], "second"), "second": ([entry(3)], None)}

    def serve(cursor: str | None) -> Any:
        items, after = pages[cursor]
        return wrapped(LISTS[name], items, cursor=after)

    assert len(read(name, serve)) == 3


@pytest.mark.parametrize("name", LISTS)
def test_more_pages_without_a_cursor_are_an_error(name: str) -> None:
    def serve(_: str | None) -> Any:
        return wrapped(LISTS[name], [] if name in BY_NUMBER else [entry(1)], hasNextPage=True, cursor=None)

    with pytest.raises(IncompleteList, match="the list goes on"):
        read(name, serve)


@pytest.mark.parametrize("name", LISTS)
def test_a_server_that_ignores_the_cursor_is_an_error(name: str) -> None:
    with pytest.raises(RepeatedPage):
        read(name, lambda _: wrapped(LISTS[name], [entry(1)], cursor="again"))


@pytest.mark.parametrize("name", [name for name in BARE if name not in BY_NUMBER])
def test_a_bare_array_goes_on_from_its_last_entry_to_an_empty_one(name: str) -> None:
    pages: dict[str | None, list[Any]] = {
        None: [entry(1), entry(2)], "entry-2": [entry(3), entry(4)], "entry-4": [entry(5)], "entry-5": [],
    }  # fmt: skip
    assert [_id(item) for item in read(name, lambda cursor: pages[cursor])] == [f"entry-{n}" for n in range(1, 6)]


def _id(item: Any) -> str:
    return next(str(found) for key in ("id", "followup_id", "session_id") if (found := getattr(item, key, None)))


@pytest.mark.parametrize("name", BARE)
def test_a_bare_array_without_an_end_is_an_error(name: str) -> None:
    with pytest.raises((RepeatedPage, IncompleteList)):
        read(name, lambda _: [entry(1), entry(2)])


@pytest.mark.parametrize("name", [name for name in BARE if name not in BY_NUMBER])
def test_bare_arrays_that_overlap_are_an_error_and_no_entry_comes_twice(name: str) -> None:
    pages: dict[str | None, list[Any]] = {None: [entry(1), entry(2)], "entry-2": [entry(3), entry(1)]}
    with pytest.raises(RepeatedPage):
        read(name, lambda cursor: pages[cursor])


def test_a_bare_array_whose_entries_have_no_id_is_an_error() -> None:
    with pytest.raises(IncompleteList):
        read("external_users.list", lambda _: [{"name": "Mary"}])


@pytest.mark.parametrize("name", sorted(BY_NUMBER))
def test_a_bare_array_of_a_list_by_number_goes_on_to_an_empty_page(name: str) -> None:
    answers = iter([[entry(1), entry(2)], [entry(3)], []])
    assert len(read(name, lambda _: next(answers))) == 3


@pytest.mark.parametrize("name", ["users.list", "recordings.summaries", "accounts.list", "organizations.list"])
def test_a_bare_array_of_an_operation_without_a_cursor_is_the_whole_list(name: str) -> None:
    assert len(read(name, lambda _: [entry(1), entry(2)])) == 2


@pytest.mark.parametrize("cursor", [{"at": 1}, [1], True])
def test_a_cursor_that_cannot_be_sent_back_is_an_error(cursor: object) -> None:
    with pytest.raises(IncompleteList):
        read("users.list", lambda _: {"data": [entry(1)], "cursor": cursor})


@pytest.mark.parametrize("cursor", [None, "", False, {}, []])
def test_an_empty_cursor_ends_the_list(cursor: object) -> None:
    assert len(read("users.list", lambda _: {"data": [entry(1)], "cursor": cursor})) == 1


def test_empty_pages_with_ever_new_cursors_end() -> None:
    count = iter(range(100_000))
    with pytest.raises(RepeatedPage):
        read("recordings.list", lambda _: {"data": [], "cursor": f"c{next(count)}"})


# --- over a real socket, with both clients --------------------------------------------------------------

REPS = [{"id": f"rep-{n:04}", "userId": f"u-{n}", "name": f"Rep {n}"} for n in range(1_581)]


def bare(request: Request, size: int = 1_000) -> Reply:
    cursor = dict(request.query).get("cursor")
    start = 0 if cursor is None else next(n for n, rep in enumerate(REPS) if rep["id"] == cursor) + 1
    return as_json(REPS[start : start + size])


async def test_1581_reps_come_although_siro_answers_bare_arrays_of_1000(client: Make) -> None:
    async with serving(bare) as server, client(server.url) as siro:
        by_visit = [rep.id async for rep in siro.engagement_users.list()]
        by_deal = [rep.id async for rep in siro.opportunity_users.list()]
        pages = [page async for page in siro.engagement_users.list().pages()]
        rest = [rep.id async for rep in siro.engagement_users.list(cursor=pages[0].cursor)]
    assert by_visit == by_deal == [rep["id"] for rep in REPS]
    assert [len(page.items) for page in pages] == [1_000, 581, 0]
    assert rest == by_visit[1_000:]


async def test_all_users_come_although_the_operation_declares_no_cursor(client: Make) -> None:
    def handler(request: Request) -> Reply:
        start = int(dict(request.query).get("cursor", "0"))
        return as_json({"data": REPS[start : start + 500], "cursor": str(start + 500) if start < 1_500 else None})

    async with serving(handler) as server, client(server.url) as siro:
        users = await siro.users.list(disabled=False)
    assert len(users) == 1_581
    assert server.seen[0].query == (("disabled", "false"),)
    assert server.seen[1].query == (("disabled", "false"), ("cursor", "500"))


async def test_a_folder_whose_contents_go_on_is_an_error(client: Make) -> None:
    def handler(request: Request) -> Reply:
        if request.method == "POST":
            return as_json({"accessToken": "t", "accessTokenId": "i"}, 201)
        return as_json({"data": {"folders": [], "folderItems": []}, "cursor": "more"})

    async with serving(handler) as server, client(server.url) as siro:
        with pytest.raises(IncompleteList):
            await siro.folders.list()
        with pytest.raises(IncompleteList):
            await siro.root_folders.list()


async def test_a_users_recordings_go_on_from_the_last_one(client: Make) -> None:
    days = [{"id": f"r{n}", "dateCreated": f"2026-02-{20 - n:02}T10:00:00Z"} for n in range(5)]

    def handler(request: Request) -> Reply:
        if "access-token" in request.path:
            return as_json({"accessToken": "t", "accessTokenId": "i"}, 201)
        after = request.json.get("startAfterDateCreated")
        rest = [each for each in days if after is None or each["dateCreated"] < after]
        return as_json({"data": {"recordings": rest[:2]}})

    async with serving(handler) as server, client(server.url) as siro:
        found = [each.id async for each in siro.recordings_v2.list_of_user("u", recording_list_option="ALL")]
    assert found == ["r0", "r1", "r2", "r3", "r4"]
    assert server.seen[1].json == {"recordingListOption": "ALL"}
    assert server.seen[2].json == {"recordingListOption": "ALL", "startAfterDateCreated": "2026-02-19T10:00:00Z"}


# --- the size of a page ---------------------------------------------------------------------------------

MOST = {"mobile_events.list": 1_000, "oauth.list_apps": 100, "oauth.list_access_tokens": 100, "followups.list": 100,
        "sessions.list": 100}  # fmt: skip
SIZED = [
    endpoint.python
    for endpoint in contract()
    if "page_size" in inspect.signature(method_of(endpoint, SIRO)).parameters  # type: ignore[arg-type]
]
IN_BODY = ["recordings.get_many", "recordings.search", "recordings_v2.search", "recordings_v2.search_slim"]


def test_the_largest_pages_are_those_of_the_contract() -> None:
    found: dict[str, int] = {}
    for endpoint in contract():
        for name, parameter in described(endpoint).parameters.items():
            if name in {"pageSize", "limit"} and (most := (parameter.get("schema") or {}).get("maximum")):
                found[endpoint.python] = most
    assert found == MOST


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("wrong", [0, -1, -25, 2.5, True])
def test_an_impossible_page_size_is_refused_before_sending(name: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match="page_size must be"):
        _call(name, wrong)


@pytest.mark.parametrize(("name", "most"), MOST.items())
def test_a_page_size_above_the_contracts_maximum_is_refused_before_sending(name: str, most: int) -> None:
    with pytest.raises(ValueError, match=f"page_size must be from 1 to {most}, not {most + 1}"):
        _call(name, most + 1)


@pytest.mark.parametrize("name", IN_BODY)
@pytest.mark.parametrize("wrong", [0, -1, 2.5])
def test_an_impossible_page_size_in_a_body_is_refused_before_sending(name: str, wrong: Any) -> None:
    group, method = name.split(".")
    given = {"ids": ["a"]} if method == "get_many" else {"query": {"search_text": "roof"}}
    with pytest.raises(ValueError, match="page_size must be"):
        getattr(getattr(unreachable(), group), method)(**given, page_size=wrong)


@pytest.mark.parametrize("wrong", [0, -1])
def test_the_first_page_has_number_1(wrong: int) -> None:
    with pytest.raises(ValueError, match="page_number must be at least 1"):
        unreachable().oauth.list_apps(organization_id="o", owner="u", page_number=wrong)
    with pytest.raises(ValueError, match="page must be at least 1"):
        unreachable().recordings.search(query={"search_text": "roof"}, page=wrong)


def unreachable() -> Siro:
    """A client that fails the test if it sends anything."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(f"sent {request.method} {request.url.path}")

    transport = httpx2.MockTransport(handle)
    return Siro(token="t", client_id="c", client_secret="s", user_id="u", limiter=None, transport=transport)


def _call(name: str, page_size: Any) -> None:
    siro = unreachable()
    endpoint = next(each for each in contract() if each.python == name)
    method: Any = method_of(endpoint, siro)
    positional = ["x" for parameter in inspect.signature(method).parameters.values()
                  if parameter.default is parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY]  # fmt: skip
    named = {parameter.name: "x" for parameter in inspect.signature(method).parameters.values()
             if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY}  # fmt: skip
    method(*positional, page_size=page_size, **named)
