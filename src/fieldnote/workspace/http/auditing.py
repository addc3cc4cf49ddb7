"""Which calls the audit keeps, and what of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from fastapi import Request

from fieldnote.workspace import audit
from fieldnote.workspace.http.calls import SLASH
from fieldnote.workspace.http.errors import ApiError
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.tenancy import Caller

_READING: Final = frozenset({
    "POST /v1/core/recordings", "POST /v1/core/recordings/search", "POST /v1/core/recordings/{id}/signedUrl",
})  # fmt: skip
"""Operations that only read, beside the GETs."""
_RECORDINGS: Final = re.compile(r"recordingIds?")
_AN_ID: Final = re.compile(r"ids?|\w+Ids?")
_LARGEST_LOOK: Final = 64 * 1024
"""Bytes of a body that is searched for ids."""
_MOST_NAMED: Final = 50
_REFUSALS: Final = frozenset({403, 404})


def action_of(request: Request) -> str:
    """Method and route, as `GET /v1/core/recordings/{id}`."""
    route = request.scope.get("route")
    path = str(getattr(route, "path", request.url.path)).removeprefix("/api-externalApi")
    return f"{request.method} {path}"


def address_of(request: Request) -> str | None:
    """Where the call came from."""
    return request.client.host if request.client else None


async def note_calls(
    collected: audit.Audit,
    transaction: Transaction,
    caller: Caller,
    calls: Sequence[tuple[Request, bytes]],
    answers: Sequence[Any],
) -> None:
    """Note the calls of one operation: a change in this transaction, a read or refusal with the next writing."""
    collected.used(caller)
    action = action_of(calls[0][0])
    reads = action.startswith("GET ") or action in _READING
    targets: dict[str, None] = {}
    done: Counter[str | None] = Counter()
    for (request, body), answer in zip(calls, answers, strict=True):
        if isinstance(answer, ApiError):
            note_refusal(collected, caller, request, answer, body)
            continue
        done[address_of(request)] += 1
        own = dict.fromkeys((*_targets(request, answer, action), *_recordings_in(body)))
        if reads:
            collected.collect(caller, action, own, address=address_of(request))
        targets |= own
    if done and not reads:
        address = next(iter(done))
        await audit.changed(transaction, caller, action, list(targets), done.total(), address)


def note_refusal(collected: audit.Audit, caller: Caller, request: Request, error: ApiError, body: bytes) -> None:
    """Note a call that was refused, or asked for what the caller does not see: the ids in its path and its body."""
    if error.status in _REFUSALS:
        targets = (*_named(request), *_named_in(body))
        collected.collect(caller, action_of(request), targets, address=address_of(request), outcome="refused")


def _targets(request: Request, answer: Any, action: str) -> Iterator[str]:
    """The ids in the path; without any, those of the records in the answer."""
    if request.path_params:
        yield from _named(request)
        return
    data = answer.get("data", answer) if isinstance(answer, Mapping) else answer
    if isinstance(data, Mapping) and "hits" in data:
        data = data["hits"]
    if isinstance(data, Mapping) and "followups" in data:
        data = data["followups"]
    if isinstance(data, Mapping):
        data = [data]
    if isinstance(data, list) and re.search(
        r"recordings|followups|tokens|apps|users|connections|sync|definitions", action
    ):
        yield from _ids(data)


def _named(request: Request) -> Iterator[str]:
    """The ids in the path, as they were written."""
    for value in request.path_params.values():
        yield str(value).replace(SLASH, "/")


def _recordings_in(body: bytes) -> Iterator[str]:
    """The recordings that a body names where the path names something else, as an item of a folder."""
    return _named_in(body, _RECORDINGS) if b"ecordingId" in body else iter(())


def _named_in(body: bytes, names: re.Pattern[str] = _AN_ID) -> Iterator[str]:
    """Ids in a body, as they were written: of its first records, and of their lists of ids."""
    try:
        sent = json.loads(body) if body and len(body) <= _LARGEST_LOOK else None
    except (ValueError, RecursionError):
        return
    for record in islice(sent if isinstance(sent, list) else [sent], _MOST_NAMED):
        given = record if isinstance(record, Mapping) else {}
        for value in (given[name] for name in given if names.fullmatch(name)):
            for one in islice(value if isinstance(value, list) else [value], _MOST_NAMED):
                if isinstance(one, str):
                    yield one


def _ids(records: Sequence[Any]) -> Iterator[str]:
    for record in records:
        if isinstance(record, Mapping):
            for name in ("recordingId", "id", "tokenId", "clientID", "accessTokenId"):
                if isinstance(record.get(name), str):
                    yield record[name]
                    break
