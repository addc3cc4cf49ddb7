"""The documentation site. `uv run --group docs sphinx-build -W docs site` builds it; a broken link is an error."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fieldnote import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Fieldnote"
author = "the Fieldnote contributors"
copyright = author  # noqa: A001 - Sphinx reads this name
version = release = __version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
nitpicky = True

myst_heading_anchors = 4

html_theme = "furo"
html_title = "Fieldnote"
html_copy_source = False
html_show_sphinx = False
html_extra_path = ["fieldnote.schema.json"]
html_theme_options = {"navigation_with_keys": True}

_HERE = Path(__file__).parent
_ROOT = _HERE.parent
_PAGES = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing", "SECURITY.md": "security-policy"}
"""Files above this folder, and their pages on the site."""
_LINK = re.compile(r"\[([^\]]+)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def _move_links(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put a file of the root in the place of its page, and turn links that leave this folder.

    A link to a file with a page leads to the page. A link to another file becomes its name, since the site has no copy.
    """
    del app
    page = _HERE / f"{docname}.md"
    name = next((name for name, title in _PAGES.items() if docname == f"project/{title}"), None)
    read_at = page if name is None else _ROOT / name
    text = source[0] if name is None else read_at.read_text(encoding="utf-8")

    def turned(link: re.Match[str]) -> str:
        shown, target, anchor = link[1], link[2], link[3] or ""
        path = Path(os.path.normpath(read_at.parent / target))
        if path.is_relative_to(_HERE) and name is None:
            return link[0]
        known = _PAGES.get(str(path.relative_to(_ROOT))) if path.is_relative_to(_ROOT) else None
        if known is not None:
            path = _HERE / "project" / f"{known}.md"
        if not path.is_relative_to(_HERE):
            assert path.exists(), f"{docname}: a link to a file that does not exist: {target}"
            return (
                f"{shown} (`{path.relative_to(_ROOT)}`)"
                if shown.strip("`") != str(path.relative_to(_ROOT))
                else f"`{shown}`"
            )
        return f"[{shown}]({os.path.relpath(path, page.parent)}{anchor})"

    source[0] = _LINK.sub(turned, text)


def setup(app: Sphinx) -> None:
    """Register the change of links."""
    app.connect("source-read", _move_links)
