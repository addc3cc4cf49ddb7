"""People who use the console without a browser, for tests that look at many pages as many roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from fieldnote.console.access.roles import Role
from tests.console.shop import Shop


@contextmanager
def person(shop: Shop, role: Role = Role.ADMIN, *reps: str) -> Iterator[httpx2.Client]:
    """A new user, signed in."""
    with httpx2.Client(base_url=shop.url, timeout=120, trust_env=False, headers={"accept": "text/html"}) as client:
        answer = client.get(shop.sign_in_address(role, *reps))
        assert answer.status_code == 303, answer.text
        yield client
