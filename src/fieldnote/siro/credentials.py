"""How a call proves who asks: one small interface, a class a kind.

Siro has announced that organization tokens will give way to client credentials. Such a third kind is one more
class with the two methods of `Credential`, and one line in `fieldnote.siro.client`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from pydantic import SecretStr

from fieldnote.siro.errors import BadResponse, MissingCredential
from fieldnote.siro.models import AccessToken
from fieldnote.siro.settings import is_header_safe

LIFE = 16 * 3600.0
"""Seconds that Siro lets a user token live."""

AHEAD = 600.0
"""Seconds before its end at which a user token is replaced, so that none ends in the middle of a run."""


class Credential(Protocol):
    """Proves who asks."""

    async def headers(self) -> Mapping[str, str]:
        """The headers that prove it now. May ask the network for them."""

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Siro answered 401 to these headers. Whether new ones, at the next ask, may do better."""


class OrganizationToken:
    """The token that an admin makes in Siro. It does not end by itself."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    async def headers(self) -> Mapping[str, str]:
        """`Authorization: Bearer …`."""
        return {"authorization": f"Bearer {self._token.get_secret_value()}"}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """No: there is no other."""
        del headers
        return False


class UserToken:
    """A token minted from an OAuth app, in the name of one user; shared by all tasks of a client.

    It is minted at first use, replaced ahead of its end, and after a 401; however many tasks want it, one
    asks and the others wait for what it gets.
    """

    def __init__(self, mint: Callable[[], Awaitable[AccessToken]], *, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since 1970."""
        self._mint = mint
        self._clock = clock
        self._token: SecretStr | None = None
        self._replace_at = 0.0
        self._lock = asyncio.Lock()
        self._failures = 0
        self._failure: Exception | None = None

    async def headers(self) -> Mapping[str, str]:
        """`x-siro-auth-token: …`."""
        token = self._fresh() or await self._minted()
        return {"x-siro-auth-token": token.get_secret_value()}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Yes. Only the first task to say so of a token discards it: the others find a newer one already."""
        if self._token is not None and self._token.get_secret_value() == headers.get("x-siro-auth-token"):
            self._token = None
        return True

    def _fresh(self) -> SecretStr | None:
        return self._token if self._clock() < self._replace_at else None

    async def _minted(self) -> SecretStr:
        failures = self._failures
        async with self._lock:
            # While this task waited, another may have got one, or failed for all that were waiting.
            if token := self._fresh():
                return token
            if self._failure is not None and self._failures != failures:
                raise self._failure
            try:
                return self._keep(await self._mint())
            except Exception as error:
                self._failures += 1
                self._failure = error
                raise

    def _keep(self, minted: AccessToken) -> SecretStr:
        if not is_header_safe(minted.access_token.get_secret_value()):
            raise BadResponse("Siro minted a user token that cannot stand in a header")
        now = self._clock()
        life = minted.expires_at.timestamp() - now if minted.expires_at else LIFE
        # A token that lives less than twice the margin is used for half its life.
        self._replace_at = now + max(life - AHEAD, life / 2)
        self._token = minted.access_token
        return self._token


class Missing:
    """Stands where a credential was not given, and says which setting would give it."""

    def __init__(self, what: str, settings: tuple[str, ...]) -> None:
        self._what = what
        self._settings = settings

    async def headers(self) -> Mapping[str, str]:
        """Raises MissingCredential."""
        raise MissingCredential(
            f"this call needs {self._what}, and {' and '.join(self._settings)} is not set"
            if len(self._settings) == 1
            else f"this call needs {self._what}; not set: {', '.join(self._settings)}",
            hint=f"Set {', '.join(self._settings)} in the environment, or give the same to the client.",
        )

    def refused(self, headers: Mapping[str, str]) -> bool:
        """No: nothing was sent."""
        del headers
        return False
