"""The word list holds in every file that is not on its list of exceptions."""

from __future__ import annotations

from pathlib import Path

from scripts.words import check, files


def test_no_file_uses_a_word_that_the_list_replaces() -> None:
    found = [f"{item.path}:{item.line}: {item.found}" for path in files([]) if path.is_file() for item in check(path)]
    assert not found


def test_the_list_finds_words_in_names_strings_and_comments(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('def is_told(convoy): # mends it\n    return "it stands here"\nStandIn = 1\n')
    assert [item.found for item in check(module)] == ["told", "convoy", "mends", "stands"]


def test_a_docstring_begins_with_a_noun_or_a_verb(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""What a module does."""\n# Who did it.\n# The module says what it does.\nx = "What now?"\n')
    assert [(item.line, item.instead) for item in check(module)] == [
        (1, "a noun as the subject"),
        (2, "a noun as the subject"),
    ]
