"""Passwords, kept as argon2 hashes."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from fieldnote.errors import ConfigError

SHORTEST: Final = 12
LONGEST: Final = 1024
_AT_ONCE: Final = 2
"""Each check takes 64 MiB for a tenth of a second."""


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _unknown() -> str:
    """A hash that no password fits, for accounts that do not exist: a refusal takes as long."""
    return _hasher().hash("no account")


def hash_password(password: str) -> str:
    """The hash to keep. Blocking. Raises `ConfigError` for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigError(
            f"the password has {len(password)} characters", hint=f"Choose one of {SHORTEST} to {LONGEST} characters."
        )
    return _hasher().hash(password)


class PasswordChecks:
    """Checks passwords in threads, a few at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether the password has this hash. Without a hash it takes as long, and never fits."""
        async with self._places:
            return await asyncio.to_thread(_fits, password, kept)


def _fits(password: str, kept: str | None) -> bool:
    if len(password) > LONGEST:
        return False
    try:
        _hasher().verify(kept or _unknown(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return kept is not None
