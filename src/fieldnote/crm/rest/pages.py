"""An eye on the pages that an API gives: those that run in a circle, and those that are all the same one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, Response

from fieldnote.errors import CrmRefused

_MOST_TIMES = 20
"""How often one request may be made in one refresh. A few are of parents that share their children's address."""

_SAME_IN_A_ROW = 5
"""How many pages in a row may hold the same records."""

_USUAL = frozenset({"page", "offset", "start", "skip", "page_number", "pageNumber"})
_HINT = "see the paginator of crm.rest against the API's own documentation"


class Pages:
    """The requests and answers of one refresh. `config` names the parameters that count pages."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._counters = _USUAL | set(_named(config))
        self._asked: Counter[tuple[str | None, str | None, Any]] = Counter()
        self._last: dict[tuple[Any, ...], tuple[bytes, int]] = {}

    def ask(self, request: PreparedRequest) -> None:
        """Raises CrmRefused for a request that comes again and again: a cursor that leads back."""
        asked = (request.method, request.url, request.body)
        self._asked[asked] += 1
        if self._asked[asked] > _MOST_TIMES:
            text = f"{_place(request)} was asked {_MOST_TIMES} times"
            raise CrmRefused(text, hint=f"its pages repeat: {_HINT}")

    def answer(self, request: PreparedRequest, response: Response) -> None:
        """Raises CrmRefused for an API that gives the same records whatever page is asked for."""
        address = urlsplit(request.url or "")
        query = parse_qsl(address.query)
        if response.status_code != 200 or not any(name in self._counters for name, _ in query):
            return
        of = (address.netloc, address.path, *(pair for pair in query if pair[0] not in self._counters))
        digest = blake2b(response.content, digest_size=16).digest()
        before, times = self._last.get(of, (b"", 0))
        self._last[of] = digest, times + 1 if digest == before else 1
        if digest == before and times >= _SAME_IN_A_ROW and _has_records(response):
            text = (
                f"{_place(request)} gave the same records {_SAME_IN_A_ROW} times in a row, for one page after the other"
            )
            raise CrmRefused(text, hint=f"the API does not know the parameter that counts pages: {_HINT}")


def _place(request: PreparedRequest) -> str:
    address = urlsplit(request.url or "")
    return f"{request.method} {address.hostname or ''}{address.path}"


def _named(value: Any) -> Iterator[str]:
    """The parameters that paginators anywhere in the configuration count pages by."""
    match value:
        case dict():
            yield from (str(value[name]) for name in ("page_param", "offset_param") if value.get(name))
            for item in value.values():
                yield from _named(item)
        case list():
            for item in value:
                yield from _named(item)
        case _:
            return


def _has_records(response: Response) -> bool:
    try:
        document = json.loads(response.content)
    except ValueError:
        return False
    lists = [document, *document.values()] if isinstance(document, dict) else [document]
    return any(isinstance(item, list) and item for item in lists)
