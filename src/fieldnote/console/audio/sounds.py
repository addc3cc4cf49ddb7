"""Opens the sound of a recording: asks Siro for its signed address, and keeps that on the server for a few minutes."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final, Protocol

import httpx2

from fieldnote.byte_ranges import ByteRange
from fieldnote.console.audio.source import AddressEnded, Sound, SoundUnavailable, open_sound, origin_of
from fieldnote.siro.errors import NotFound, SiroError
from fieldnote.siro.models import AudioUrl

KEPT_FOR: Final = 300.0
"""Seconds. A recording that Siro hides is heard no longer than this."""
_EARLY: Final = 30.0
"""Seconds before its end at which an address is not used any more."""
_MOST_ADDRESSES: Final = 256
_MOST_OF_SESSION: Final = 6
_MOST: Final = 64


class NoSound(AddressEnded):
    """Siro has no audio of the recording."""


class Signs(Protocol):
    """Gives the signed address of a recording's audio."""

    async def audio_url(self, recording_id: str) -> AudioUrl:
        """Raises SiroError."""


class Sounds:
    """The sounds of one Siro, for all players of one console."""

    def __init__(
        self, signs: Signs, trusted: frozenset[str], *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        """`trusted`: origins of the configured API; see `open_sound`. `transport`: another way to the network."""
        self._signs = signs
        self._trusted = trusted
        self._transport = transport
        self._addresses: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._playing: Counter[str] = Counter()

    def begin(self, session: str) -> bool:
        """Count a player of this session. False if there are too many."""
        if self._playing[session] >= _MOST_OF_SESSION or self._playing.total() >= _MOST:
            return False
        self._playing[session] += 1
        return True

    def end(self, session: str) -> None:
        """A player that was counted has ended."""
        self._playing[session] -= 1
        if self._playing[session] <= 0:
            del self._playing[session]

    @asynccontextmanager
    async def open(self, recording_id: str, wanted: ByteRange | None) -> AsyncIterator[Sound]:
        """The bytes that are wanted. Raises `AddressEnded` and `SoundUnavailable`."""
        async with AsyncExitStack() as stack:
            try:
                address = await self._address(recording_id)
                sound = await stack.enter_async_context(self._at(address, wanted))
            except NoSound:
                raise
            except AddressEnded:
                self._addresses.pop(recording_id, None)
                address = await self._address(recording_id)
                sound = await stack.enter_async_context(self._at(address, wanted))
            yield sound

    def _at(self, address: str, wanted: ByteRange | None) -> AbstractAsyncContextManager[Sound]:
        return open_sound(address, wanted, trusted=self._trusted, transport=self._transport)

    async def _address(self, recording_id: str) -> str:
        now = time.monotonic()
        kept = self._addresses.get(recording_id)
        if kept is not None and kept[1] > now:
            return kept[0]
        try:
            answer = await self._signs.audio_url(recording_id)
        except NotFound:
            raise NoSound("Siro does not have the recording any more") from None
        except SiroError as error:
            raise SoundUnavailable(f"Siro gives no address of the sound: {error.message}") from None
        if answer.error or not answer.url:
            raise NoSound("Siro has no sound of this recording")
        seconds = KEPT_FOR
        if answer.expiration is not None:
            seconds = min(seconds, answer.expiration / 1000 - time.time() - _EARLY)
        self._addresses[recording_id] = str(answer.url), now + seconds
        while len(self._addresses) > _MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        return str(answer.url)


def origins(*urls: str) -> frozenset[str]:
    """The origins of the addresses that the file names."""
    return frozenset(origin_of(url) for url in urls)
