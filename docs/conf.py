"""The documentation site. `uv run --group docs sphinx-build -W docs site` builds it; a broken link is an error."""

from __future__ import annotations

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

_IN_THE_ROOT = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing", "SECURITY.md": "security-policy"}
"""Files above this folder, and their pages on the site."""


def _link_the_root(app: Sphinx, docname: str, source: list[str]) -> None:
    """Lead a link to a file above this folder to its page."""
    del app
    for name, page in _IN_THE_ROOT.items():
        above = "../" * (docname.count("/") + 1)
        here = "../" * docname.count("/")
        source[0] = source[0].replace(f"]({above}{name}", f"]({here}project/{page}.md")


def setup(app: Sphinx) -> None:
    """Register the change of links."""
    app.connect("source-read", _link_the_root)
