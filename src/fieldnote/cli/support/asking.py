"""Questions at a terminal that are asked again until their answer can be used."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fieldnote.cli.support.output import NobodyAnswers, ask, secho
from fieldnote.errors import ConfigError, FieldnoteError

if TYPE_CHECKING:
    from fieldnote.config import AskedVariable, PresetSetup

Answer = TypeVar("Answer")
Signed = TypeVar("Signed")


def ask_variable(one: AskedVariable, before: str | None = None) -> str:
    """Ask for a part of the login; Enter alone keeps the answer before."""
    place = f" ({one.where})" if one.where else ""
    text = f"{one.ask}{place}" + (f" [Enter: {'the same' if one.secret else before}]" if before else "")
    options = {"hide_input": one.secret, "default": before, "show_default": False}
    otherwise = f"Set {one.variable} in the environment, or run the command at a terminal."
    return until_valid(lambda: _given(one_line(ask(text, otherwise=otherwise, **options))))


def until_it_signs_in(sign_in: Callable[[], Signed], setup: PresetSetup, asked: dict[str, str]) -> Signed:
    """Ask for the login again until the CRM takes it; one that the environment gives is refused at once."""
    again = [one for one in setup.variables if one.variable in asked]
    while True:
        try:
            return sign_in()
        except FieldnoteError as error:
            if not again:
                raise
            _say_what_is_wrong(error)
        for one in again:
            asked[one.variable] = ask_variable(one, asked[one.variable])
        os.environ.update(asked)


def until_valid(question: Callable[[], Answer]) -> Answer:
    """Ask until the answer can be used, or until nobody is there to answer."""
    while True:
        try:
            return question()
        except NobodyAnswers:
            raise
        except ConfigError as error:
            _say_what_is_wrong(error)


def _say_what_is_wrong(error: FieldnoteError) -> None:
    secho(f"  {error.message}", fg="yellow")
    if error.hint:
        secho(f"  {error.hint}", fg="yellow")


def _given(answer: str) -> str:
    if not answer:
        raise ConfigError("the answer is empty", hint="Copy the value from that place.")
    return answer


def one_line(answer: str) -> str:
    """The answer without blanks around it; ConfigError for one that no login can be."""
    if not answer.strip().isprintable():
        raise ConfigError("the value has a character that no login has", hint="Copy it once more.")
    return answer.strip()
