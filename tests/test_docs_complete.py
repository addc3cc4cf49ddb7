"""Every command, option, key, setting and state is documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import EnumType, StrEnum
from pathlib import Path
from typing import Final

import pytest

from fieldnote.config import Kind, Policy
from fieldnote.config.json_schema import member_texts
from scripts.pages import STATES, commands, keys

ROOT: Final = Path(__file__).parents[1]
_VARIABLE: Final = re.compile(r"(?:FIELDNOTE|SIRO)_[A-Z_]+")
_SIROS_ENUMS: Final = "siro/models/enums.py"


def test_every_command_and_every_option_says_what_it_does() -> None:
    bare = [words for words, command in commands() if not (command.help or "").strip()]
    bare += [
        f"{words} {parameter.opts[0]}"
        for words, command in commands()
        for parameter in command.params
        if not parameter.hidden and not (parameter.help or "").strip()
    ]
    assert not bare


def test_every_key_of_the_file_says_what_it_means() -> None:
    assert not [f"{section}.{name}" for section, name, key, _ in keys() if not key.get("description")]


@pytest.mark.parametrize("kind", [kind for _, _, kind in STATES], ids=lambda kind: kind.__name__)
def test_every_state_says_what_it_means(kind: EnumType) -> None:
    texts = member_texts(kind)
    assert not [member.name for member in kind if not texts.get(member.name)]  # type: ignore[var-annotated]


def _variables() -> Iterator[str]:
    """The environment variables that the code names, without the words of Siro's own enums."""
    enums = set(_VARIABLE.findall((ROOT / "src/fieldnote" / _SIROS_ENUMS).read_text()))
    for path in (ROOT / "src/fieldnote").rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if _VARIABLE.search(text) else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _VARIABLE.fullmatch(node.value):
                yield from {node.value} - enums


def test_every_environment_variable_is_in_the_guide() -> None:
    guide = (ROOT / "docs/configuration.md").read_text().split("## Environment")[1]
    variables = set(_variables())
    assert len(variables) > 10
    assert not {name for name in variables if f"`{name}`" not in guide}


@pytest.mark.parametrize("kind", [Kind, Policy])
def test_every_type_and_policy_of_a_field_is_in_the_guide(kind: type[StrEnum]) -> None:
    guide = (ROOT / "docs/configuration.md").read_text()
    rows = "".join(line.split("|")[1] for line in guide.splitlines() if line.startswith("| `"))
    assert not {member.value for member in kind if f"`{member.value}`" not in rows}


def test_every_page_is_in_the_contents_of_the_site() -> None:
    listed = set(re.findall(r"^([a-z][\w/-]*)$", (ROOT / "docs/index.md").read_text(), re.MULTILINE))
    decisions = ROOT / "docs/decisions/index.md"
    if decisions.exists():
        listed |= {f"decisions/{name}" for name in re.findall(r"^(\d[\w-]*)$", decisions.read_text(), re.MULTILINE)}
    pages = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages - {"index"} == listed


def test_the_tests_behind_the_guarantees_exist() -> None:
    named = re.findall(r"`(\w+/\w+\.py)::(\w+)`", (ROOT / "docs/guarantees.md").read_text())
    assert len(named) > 15
    assert not [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / "tests" / path).read_text()]


def test_every_example_has_a_line_on_its_page() -> None:
    page = (ROOT / "docs/examples.md").read_text()
    scripts = {f"scripts/{path.name}" for path in (ROOT / "examples/scripts").glob("*.py") if "test" not in path.name}
    folders = {f"{path.name}/" for path in (ROOT / "examples").iterdir() if path.is_dir() and path.name != "scripts"}
    folders -= {"__pycache__/"}
    assert not [name for name in scripts | folders if f"`{name}`" not in page]
