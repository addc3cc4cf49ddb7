"""`fieldnote review`: proposals that wait for a person; `fieldnote history`, `revert` and `forget`."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile
from fieldnote.cli.support.opened import act_of, with_bridge
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.operator import actor as actor_of
from fieldnote.cli.support.output import echo, echo_json, secho
from fieldnote.cli.support.times import local_time
from fieldnote.errors import ConfigError, FieldnoteError
from fieldnote.json_form import to_json
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.bridge.recording import Model
    from fieldnote.bridge.review.history import Selection, Write
    from fieldnote.bridge.review.proposals import Decided, Waiting

_NUMBER: Final = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
_Shown = TypeVar("_Shown", "Waiting", "Write")

app = typer.Typer(no_args_is_help=True)

Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER…", help="The numbers in `fieldnote review list`.")]
OneRecord = Annotated[
    str | None, typer.Option("--record", metavar="MODEL:ID", help="Only this CRM record, such as opportunity:5001.")
]
OneRecording = Annotated[str | None, typer.Option("--recording", metavar="ID", help="Only this recording.")]


@app.command("list")
def list_(
    *,
    config: ConfigFile = DEFAULT_FILE,
    record: OneRecord = None,
    shadows: Annotated[
        bool, typer.Option("--shadow", help="Also show values of fields with the policy `shadow`.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List open proposals, oldest first: the CRM's value, the proposed one, and the words behind it."""
    from fieldnote.bridge.review.proposals import waiting

    model, key = _record(record)
    found, zones = with_bridge(
        config,
        lambda bridge: _with_zones(
            bridge, waiting(bridge, model=model and model.value, record=key, shadows=shadows), wanted=not as_json
        ),
    )
    if as_json:
        echo_json(found)
        return
    for item in found:
        _print_waiting(item, zones.get((item.model, item.record)))
    echo(f"{len(found)} {'in the shadow' if shadows else 'to decide'}")


@app.command()
def approve(
    numbers: Numbers, *, config: ConfigFile = DEFAULT_FILE, actor: ActingAs = None, as_json: AsJson = False
) -> None:
    """Write proposed values. A value is not written if the CRM has changed since the proposal.

    Exit status: 1 if a value was not written.
    """
    from fieldnote.bridge.review import proposals as review

    act = act_of("review approve", numbers, actor)
    done = with_bridge(config, lambda bridge: review.approve(bridge, numbers, actor=_actor(actor)), act=act)
    _tell(done, as_json=as_json)


@app.command()
def reject(
    numbers: Numbers, *, config: ConfigFile = DEFAULT_FILE, actor: ActingAs = None, as_json: AsJson = False
) -> None:
    """Reject proposals. The same value is not proposed again."""
    from fieldnote.bridge.review import proposals as review

    act = act_of("review reject", numbers, actor)
    done = with_bridge(config, lambda bridge: review.reject(bridge, numbers, actor=_actor(actor)), act=act)
    _tell(done, as_json=as_json)


