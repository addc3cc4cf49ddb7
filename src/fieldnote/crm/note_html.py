"""A note's text as HTML, and HTML as text, for CRMs that keep notes so. Pure.

A CRM may clean the HTML that it is given: other tags, other entities, other blanks. Only the text counts.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "ul", "ol", "blockquote"})
_UNSEEN = frozenset({"script", "style"})


def html_of(text: str) -> str:
    """The text with its lines kept."""
    return "<br>".join(escape(line, quote=False) for line in text.splitlines())


def text_of(html: str) -> str:
    """The text of HTML, line by line."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(parser.parts).split("\n")]
    return "\n".join(lines).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _UNSEEN:
            self._hidden += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data.replace("\r", "").replace("\n", " "))

    def _break(self) -> None:
        """A block begins a line of its own; two blocks do not leave an empty line between them."""
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")
