"""Take a picture of each page of the console with the demo's data: `python -m scripts.console_pictures FOLDER`.

A picture is named by its route, width, and scheme. `docs/images` has the best of them.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Final

from fieldnote.db.embedded import ensure_server, stop_server
from tests.console.addresses import crawl
from tests.console.chromium import DESKTOP, PHONE, Scheme, running_browser, signed_in_state, tab
from tests.console.people import person
from tests.console.shop import Shop, Template, served

_LOOKS: Final[tuple[tuple[str, tuple[int, int], Scheme], ...]] = (
    ("desktop-light", DESKTOP, "light"),
    ("desktop-dark", DESKTOP, "dark"),
    ("phone-light", PHONE, "light"),
)


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
            with template.copied("pictures", copy) as stage, served(stage) as shop:
                _take(shop, folder)
        finally:
            stop_server(home)
    return 0


def _take(shop: Shop, folder: Path) -> None:
    with person(shop) as admin:
        addresses = crawl(admin)
    with running_browser() as browser:
        state = signed_in_state(browser, shop.sign_in_address(name="Pat Moreno"))
        for look, size, scheme in _LOOKS:
            with tab(browser, shop.url, state=state, size=size, scheme=scheme) as opened:
                for route, address in addresses.items():
                    opened.open(address)
                    name = re.sub(r"\W+", "-", route).strip("-") or "tonight"
                    opened.page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
                    print(f"{name}-{look}.png: {address}")


if __name__ == "__main__":
    sys.exit(main())
