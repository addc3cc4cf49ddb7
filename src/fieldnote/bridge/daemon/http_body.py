"""Reading a request's body: bounded in size and in time."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import Request
from starlette.requests import ClientDisconnect

SECONDS: Final = 10.0
"""A webhook's body is sent at once; a client that takes longer is cut off."""


class BodyRefused(Exception):
    """The body is too large, too slow, or broken off. `status` answers it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def read_body(request: Request, *, largest: int, seconds: float = SECONDS) -> bytes:
    """The raw body. Raises `BodyRefused`, whatever the request's headers say about its length."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > largest:
        raise BodyRefused(413, f"the body has more than {largest} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise BodyRefused(413, f"the body has more than {largest} bytes")
    except TimeoutError:
        raise BodyRefused(408, "the body did not arrive in time") from None
    except ClientDisconnect:
        raise BodyRefused(400, "the connection ended in the middle of the body") from None
    return bytes(body)
