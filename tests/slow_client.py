"""A client that sends a request in pieces, and hears a server out."""

from __future__ import annotations

import asyncio

from tests.waiting import HANGS


async def until_closed(url: str, *pieces: bytes, pause: float = 0.05) -> bytes:
    """Send the pieces slowly; all that the server at this address answers until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    answer = b""

    async def send() -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(HANGS):
            while piece := await reader.read(65536):
                answer += piece
    except ConnectionResetError:
        pass
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    writer.close()
    return answer
