"""Reading a webhook: its proof once, its body bounded in size and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from fieldnote.http_body import BodyRefused
from fieldnote.http_body import read_body as read_bounded

SECONDS: Final = 10.0
"""A webhook's body is sent at once; a client that takes longer is cut off."""


def has_twice(request: Request, names: Iterable[str]) -> bool:
    """Whether a header comes twice: a proxy and this server could read different ones."""
    return any(len(request.headers.getlist(name)) > 1 for name in names)


async def read_body(request: Request, *, largest: int, seconds: float = SECONDS) -> bytes:
    """The raw body, as signed. Raises `BodyRefused`, whatever the request's headers say about its length."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > largest:
        raise BodyRefused(413, f"the body has more than {largest} bytes")
    try:
        async with asyncio.timeout(seconds):
            return await read_bounded(request.stream(), largest=largest)
    except TimeoutError:
        raise BodyRefused(408, "the body did not arrive in time") from None
    except ClientDisconnect:
        raise BodyRefused(400, "the connection ended in the middle of the body") from None
