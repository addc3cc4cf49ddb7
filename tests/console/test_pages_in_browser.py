"""Each page in a real browser, at two widths, light and dark: readable for all, and within its bounds."""

from __future__ import annotations

from typing import Any, Final

import pytest
from fastapi import Request
from playwright.sync_api import Browser
from playwright.sync_api import Request as Requested

from fieldnote.console.access import guard
from fieldnote.console.access.roles import Role
from fieldnote.console.likely_next import is_prefetch
from tests.console.addresses import STREAMS, crawl, pages
from tests.console.chromium import DESKTOP, PHONE, Scheme, Tab, tab
from tests.console.people import person
from tests.console.shop import Shop

pytestmark = pytest.mark.slow

MOST_REQUESTS: Final = 4
MOST_BYTES: Final = 150_000
_TABS: Final = 40
_FOCUSED: Final = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const label = element.innerText || element.getAttribute("aria-label") || element.name || element.tagName;
    const own = element.tagName === "AUDIO" || element.type === "date"; // parts of these show their own focus
    return { label: label.slice(0, 40), ring: ring || own, seen: box.width > 0 && box.height > 0 };
}"""
_DELIVERED: Final = "performance.getEntriesByType('navigation')[0].deliveryType"
_OPEN_DETAILS: Final = "document.querySelectorAll('main details').forEach(one => { one.open = true })"


@pytest.fixture(scope="session")
def addresses(shop: Shop) -> dict[str, str]:
    """One address of each page."""
    with person(shop) as admin:
        return crawl(admin)


def test_links_lead_to_every_page(addresses: dict[str, str]) -> None:
    files = {route for route in pages() if route.endswith(".csv")}
    assert set(pages()) - files <= set(addresses) | {"/"}


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")])
def test_every_page_is_accessible_and_fits_its_window(
    shop: Shop, chromium: Browser, admin_state: Any, addresses: dict[str, str], size: tuple[int, int], scheme: Scheme
) -> None:
    found: list[str] = []
    with tab(chromium, shop.url, state=admin_state, size=size, scheme=scheme) as opened:
        for address in addresses.values():
            page = opened.open(address)
            page.evaluate(_OPEN_DETAILS)
            found += [f"{address}: {one}" for one in opened.violations()]
            found += [f"{address}: {opened.overflow} px too wide"] if opened.overflow > 0 else []
            found += [] if page.locator("h1").count() == 1 else [f"{address}: has not one heading"]
    assert not found, "\n".join(found)


def test_a_page_needs_few_requests_and_bytes(
    shop: Shop, chromium: Browser, admin_state: Any, addresses: dict[str, str]
) -> None:
    found: list[str] = []
    for address in addresses.values():
        with tab(chromium, shop.url, state=admin_state) as opened:  # with an empty cache
            opened.open(address)
            counted = [
                one for one in opened.requests if not _is_stream(one.url.removeprefix(shop.url)) and not _is_ahead(one)
            ]
            size = sum(_size(one) for one in counted)
            if len(counted) > MOST_REQUESTS or size > MOST_BYTES:
                found.append(f"{address}: {len(counted)} requests, {size} bytes: {[one.url for one in counted]}")
    assert not found, "\n".join(found)


def _is_ahead(request: Requested) -> bool:
    """Whether Chromium asks for the next page ahead of time."""
    return "prefetch" in request.all_headers().get("sec-purpose", "")


def _size(request: Requested) -> int:
    """The bytes of an answer. Chromium keeps no rules of speculation to be read."""
    answer = request.response()
    if answer is None or answer.status != 200:
        return 0
    return int(answer.headers["content-length"]) if "/likely-next" in request.url else len(answer.body())


def _is_stream(path: str) -> bool:
    return path.startswith("/live") or path.partition("?")[0].endswith("/audio")


def test_the_keyboard_reaches_what_there_is_and_shows_where_it_is(
    shop: Shop, chromium: Browser, admin_state: Any, addresses: dict[str, str]
) -> None:
    found: list[str] = []
    with tab(chromium, shop.url, state=admin_state) as opened:
        for address in addresses.values():
            page = opened.open(address)
            for _ in range(_TABS):
                page.keyboard.press("Tab")
                focused = page.evaluate(_FOCUSED)
                if focused is None:
                    break
                if not (focused["ring"] and focused["seen"]):
                    found.append(f"{address}: no visible focus on {focused['label']!r}")
    assert not found, "\n".join(found)


def test_pages_say_the_same_without_script(
    shop: Shop, chromium: Browser, admin_state: Any, addresses: dict[str, str]
) -> None:
    found: list[str] = []
    with tab(chromium, shop.url, state=admin_state, script=False, size=PHONE) as opened:
        for address in addresses.values():
            page = opened.open(address)
            if not page.locator("h1").is_visible():
                found.append(f"{address}: no heading")
            found += [
                f"{address}: an empty part {part.get_attribute('id')}"
                for part in page.locator("main section").all()
                if not part.inner_text().strip()
            ]
    assert not found, "\n".join(found)


def test_a_page_that_is_likely_next_is_asked_for_ahead_and_not_twice(
    shop: Shop, chromium: Browser, admin_state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []

    def noted(request: Request) -> bool:
        asked.append((request.url.path, is_prefetch(request)))
        return asked[-1][1]

    monkeypatch.setattr(guard, "is_prefetch", noted)
    with tab(chromium, shop.url, state=admin_state) as opened:
        page = opened.open("/people")
        page.get_by_role("link", name="Completeness").hover()
        opened.wait_for(lambda: ("/completeness", True) in asked)
        page.get_by_role("link", name="Completeness").click()
        page.wait_for_url("**/completeness")
        opened.wait_until(f"{_DELIVERED} === 'navigational-prefetch'")
        opened.open("/review")  # its next value is one key away
        opened.wait_for(lambda: ("/review", True) in asked)
        page.keyboard.press("j")
        page.wait_for_url("**/review?n=*")
        opened.wait_until(f"{_DELIVERED} === 'navigational-prefetch'")
    assert sorted(asked) == [("/completeness", True), ("/people", False), ("/review", False), ("/review", True)]


def test_every_stream_is_known() -> None:
    """A new route that is no page is counted and tried elsewhere by hand."""
    assert sorted(STREAMS) == ["/live", "/recordings/{recording_id}/audio"]


# --- recordings


def _open_heard(opened: Tab) -> None:
    opened.open("/recordings?q=thackeray")
    opened.page.get_by_role("link", name="Ruth Thackeray").first.click()


def test_a_click_on_a_sentence_plays_it_and_the_words_follow(shop: Shop, chromium: Browser, admin_state: Any) -> None:
    with tab(chromium, shop.url, state=admin_state) as opened:
        _open_heard(opened)
        sentence = opened.page.locator(".said [data-seek]", has_text="we can go up to thirty thousand")
        starts = float(sentence.get_attribute("data-seek") or "nan") / 1000
        sentence.click()
        opened.wait_until(f"document.querySelector('audio').currentTime > {starts}")
        opened.wait_until("document.querySelector('[aria-current=true]') !== null")
        heard = opened.page.locator(".transcript [aria-current=true]")
        assert "thirty thousand" in heard.inner_text()
        assert not [one.url for one in opened.requests if "/audio/" in one.url or "signature" in one.url]


def test_the_keyboard_alone_reaches_the_words_behind_a_value_and_hears_them(
    shop: Shop, chromium: Browser, admin_state: Any
) -> None:
    with tab(chromium, shop.url, state=admin_state) as opened:
        _open_heard(opened)
        link = opened.page.locator("dl.values div", has_text="Budget").get_by_role("link")
        link.focus()
        opened.page.keyboard.press("Enter")
        opened.wait_until("document.querySelector('audio').currentTime > 60")
        line = opened.page.locator(".transcript li:target")
        assert "thirty thousand" in line.inner_text()


def test_a_value_in_a_journey_leads_to_its_words_and_their_second(
    shop: Shop, chromium: Browser, admin_state: Any
) -> None:
    with tab(chromium, shop.url, state=admin_state) as opened:
        opened.open("/journey/deal/5001")
        row = opened.page.locator("tr", has_text="thirty thousand").first
        row.get_by_role("link", name="hear it").click()
        line = opened.page.locator(".transcript li:has(.tag:target)")
        assert "thirty thousand" in line.inner_text()
        assert "#t=" in (opened.page.locator("audio").get_attribute("src") or "")


def test_a_recording_without_sound_says_so(shop: Shop, chromium: Browser, admin_state: Any) -> None:
    with tab(chromium, shop.url, state=admin_state) as opened:
        opened.open("/recordings?q=winslow")
        opened.page.get_by_role("link", name="Peter Winslow").click()
        assert opened.page.locator("audio").count() == 0
        assert "No sound: " in opened.page.inner_text("main")


def test_a_change_shows_without_a_reload(shop: Shop, chromium: Browser, admin_state: Any) -> None:
    with tab(chromium, shop.url, state=admin_state) as opened:
        opened.open("/recordings?state=unlinked")
        before = opened.page.locator("#recordings tbody tr").count()
        opened.page.evaluate("window.kept = true")
        shop.rows("update recording_contents set title = 'Walk-in at the fair' where title = 'New recording'")
        opened.page.wait_for_timeout(100)
        shop.rows("select nextval('fetch_order')")
        opened.page.get_by_text("Walk-in at the fair").wait_for()
        assert opened.page.evaluate("window.kept") is True
        assert opened.page.locator("#recordings tbody tr").count() == before
        shop.rows("update recording_contents set title = 'New recording' where title = 'Walk-in at the fair'")


def test_filters_work_without_script_and_stay_in_the_address(shop: Shop, chromium: Browser, admin_state: Any) -> None:
    with tab(chromium, shop.url, state=admin_state, script=False, size=PHONE) as opened:
        page = opened.open("/recordings")
        page.get_by_label("Search").fill("thack")
        page.get_by_label("State").select_option("written")
        page.get_by_role("button", name="Show").click()
        assert "q=thack" in page.url
        assert "state=written" in page.url
        assert page.locator("#recordings tbody tr").count() == 1
        page.get_by_label("Search").fill("nobody at all")
        page.get_by_role("button", name="Show").click()
        assert "No recording fits" in page.locator("#recordings").inner_text()


def test_a_rep_reads_no_words_until_it_is_known_that_they_may(shop: Shop, chromium: Browser) -> None:
    address = shop.sign_in_address(Role.VIEWER)
    shop.rows("update recordings set is_private = null")
    with tab(chromium, shop.url, sign_in=address) as opened:
        _open_heard(opened)
        assert "It is not known yet whether this recording is private" in opened.page.locator("main").inner_text()
        assert opened.page.locator("audio, .transcript").count() == 0
