"""Foreign text is data: whatever a CRM or Siro has in a name, it cannot command a terminal or break a command."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fieldnote.cli
from fieldnote.config.values import Escape
from fieldnote.mapping.escaping import escaped
from fieldnote.printable import number_of, printable, printable_json

COMMANDS = Path(fieldnote.cli.__file__).parent


def is_safe(character: str) -> bool:
    code = ord(character)
    return not (
        (code < 0x20 and character not in "\t\n")
        or 0x7F <= code < 0xA0
        or 0xD800 <= code < 0xE000
        or 0xE0000 <= code < 0xE0080
        or character in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff"
    )


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_no_character_that_commands_a_terminal_is_left(text: str) -> None:
    assert all(map(is_safe, printable(text)))
    assert all(map(is_safe, printable_json({"name": text})))
    assert json.loads(printable_json({"name": text})) == {"name": text}
    if all(map(is_safe, text)):
        assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("over\rwritten", "over\\x0dwritten"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud83d", "\\ud83d"),
        ("Zoë [bold] 日本 👩‍🔧\n\tx", "Zoë [bold] 日本 👩‍🔧\n\tx"),
    ],
)
def test_it_is_shown_as_an_escape_and_the_rest_as_it_is(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_no_command_prints_past_it() -> None:
    """Each module of the command line prints by `support/output.py`."""
    past: list[str] = []
    for path in sorted(COMMANDS.rglob("*.py")):
        past += [
            f"{path.relative_to(COMMANDS)}:{node.lineno} {ast.unparse(node.func)}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and ast.unparse(node.func) in PAST and path.name != "output.py"
        ]
    assert past == []


PAST = {
    "print", "typer.echo", "typer.secho", "typer.prompt", "typer.confirm", "click.echo", "Console().print",
    "sys.stdout.write",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "html", "formula"),
    [
        ("=1+1", "=1+1", "'=1+1"),
        ('=HYPERLINK("http://x")', '=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("@SUM(A1)", "@SUM(A1)", "'@SUM(A1)"),
        ("-cmd|' /C calc'!A0", "-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("-40", "-40", "-40"),
        ("+1 (303) 555-0142", "+1 (303) 555-0142", "+1 (303) 555-0142"),
        ("-$1,250.50", "-$1,250.50", "-$1,250.50"),
        ("<b>Ann</b> & Bob", "&lt;b&gt;Ann&lt;/b&gt; &amp; Bob", "<b>Ann</b> & Bob"),
        ("plain", "plain", "plain"),
        ("", "", ""),
    ],
)
def test_a_text_is_escaped_only_as_the_file_says(text: str, html: str, formula: str) -> None:
    assert escaped(text, ()) == text
    assert escaped(text, [Escape.HTML]) == html
    assert escaped((text,), [Escape.FORMULA]) == (formula,)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 entries of a file"), (1, "1 entry of a file"), (2, "2 entries of a file")]
)
def test_a_noun_follows_its_number(count: int, shown: str) -> None:
    assert number_of(count, "entry of a file", "entries of a file") == shown
    assert number_of(count, "call") == ("1 call" if count == 1 else f"{count} calls")
