"""Every command prints by these functions, so that foreign text cannot command the terminal.

`typer` and Rich get styles by their own parameters; the text itself is data: no escape sequence, no markup.
"""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import typer

from fieldnote.errors import ConfigError
from fieldnote.json_form import to_json
from fieldnote.printable import printable, printable_json


def echo(message: object = "", file: IO[str] | None = None, *, nl: bool = True, err: bool = False) -> None:
    """Print a line."""
    typer.echo(printable(message), file, nl=nl, err=err)


def secho(
    message: object = "",
    *,
    file: IO[str] | None = None,
    fg: str | None = None,
    bold: bool | None = None,
    nl: bool = True,
    err: bool = False,
) -> None:
    """Print a line with a style."""
    typer.secho(printable(message), file, nl=nl, err=err, fg=fg, bold=bold)


def echo_json(document: Any, *, file: IO[str] | None = None, **options: Any) -> None:
    """Print records or values as one JSON document, without a character that commands a terminal."""
    typer.echo(printable_json(to_json(document), **options), file)


class NobodyAnswers(ConfigError):
    """A question without a terminal. Asking it again cannot help."""


def ask(question: object, *, otherwise: str | None = None, **options: Any) -> Any:
    """Ask for a value, as `typer.prompt`. `otherwise` says how to answer without a terminal."""
    default = options.get("default")
    if isinstance(default, str) and default and options.get("show_default", True):
        question, options = f"{question} [{default}]", {**options, "show_default": False}
    with _somebody_answers(question, otherwise):
        return typer.prompt(printable(question), **options)


def ask_yes_or_no(question: object, *, abort: bool = False, **options: Any) -> bool:
    """Ask for a yes or no, as `typer.confirm`."""
    with _somebody_answers(question):
        answer = typer.confirm(printable(question), **options)
    if abort and not answer:
        raise typer.Abort
    return answer


@contextmanager
def _somebody_answers(question: object, otherwise: str | None = None) -> Iterator[None]:
    """In a script or a container nobody does: the error says so, where `Aborted` alone would not."""
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    try:
        with warnings.catch_warnings():
            if not at_terminal:  # nobody types a password here that others could see
                warnings.simplefilter("ignore", getpass.GetPassWarning)
            yield
    except typer.Abort:
        if at_terminal:
            raise
        echo(err=True)
        raise NobodyAnswers(
            f"the question '{question}' needs a terminal",
            hint=otherwise or "Answer by an option, such as --yes: `--help` lists them.",
        ) from None


def print_table(headings: Sequence[str], rows: Iterable[tuple[Sequence[object], str | None]]) -> None:
    """Print rows, each with its style. A cell is text: Rich's markup has no effect in it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold")
    for heading in headings:
        table.add_column(Text(printable(heading)), overflow="fold")
    for cells, style in rows:
        table.add_row(*(Text(printable(cell)) for cell in cells), style=style)
    Console().print(table)
