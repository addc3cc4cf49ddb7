"""uvicorn's HTTP protocol with calls that know their connection, so that an injected fault can end it."""

from __future__ import annotations

from asyncio import Transport
from typing import Final

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT: Final = "transport"


class Breakable(HttpToolsProtocol):
    """Each call of it has its connection in its state."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


def connection_of(scope: Scope) -> Transport:
    """The connection that a call came by. The server needs the protocol `Breakable`."""
    transport: Transport = scope["state"][_TRANSPORT]
    return transport


async def until_disconnected(receive: Receive) -> None:
    """Wait until uvicorn knows that the connection has ended: it takes an answer that stops before for an error."""
    while (await receive())["type"] != "http.disconnect":
        pass
