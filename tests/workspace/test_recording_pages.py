"""The address of a recording in a note leads a person to the console."""

from __future__ import annotations

import pytest

from tests.workspace.house import House


@pytest.mark.parametrize("name", ["7b0c3c0e-5d7a-4f5e-9d1e-0a1b2c3d4e5f", "unknown", "a%0d%0ab", "..%2F..", "<b>"])
async def test_a_browser_is_sent_to_the_console(house: House, name: str) -> None:
    pages = house.workspace.pages
    before = await house.client(None).client.get(f"{house.server.url}/recordings/{name}")
    assert before.status_code == 404
    assert "No console is served here" in before.text
    assert "<b>" not in before.text or before.headers["content-type"].startswith("text/plain")
    pages.url = "http://127.0.0.1:8788"
    found = await house.client(None).client.get(f"{house.server.url}/recordings/{name}")
    pages.url = None
    assert found.status_code == 303
    assert found.headers["location"].startswith("http://127.0.0.1:8788/recordings/")
    assert not {"\r", "\n", "<"} & set(found.headers["location"])
