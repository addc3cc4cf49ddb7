"""A real browser on the real console: what it complains about fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, sync_playwright

Scheme = Literal["light", "dark"]
DESKTOP: Final = (1280, 900)
PHONE: Final = (390, 844)
PATIENCE: Final = 60_000
"""Milliseconds: the machine may be busy."""
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def open_browser(playwright: Playwright) -> Browser:
    """Debian's Chromium. The test is skipped without one."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
    return playwright.chromium.launch(executable_path=found, args=flags)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page of a signed-in person, and everything that the browser complained about."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the console."""
        self.requests.clear()
        self.page.goto(self.url + path, wait_until="load")
        return self.page

    def violations(self) -> list[str]:
        """The findings of axe on the open page."""
        self.page.evaluate(_AXE)
        options = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
        result: dict[str, Any] = self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{one['id']} ({one['help']}): {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in result["violations"]
            for node in one["nodes"]
        ]

    def wait_until(self, expression: str) -> None:
        """Wait for a JavaScript expression to be true. Playwright's own way is refused by the policy."""
        for _ in range(PATIENCE // 100):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never true: {expression}")

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Wait for something outside of the page."""
        for _ in range(PATIENCE // 100):
            if happened():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("it never happened")

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        found = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(found))


_AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@contextmanager
def tab(
    browser: Browser,
    url: str,
    *,
    sign_in: str | None = None,
    state: Any = None,
    size: tuple[int, int] = DESKTOP,
    scheme: Scheme = "light",
    script: bool = True,
    calm: bool = True,
) -> Iterator[Tab]:
    """A tab of its own. At its end, nothing may have been refused or thrown in it.

    `sign_in`: a one-time address. `state`: cookies of a context that is signed in already. `calm`: reduced motion.
    """
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        java_script_enabled=script,
        reduced_motion="reduce" if calm else "no-preference",
        is_mobile=size[0] < 600,
        has_touch=size[0] < 600,
        storage_state=state,
    )
    context.set_default_timeout(PATIENCE)
    try:
        opened = Tab(context.new_page(), url)
        opened.page.on("console", lambda message: _note(opened, message))
        opened.page.on("pageerror", lambda error: opened.problems.append(f"thrown: {error}"))
        opened.page.on("request", lambda request: _count(opened, request))
        if sign_in is not None:
            opened.page.goto(sign_in)
        yield opened
        assert not opened.problems, "\n".join(opened.problems)
    finally:
        context.close()


def _note(opened: Tab, message: ConsoleMessage) -> None:
    """Refusals by the policy, and other errors. A missing page is an answer, not an error."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        opened.problems.append(f"{opened.page.url}: {message.text}")


def signed_in_state(browser: Browser, address: str) -> Any:
    """The cookies of a person who has used this one-time address."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address, timeout=PATIENCE)
    state = context.storage_state()
    context.close()
    return state


def _count(opened: Tab, request: Request) -> None:
    opened.requests.append(request)  # a function of its own: Playwright cannot wrap a built-in one
