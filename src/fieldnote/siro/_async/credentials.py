"""How a call proves its caller: one small interface, and one class for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from fieldnote.siro.concurrency import AsyncLock
from fieldnote.siro.errors import BadResponse, MissingCredential
from fieldnote.siro.settings import is_header_safe

LIFE = 16 * 3600.0
"""Seconds that Siro lets a minted token live, where it does not say."""

AHEAD = 600.0
"""Seconds before its end at which a minted token is replaced, so that none ends in the middle of a run."""


class AsyncCredential(Protocol):
    """Proves the caller."""

    async def headers(self) -> Mapping[str, str]:
        """The headers for now. May call the network."""

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Siro answered 401 to these headers. Return whether new headers may work."""


class AsyncFixed:
    """Headers that do not change: an organization token, which an admin creates in Siro and which does not expire."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def headers(self) -> Mapping[str, str]:
        """The given headers."""
        return self._headers

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Return False: there is only this credential."""
        del headers
        return False

    def __repr__(self) -> str:
        return "AsyncFixed(***)"


@dataclass(frozen=True, slots=True)
class Minted:
    """A token that was just minted."""

    token: SecretStr
    life: float | None
    """Seconds until it expires; None: unknown."""


class AsyncMint(Protocol):
    """Asks for a new token."""

    async def __call__(self) -> Minted:
        """Raises SiroError."""


class AsyncMintedToken:
    """A token that is minted as needed; shared by all tasks of a client.

    It is minted at first use, and replaced before it expires and after a 401. One task mints it, and all others
    wait for the result.
    """

    def __init__(self, mint: AsyncMint, names: tuple[str, ...], *, clock: Callable[[], float]) -> None:
        """`names`: the headers that carry it, `authorization` as a bearer's. `clock`: seconds since 1970."""
        self._mint = mint
        self._names = names
        self._clock = clock
        self._headers: Mapping[str, str] | None = None
        self._replace_at = 0.0
        self._lock = AsyncLock()
        self._failures = 0
        self._failure: Exception | None = None

    async def headers(self) -> Mapping[str, str]:
        """The headers that carry the token."""
        return self._fresh() or await self._minted()

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Return True. Only the first task to say so of a token discards it: the others find a newer one."""
        if self._headers is headers:
            self._headers = None
        return True

    def _fresh(self) -> Mapping[str, str] | None:
        return self._headers if self._clock() < self._replace_at else None

    async def _minted(self) -> Mapping[str, str]:
        failures = self._failures
        async with self._lock:
            # While this task waited, another may have got one, or failed for all that were waiting.
            if headers := self._fresh():
                return headers
            if self._failure is not None and self._failures != failures:
                raise self._failure
            try:
                return self._keep(await self._mint())
            except Exception as error:
                self._failures += 1
                self._failure = error
                raise

    def _keep(self, minted: Minted) -> Mapping[str, str]:
        token = minted.token.get_secret_value()
        if not is_header_safe(token):
            raise BadResponse("Siro minted a token that cannot be sent in a header")
        life = LIFE if minted.life is None else minted.life
        # A token that lives less than twice the margin is used for half its life.
        self._replace_at = self._clock() + max(life - AHEAD, life / 2)
        headers = {name: f"Bearer {token}" if name == "authorization" else token for name in self._names}
        self._headers = headers
        return headers

    def __repr__(self) -> str:
        return "AsyncMintedToken(***)"


class AsyncMissing:
    """Takes the place of a missing credential, and names the missing setting."""

    def __init__(self, kind: str, settings: tuple[str, ...]) -> None:
        self._kind = kind
        self._settings = settings

    async def headers(self) -> Mapping[str, str]:
        """Raises MissingCredential."""
        raise MissingCredential(
            f"this call needs {self._kind}, and {' and '.join(self._settings)} is not set"
            if len(self._settings) == 1
            else f"this call needs {self._kind}; not set: {', '.join(self._settings)}",
            hint=f"Set {', '.join(self._settings)} in the environment, or give the same to the client.",
        )

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Return False: nothing was sent."""
        del headers
        return False
