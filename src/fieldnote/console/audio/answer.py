"""Sends a sound to a player, which may pause, go away, or come back in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fieldnote.console.audio.source import AddressEnded, Sound, SoundUnavailable

STALLED: Final = 120.0
"""Seconds that a paused player keeps its connection. It asks again for the rest."""

Opened = AbstractAsyncContextManager[Sound]


class SoundAnswer(Response):
    """200, 206 or 416 with the bytes of a sound; 404 and 502 in one line of text."""

    def __init__(self, opened: Opened, *, head: bool, ended: Callable[[], None], stopping: asyncio.Event) -> None:
        """`ended` is called once, when nothing more is sent. `stopping`: the server wants to stop."""
        super().__init__()
        self._opened, self._head, self._ended, self._stopping = opened, head, ended, stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Response`."""
        started = False
        try:
            async with self._opened as sound:
                await send({"type": "http.response.start", "status": _status(sound), "headers": _headers(sound)})
                started = True
                if self._head or sound.is_missing:
                    await send({"type": "http.response.body", "body": b""})
                else:
                    await self._send_all(sound, receive, send)
        except (AddressEnded, SoundUnavailable) as error:
            if not started:  # else the connection ends in the middle, and the player sees that bytes are missing
                status = 404 if isinstance(error, AddressEnded) else 502
                words = f"{error.message[:1].upper()}{error.message[1:]}.\n"
                await Response(words, status_code=status, media_type="text/plain")(scope, receive, send)
        finally:
            self._ended()

    async def _send_all(self, sound: Sound, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        try:
            with suppress(TimeoutError):
                async for piece in sound.pieces:
                    if gone.done() or self._stopping.is_set():
                        return
                    async with asyncio.timeout(STALLED):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _status(sound: Sound) -> int:
    if sound.is_missing:
        return 416
    return 206 if sound.is_part else 200


def _headers(sound: Sound) -> list[tuple[bytes, bytes]]:
    found = {"content-type": sound.media_type, "accept-ranges": "bytes", "content-disposition": "inline"}
    if sound.is_missing:
        found |= {"content-range": f"bytes */{sound.size}", "content-length": "0"}
    else:
        found["content-length"] = str(sound.end - sound.start)
        if sound.is_part:
            found["content-range"] = f"bytes {sound.start}-{sound.end - 1}/{sound.size}"
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found.items()]
