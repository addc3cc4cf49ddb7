"""The command line is built for the named command alone. It must look as if all of it was there."""

from __future__ import annotations

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from fieldnote.cli.root import app, app_for

NAMES = sorted(get_group(app).commands)
"""All commands of the first level."""


@pytest.mark.parametrize("name", NAMES)
def test_a_command_built_alone_has_the_same_help(name: str) -> None:
    alone, whole = (CliRunner().invoke(one, [name, "--help"]) for one in (app_for(["-v", name]), app))
    assert alone.exit_code == 0
    assert alone.output == whole.output
    assert app_for([name]) is not app


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["pusj"], ["-v"], ["--verbose", "nothing", "push"]])
def test_without_the_name_of_a_command_all_are_there(words: list[str]) -> None:
    assert app_for(words) is app
