"""Every column that can hold a text is judged: words, other personal data, users, or neither."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scripts.stored_columns import PERSONAL, WORDS, listed, tables, unknown, unlisted

PAGE: Final = Path(__file__).parents[2] / "docs/security.md"


def test_every_column_of_every_table_is_judged() -> None:
    assert list(unlisted()) == []
    assert list(unknown()) == []


def test_no_column_is_judged_twice() -> None:
    assert not listed(WORDS) & listed(PERSONAL)


def test_the_page_for_reviewers_lists_them() -> None:
    assert tables() in PAGE.read_text()
