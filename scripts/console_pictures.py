"""Take a picture of each page of the console with the demo's data: `python -m scripts.console_pictures FOLDER`.

A picture is named by its route, width, and scheme. Those named `console-` are for `docs/images`.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from playwright.sync_api import FloatRect
from sqlalchemy import text

from fieldnote.bridge import Bridge, push_once
from fieldnote.db.embedded import ensure_server, stop_server
from fieldnote.demo.loop import Stage
from tests.console.addresses import crawl
from tests.console.chromium import DESKTOP, PHONE, Scheme, Tab, running_browser, signed_in_state, tab
from tests.console.people import person
from tests.console.shop import Shop, Template, served

_LOOKS: Final[tuple[tuple[str, tuple[int, int], Scheme], ...]] = (
    ("desktop-light", DESKTOP, "light"),
    ("desktop-dark", DESKTOP, "dark"),
    ("phone-light", PHONE, "light"),
)

_TOP: Final = FloatRect(x=0, y=0, width=1280, height=860)
"""The part that the docs show."""


def main() -> int:
    """Write the pictures of all pages that links lead to."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fn") as name:
        home = Path(name, "server")
        try:
            template = Template.made(ensure_server(home), Path(name, "demo"))
            copy = Path(name, "copy")
            copy.mkdir()
            with (
                template.copied("pictures", copy) as stage,
                served(stage, prepare=partial(_leave_a_question, stage)) as shop,
            ):
                _take(shop, folder)
        finally:
            stop_server(home)
    return 0


async def _leave_a_question(stage: Stage, bridge: Bridge) -> None:
    """As `fieldnote demo --keep` does: one visit cannot be sent."""
    async with bridge.engine.begin() as conn:
        # The copy of the CRM's database has another name.
        moved = "update connections set crm_identity = replace(crm_identity, 'template_demo_contractor', :name)"
        await conn.execute(text(moved), {"name": "demo_contractor_pictures"})
    if await asyncio.to_thread(stage.side.rename_a_visit):
        await push_once(bridge)


def _take(shop: Shop, folder: Path) -> None:
    with person(shop) as admin:
        addresses = crawl(admin)
    with running_browser() as browser:
        state = signed_in_state(browser, shop.sign_in_address(name="Pat Moreno"))
        with tab(browser, shop.url, state=state) as opened:
            _take_for_docs(opened, folder)
        for look, size, scheme in _LOOKS:
            with tab(browser, shop.url, state=state, size=size, scheme=scheme) as opened:
                for route, address in addresses.items():
                    opened.open(address)
                    name = re.sub(r"\W+", "-", route).strip("-") or "tonight"
                    opened.page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
                    print(f"{name}-{look}.png: {address}")


def _take_for_docs(opened: Tab, folder: Path) -> None:
    """The first screen of a desktop, of the pages that the docs show. The customer with sound says most."""
    page = opened.open("/")
    page.screenshot(path=folder / "console-tonight.png", clip=_TOP)
    opened.open("/completeness").screenshot(path=folder / "console-completeness.png", clip=_TOP)
    page = opened.open("/review")
    page.locator("a[rel=next]").click()
    page.locator("audio").wait_for()
    page.screenshot(path=folder / "console-review.png", clip=_TOP)
    page = opened.open("/recordings?q=thackeray&state=needs_review")
    page.get_by_role("link", name="Ruth Thackeray").first.click()
    page.locator("audio").wait_for()
    page.screenshot(path=folder / "console-recording.png", clip=_TOP)


if __name__ == "__main__":
    sys.exit(main())
