"""`fieldnote config`: what a fieldnote.yaml may hold."""

from __future__ import annotations

import json

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def config() -> None:
    """The file that says what goes where."""


@app.command()
def schema() -> None:
    """Print the file's JSON Schema, for editors that complete and check YAML."""
    from fieldnote.config import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
