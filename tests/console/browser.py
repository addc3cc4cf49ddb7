"""A browser without script: it keeps cookies, follows redirects and sends the forms of pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape

import httpx2

from fieldnote.console import Console
from fieldnote.console.access.roles import Role
from fieldnote.console.access.sessions import make_link
from fieldnote.console.access.users import add_user
from fieldnote.console.app import create_app

PORT = 8788
BASE = f"http://127.0.0.1:{PORT}"
ADDRESS = "127.0.0.1"


class Browser:
    """One person's browser."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.page = ""

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """Open a page, and follow redirects."""
        answer = await self.client.get(path, headers={"accept": "text/html", **headers}, follow_redirects=True)
        self.page = answer.text
        return answer

    async def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> httpx2.Response:
        """Send a form with the CSRF token of the page that is open."""
        data = {"csrf": self.csrf, **(fields or {})}
        answer = await self.client.post(path, data=data, headers={"accept": "text/html", "origin": BASE, **headers})
        if answer.is_redirect:
            return await self.get(answer.headers["location"])
        self.page = answer.text
        return answer

    @property
    def csrf(self) -> str:
        """The token in the forms of the open page."""
        found = re.search(r'name="csrf" value="([^"]*)"', self.page)
        return "" if found is None else unescape(found[1])


@asynccontextmanager
async def browser(console: Console, *, address: str = ADDRESS) -> AsyncIterator[Browser]:
    """A new browser, signed out, at this address."""
    transport = httpx2.ASGITransport(
        create_app(console, port=PORT), client=(address, 50000), raise_app_exceptions=False
    )
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        yield Browser(client)


@asynccontextmanager
async def signed_in(console: Console, role: Role = Role.ADMIN, *reps: str) -> AsyncIterator[Browser]:
    """The browser of a new user with this role, who sees these reps."""
    email = f"{role.value}-{'-'.join(reps)}@example.com"
    user_id = await add_user(console.engine, email=email, role=role, connection=console.connection, reps=reps)
    async with browser(console) as opened:
        await opened.get(f"/once/{await make_link(console.engine, user_id)}")
        yield opened
