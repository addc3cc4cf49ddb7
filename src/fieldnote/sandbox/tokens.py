"""The callers' proofs: client credentials, private tokens, keys."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from fieldnote.sandbox.clock import Clock


class Tokens:
    """The tokens of one stand-in. A fixed one has no end."""

    def __init__(self, clock: Clock, *, lifetime: timedelta | None) -> None:
        self.lifetime = lifetime
        self.issued = 0
        """How many were given out."""
        self._clock = clock
        self._clients: dict[str, str] = {}
        self._until: dict[str, datetime | None] = {}

    def add_client(self, client_id: str, secret: str) -> None:
        """Let these credentials ask for tokens."""
        self._clients[client_id] = secret

    def add(self, token: str) -> None:
        """A private token or key, good until it is revoked."""
        self._until[token] = None

    def issue(self, client_id: str, secret: str) -> str | None:
        """A new token, or None for wrong credentials."""
        if not secret or self._clients.get(client_id) != secret:
            return None
        token = f"sandbox-{secrets.token_urlsafe(24)}"
        self._until[token] = None if self.lifetime is None else self._clock.now() + self.lifetime
        self.issued += 1
        return token

    def good(self, token: str | None) -> bool:
        """Whether a call with this token goes through."""
        if token is None or token not in self._until:
            return False
        until = self._until[token]
        return until is None or self._clock.now() < until

    def expire(self) -> None:
        """End all tokens now. Credentials stay, and so do private tokens."""
        for token in [token for token in self._until if token.startswith("sandbox-")]:
            del self._until[token]

    def revoke(self) -> None:
        """End everything: nobody gets in any more."""
        self._until.clear()
        self._clients.clear()
