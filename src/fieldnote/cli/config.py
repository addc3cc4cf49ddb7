"""`fieldnote config`: what a fieldnote.yaml may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fieldnote.cli.support.output import echo, echo_json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def config() -> None:
    """The file that says what goes where."""


@app.command()
def schema() -> None:
    """Print the JSON Schema of the file. Editors use it to complete and check YAML."""
    from fieldnote.config import json_schema

    echo_json(json_schema(), indent=2)


@app.command()
def show(
    *,
    path: Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The file.")] = Path("fieldnote.yaml"),
) -> None:
    """Print the file with its preset in full. Secrets appear as variable names.

    A secret in plain text is printed as ***.
    """
    import yaml

    from fieldnote.config import unfolded

    echo(yaml.safe_dump(_masked(unfolded(path)), sort_keys=False, allow_unicode=True, width=120))


_SECRETS = ("token", "secret", "password", "api_key", "app-key", "app_key")


def _masked(value: object, name: str = "") -> object:
    """The value, with what a secret's name holds replaced, unless it comes from the environment."""
    match value:
        case dict():
            return {key: _masked(item, str(key)) for key, item in value.items()}
        case list():
            return [_masked(item, name) for item in value]
        case str() if "://" in value and "@" in value and "${" not in value:
            return "***"
        case str() if any(word in name.lower() for word in _SECRETS) and "${" not in value and "://" not in value:
            return "***"
        case _:
            return value