@app.command()
def edit(
    number: Annotated[int, typer.Argument(help="The proposal's number, as `review list` prints it.")],
    value: Annotated[str, typer.Argument(help="The value to write; '' empties the field.")],
    *,
    config: ConfigFile = DEFAULT_FILE,
    actor: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Write another value instead. It counts as a person's, and Fieldnote does not change it later."""
    from fieldnote.bridge.review import proposals as review

    act = act_of("review edit", [number], actor)
    done = with_bridge(config, lambda bridge: review.edit(bridge, number, value, actor=_actor(actor)), act=act)
    _tell([done], as_json=as_json)


@app.command()
def undo(numbers: Numbers, *, config: ConfigFile = DEFAULT_FILE, actor: ActingAs = None) -> None:
    """Undo decisions: revert an approved or edited value, or open a rejected proposal again."""
    from fieldnote.bridge.review.undo import undo as take_back

    async def work(bridge: Bridge) -> list[str]:
        return [await take_back(bridge, number, actor=_actor(actor)) for number in numbers]

    for number, words in zip(
        numbers, with_bridge(config, work, act=act_of("review undo", numbers, actor)), strict=True
    ):
        echo(f"{number}: {words}")


@app.command()
def drop(
    *,
    record: Annotated[str, typer.Option("--record", metavar="MODEL:ID", help="The CRM record: opportunity:5001.")],
    column: Annotated[str, typer.Option("--column", metavar="TABLE.COLUMN", help="The field that the CRM refuses.")],
    reason: Annotated[str, typer.Option("--reason", help="The reason, for others to read later.")],
    config: ConfigFile = DEFAULT_FILE,
    actor: ActingAs = None,
) -> None:
    """Do not write a value that the CRM refuses. It is tried again when the conversation gives another value."""
    from fieldnote.bridge.review.refusals import drop_named

    model, key = _record(record)
    place = model.value if model is not None else ""

    async def work(bridge: Bridge) -> int:
        return await drop_named(bridge, place, [key or ""], column, reason=reason, actor=_actor(actor))

    count = with_bridge(config, work, act=act_of("review drop", [record, column], actor))
    echo(f"{count} dropped")


@app.command()
def agreement(*, config: ConfigFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Show how often people agreed, by field. To let Fieldnote write more freely, change the field's `policy`."""
    from fieldnote.bridge.review.agreement import agreement_by_field

    found = with_bridge(config, agreement_by_field)
    if as_json:
        echo_json([to_json(field.counts) | {"policy": field.policy, "advice": field.advice} for field in found])
        return
    for field in found:
        item = field.counts
        share = "nothing decided yet" if item.share is None else f"{item.share:.0%} agreed"
        echo(
            f"{item.model} {item.table}.{item.column}: {share} ({item.agreed} agreed, {item.changed} changed, "
            f"{item.rejected} rejected, {item.open} open)"
        )
        if field.advice is not None:
            echo(f"    {field.advice}")


def history(
    *,
    config: ConfigFile = DEFAULT_FILE,
    record: OneRecord = None,
    recording: OneRecording = None,
    run: Annotated[int | None, typer.Option("--run", metavar="NUMBER", help="Only this run.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The number of writes, latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the writes into the CRM: recording, reason, value before and after, time, and author."""
    from fieldnote.bridge.review.history import history as read

    selection = _selection(record, recording, run)
    found, zones = with_bridge(
        config, lambda bridge: _with_zones(bridge, read(bridge, selection, limit=limit), wanted=not as_json)
    )
    if as_json:
        echo_json(found)
        return
    for item in found:
        _print_write(item, zones.get((item.model, item.record)))
    echo(number_of(len(found), "write"))


def revert(
    *,
    config: ConfigFile = DEFAULT_FILE,
    record: OneRecord = None,
    column: Annotated[str | None, typer.Option("--field", metavar="COLUMN", help="Only this column.")] = None,
    recording: OneRecording = None,
    run: Annotated[int | None, typer.Option("--run", metavar="NUMBER", help="Only this run.")] = None,
    actor: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Undo writes: restore the earlier value, unless a person has changed it since.

    An undone value is not written again until the extraction changes. Exit status: 1 if a value was not restored.
    """
    from fieldnote.bridge.review.history import Undo
    from fieldnote.bridge.review.history import revert as undo

    selection = _selection(record, recording, run, column)
    targets = [one for one in (record, column, recording, run and f"run {run}") if one]
    act = act_of("revert", targets, actor)
    done = with_bridge(config, lambda bridge: undo(bridge, selection, actor=_actor(actor)), act=act)
    if as_json:
        echo_json(done)
    else:
        for item in sorted(done, key=lambda one: one.outcome is not Undo.REVERTED):  # what is left comes last
            why = f": {item.reason}" if item.reason else ""
            done_to = _NOTE_WITHDRAWN if item.kind == "note" and item.outcome is Undo.REVERTED else None
            echo(f"{item.model} {item.record}, {item.column}: {done_to or _UNDONE[item.outcome.value]}{why}")
        echo(f"{sum(item.outcome is Undo.REVERTED for item in done)} of {len(done)} undone")
    if any(item.outcome is not Undo.REVERTED for item in done):
        raise typer.Exit(1)


def forget(
    *,
    config: ConfigFile = DEFAULT_FILE,
    record: OneRecord = None,
    recording: OneRecording = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ID", help="A customer, by the CRM's id, with all their records.")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="EMAIL|PHONE", help="A customer, by email or phone.")
    ] = None,
    actor: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person's words and values from Fieldnote's database. Prints where data remains.

    It does not change the CRM or Siro: erase there first, and push. Otherwise the data comes back.
    """
    from fieldnote.bridge.review.erasure import forget as take_out

    if sum(one is not None for one in (record, recording, account, person)) != 1:
        raise ConfigError(
            "specify one of --record, --recording, --account and --person", hint="For example --recording ID."
        )
    model, key = _record(record)
    receipt = with_bridge(
        config,
        lambda bridge: take_out(
            bridge, recording_id=recording, model=model, record=key, account=account, person=person
        ),
        # The audit does not keep the email or phone of a forgotten person: it would remember them.
        act=act_of("forget person" if person else "forget", filter(None, (record, recording, account)), actor),
    )
    if as_json:
        echo_json(receipt)
        return
    echo(
        f"forgotten: the content of {number_of(receipt.recordings, 'recording')}, "
        f"the known values of {number_of(receipt.fields, 'field')}, "
        f"the values and quotes of {number_of(receipt.writes, 'write')} "
        f"and {number_of(receipt.proposals, 'proposal')}, "
        f"and the personal data of {number_of(receipt.pushed, 'pushed record')} "
        f"and {number_of(receipt.hooks, 'webhook row')}"
    )
    if receipt.landed:
        tables = number_of(receipt.landed, "table")
        echo(f"dropped: {tables} with copies of the CRM's rows; the next push reads them again")
    echo("kept: the time and place of each write")
    for one in receipt.remains:
        echo(f"remains in {one.where}: {one.what}, until {one.until}")


# --- words ----------------------------------------------------------------------------------------------

_NOTE_WITHDRAWN = "the note says that it was withdrawn"
_UNDONE = {
    "reverted": "the earlier value is back",
    "changed": "not changed: a person has changed it since",
    "later": "not changed: Fieldnote wrote it again later",
    "forgotten": "not changed: the earlier value is no longer stored",
    "refused": "left",
    "unreached": "not finished; run the command again",
}


async def _with_zones(
    bridge: Bridge, found: Awaitable[list[_Shown]], *, wanted: bool
) -> tuple[list[_Shown], dict[tuple[str, str], str | None]]:
    """The result, and the zones in which the times of its records are shown."""
    from fieldnote.bridge.recording import Model
    from fieldnote.bridge.zones import local_zones

    items = await found
    records = [(Model(item.model), item.record) for item in items] if wanted else []
    zones = await asyncio.to_thread(local_zones, bridge, records)
    return items, {(model.value, record): zone for (model, record), zone in zones.items()}


def _print_waiting(item: Waiting, zone: str | None) -> None:
    secho(f"{item.id}  {item.model} {item.record}, {item.table}.{item.column}", bold=True)
    match item.kind.value:
        case "unclear":
            echo(f"    said: {_shown(item.said)}, which {item.reason}. Which value is right?")
            echo(f"    in the CRM: {_shown(item.live)}")
        case "take_back":
            echo(f"    {_shown(item.live)} → {_shown(item.proposed)}: its recording was deleted in Siro")
        case _:
            echo(f"    {_shown(item.live)} → {_shown(item.proposed)}")
            echo(f"    said: {_shown(item.said)}")
    if item.quote:
        echo(f"    in the conversation: “{item.quote}”")
    echo(f"    {item.extraction}, recording {item.recording_id}, {local_time(item.created_at, zone)}")


def _print_write(item: Write, zone: str | None) -> None:
    undone = f", undone {local_time(item.reverted_at, zone)}" if item.reverted_at else ""
    secho(
        f"{local_time(item.written_at, zone)}  {item.model} {item.record}, {item.table}.{item.column}: "
        f"{item.action} by {item.actor}{undone}",
        bold=True,
    )
    if item.kind == "field":
        echo(f"    {_shown(item.before)} → {_shown(item.after)}")
    why = [f"recording {item.recording_id}", item.extraction, item.policy, item.run_id and f"run {item.run_id}"]
    echo(f"    {', '.join(str(part) for part in why if part)}")
    if item.quote:
        echo(f"    in the conversation: “{item.quote}”")


def _shown(value: Any) -> str:
    """A number without quotes, also one that is stored as text to keep its digits."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return value
    return "(empty)" if value is None else json.dumps(value, ensure_ascii=False)


def _tell(done: Sequence[Decided], *, as_json: bool) -> None:
    if as_json:
        echo_json(done)
    else:
        for item in done:
            echo(f"{item.id}: {item.verdict.value}{f', {item.reason}' if item.reason else ''}")
    if any(item.verdict.value not in {"written", "rejected"} for item in done):
        raise typer.Exit(1)


# --- arguments ------------------------------------------------------------------------------------------


def _record(text: str | None) -> tuple[Model | None, str | None]:
    from fieldnote.bridge.recording import Model

    if text is None:
        return None, None
    model, sign, key = text.partition(":")
    if not sign or not key or model not in list(Model):
        raise ConfigError(f"--record {text!r} is not MODEL:ID", hint=f"MODEL is one of {', '.join(Model)}.")
    return Model(model), key


def _selection(record: str | None, recording: str | None, run: int | None, column: str | None = None) -> Selection:
    from fieldnote.bridge.review.history import Selection

    model, key = _record(record)
    if column is not None and key is None:
        raise FieldnoteError("--field needs the record that it is of", hint="Add `--record MODEL:ID`.")
    return Selection(model and model.value, key, column, recording, run)


def _actor(given: str | None) -> str:
    return actor_of(given)
