"""`fieldnote insight`: how well fields and notes are read from conversations."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import AsJson
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.output import echo, echo_json

if TYPE_CHECKING:
    from fieldnote.insight.evaluation.scores import Score, Totals

app = typer.Typer(no_args_is_help=True)

KEY_VARIABLE = "FIELDNOTE_LLM_KEY"


@app.callback()
def insight() -> None:
    """Measure the values that are extracted from conversations."""


@app.command("eval")
def evaluate(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Conversations with expected values, one JSON file each.")
    ],
    model_folder: Annotated[
        Path | None, typer.Option("--model-folder", help="model.onnx and tokenizer.json, to find passages by meaning.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint",
            help="The address of an OpenAI-compatible chat API, including the version, such as http://localhost:11434/v1.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model's name at the endpoint.")] = None,
    failures: Annotated[bool, typer.Option("--failures", help="List where each value was wrong or missing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure precision, recall and F1 by field, key facts in notes, unsupported values, time and cost.

    Without --endpoint, it measures the local method. FIELDNOTE_LLM_KEY is the endpoint's key. A folder named
    `heldout` gives totals only.
    """
    totals = _by_model(folder, endpoint, model) if endpoint or model else _locally(folder, model_folder)
    if as_json:
        echo_json(totals.as_json())
        return
    _print(totals)
    if failures:
        _print_failures(totals)


def _locally(folder: Path, model_folder: Path | None) -> Totals:
    from fieldnote.insight.evaluation.run import evaluate_local

    return evaluate_local(folder, model_folder)


def _by_model(folder: Path, endpoint: str | None, model: str | None) -> Totals:
    from pydantic import SecretStr

    from fieldnote.errors import ConfigError
    from fieldnote.insight.evaluation.run import evaluate_llm
    from fieldnote.insight.llm.settings import LlmSettings

    if not endpoint or not model:
        raise ConfigError("--endpoint and --model need each other", hint="Name both, or neither for the local method.")
    key = os.environ.get(KEY_VARIABLE)
    settings = LlmSettings(endpoint, model, SecretStr(key) if key else None)
    return run_in_loop(evaluate_llm(folder, settings))


def _print(totals: Totals) -> None:
    echo(f"{totals.cases:,} conversations, {totals.hours:.1f} hours, {totals.seconds:.1f} seconds")
    echo(f"\n{'':18}{'precision':>10}{'recall':>8}{'F1':>6}{'right':>8}{'wrong':>7}{'missing':>9}{'proposed':>10}")
    for name, score in (("default fields", totals.default), ("custom fields", totals.custom)):
        _print_score(name, score)
    echo("")
    for name, score in sorted(totals.fields.items()):
        _print_score(name, score)
    echo(f"\nkey facts in the notes: {totals.facts_said} of {totals.facts}")
    echo(f"roles: {totals.speakers_right} of {totals.speakers}")
    echo(f"values that their evidence does not support: {totals.unsupported}")
    if totals.calls:
        echo(f"calls: {totals.calls:,}; tokens: {totals.tokens:,}; dropped as unsupported: {totals.dropped}")
    for name, count in sorted(totals.errors.items()):
        echo(f"conversations without a usable answer, {name}: {count}")


def _print_score(name: str, score: Score) -> None:
    rates = f"{score.precision:>10.2f}{score.recall:>8.2f}{score.f1:>6.2f}"
    echo(f"{name:18}{rates}{score.right:>8}{score.wrong:>7}{score.missing:>9}{score.proposed:>10}")


def _print_failures(totals: Totals) -> None:
    echo("")
    for one in totals.failures:
        echo(f"{one.case}: {one.field}: found {one.found or 'nothing'}; expected {one.expected}")
