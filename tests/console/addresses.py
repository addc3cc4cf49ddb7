"""The pages that a person reaches by links: one address of each route, found by following them."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from urllib.parse import urlsplit

import httpx2

from fieldnote.console.app import guarded_routes

_HREF = re.compile(r'<a\b[^>]*?\shref="([^"#]*)')
STREAMS = frozenset({"/live", "/recordings/{recording_id}/audio"})


def pages(method: str = "GET") -> dict[str, re.Pattern[str]]:
    """The routes with this method, each with a pattern of its addresses."""
    return {
        route.path: re.compile(re.sub(r"\{\w+:path\}", ".+", re.sub(r"\{\w+\}", "[^/]+", route.path)))
        for route in guarded_routes()
        if method in (route.methods or ()) and route.path not in STREAMS
    }


def route_of(address: str) -> str | None:
    """The route that answers an address; the most literal one of several."""
    path = urlsplit(address).path
    fitting = [route for route, pattern in pages().items() if pattern.fullmatch(path)]
    return min(fitting, key=lambda route: route.count("{"), default=None)


def crawl(person: httpx2.Client) -> dict[str, str]:
    """By route, an address that this person reached. Pages that answer with an error count as well."""
    found: dict[str, str] = {}
    waiting, seen = deque(["/"]), {"/"}
    while waiting:
        address = waiting.popleft()
        route = route_of(address)
        if route is None or route in found:
            continue
        answer = person.get(address)
        if "attachment" in answer.headers.get("content-disposition", ""):
            continue  # a file, not a page
        if answer.status_code == 303:
            waiting.appendleft(answer.headers["location"])
            continue
        found[route] = address
        for link in map(unescape, _HREF.findall(answer.text)):
            if link.startswith("/") and link not in seen and not link.startswith(("/static", "//")):
                seen.add(link)
                waiting.append(link)
    return found
