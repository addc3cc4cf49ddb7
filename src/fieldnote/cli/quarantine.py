"""`fieldnote quarantine`: records that wait for a person to fix the row or the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile, Streams
from fieldnote.cli.support.opened import act_of, with_bridge
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.operator import actor as actor_of
from fieldnote.cli.support.output import echo, echo_json, secho
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.mapping.records import StreamName

app = typer.Typer(no_args_is_help=True)

Stream = Annotated[str, typer.Argument(metavar="STREAM", help="For example engagements.")]
Keys = Annotated[list[str], typer.Argument(metavar="KEY…", help="The keys of the records in the CRM.")]


@app.command("list")
def list_(*, config: ConfigFile = DEFAULT_FILE, stream: Streams = None, as_json: AsJson = False) -> None:
    """List these records, oldest first, with the reason for each."""
    from fieldnote.bridge.push.quarantine import waiting

    found = with_bridge(config, lambda bridge: waiting(bridge, tuple(stream or ())))
    if as_json:
        echo_json(found)
        return
    for item in found:
        since = f"{item.since:%Y-%m-%d %H:%M} UTC" if item.since else ""
        secho(f"{item.stream} {item.key} is {item.state.value} since {since}", fg="yellow")
        echo(f"    {item.reason}")
        if item.hint:
            echo(f"    hint: {item.hint}")
    echo(f"{len(found)} in quarantine")


@app.command()
def show(
    stream: Stream,
    key: Annotated[str, typer.Argument(help="The record's key in the CRM.")],
    *,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Show one record as JSON: the reason, its current row, the payload of a push, and the payload that Siro has."""
    from fieldnote.bridge.push import quarantine

    details = with_bridge(
        config, lambda bridge: quarantine.show(bridge, _stream_of(bridge, stream), key), targets=[stream, key]
    )
    echo_json(details.as_json(), indent=2)


@app.command()
def retry(
    stream: Stream,
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY…]", help="The records' keys in the CRM; without keys, use --all."),
    ] = None,
    *,
    config: ConfigFile = DEFAULT_FILE,
    everything: Annotated[bool, typer.Option("--all", help="All records in quarantine.")] = False,
    actor: ActingAs = None,
) -> None:
    """Let the next push try records again, even if their rows did not change."""
    from fieldnote.bridge.push import quarantine

    if bool(keys) == everything:
        raise ConfigError("no records given", hint="Give their keys, or --all.")
    act = act_of("quarantine retry", [stream, *(keys or ())], actor)
    count = with_bridge(
        config, lambda bridge: quarantine.retry(bridge, _stream_of(bridge, stream), keys or []), act=act
    )
    echo(f"{count} will be tried again by the next push")


@app.command()
def drop(
    stream: Stream,
    keys: Keys,
    *,
    config: ConfigFile = DEFAULT_FILE,
    reason: Annotated[str | None, typer.Option("--reason", help="The reason, for others to read later.")] = None,
    actor: ActingAs = None,
) -> None:
    """Stop sending records until their rows change."""
    from fieldnote.bridge.push import quarantine
    from fieldnote.bridge.review.refusals import keep_reason

    async def work(bridge: Bridge) -> int:
        name = _stream_of(bridge, stream)
        count = await quarantine.drop(bridge, name, keys)
        if reason is not None:
            await keep_reason(bridge, name, keys, reason=reason, actor=actor_of(actor))
        return count

    count = with_bridge(config, work, act=act_of("quarantine drop", [stream, *keys], actor))
    echo(f"{count} dropped")


def _stream_of(bridge: Bridge, stream: str) -> StreamName:
    from fieldnote.bridge.push.run import mappers_of

    return next(iter(mappers_of(bridge, (stream,))))
