"""The public Python API is as `tests/public_surface.txt` pins it."""

from __future__ import annotations

import difflib

from scripts.surface import FILE, surface

MEANT = """The public Python API changed. Lines with - are gone or different, lines with + are new:

{difference}

If this breaks callers, keep the old name or parameter beside the new one. If the change is meant:
  1. run `uv run python -m scripts.surface`
  2. add a line to CHANGELOG.md
"""


def test_the_public_api_is_the_one_that_is_pinned() -> None:
    pinned, found = FILE.read_text(encoding="utf-8").splitlines(), surface().splitlines()
    difference = [
        line for line in difflib.unified_diff(pinned, found, lineterm="", n=0) if line[:2] not in ("--", "++")
    ]
    assert not difference, MEANT.format(difference="\n".join(difference[:60]))


def test_the_surface_has_names_of_each_kind() -> None:
    """The text is not empty by mistake."""
    text = surface()
    for line in ("class Siro()", "-> Engagement", "APPLIED = 'applied'", "class Page()", "# siro.recordings"):
        assert line in text
