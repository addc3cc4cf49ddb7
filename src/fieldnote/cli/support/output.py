"""Every command prints by these functions, so that foreign text cannot command the terminal.

`typer` and Rich get styles by their own parameters; the text itself is data: no escape sequence, no markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, Any

import typer

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


def ask(question: object, **options: Any) -> Any:
    """Ask for a value, as `typer.prompt`."""
    default = options.get("default")
    if isinstance(default, str) and default and options.get("show_default", True):
        question, options = f"{question} [{default}]", {**options, "show_default": False}
    return typer.prompt(printable(question), **options)


def ask_yes_or_no(question: object, **options: Any) -> bool:
    """Ask for a yes or no, as `typer.confirm`."""
    return typer.confirm(printable(question), **options)


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
