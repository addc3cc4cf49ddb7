"""`fieldnote push`, `fieldnote plan`, `fieldnote pull` and `fieldnote run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.console.beside import ConsolePort, NoConsole, Wanted, announce_console, console_beside
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.opened import act_of, opened_bridge, with_bridge
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import echo, echo_json, secho
from fieldnote.errors import ConfigError
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.bridge import BackfillPlan, Bridge, Plan, PullResult, PushRequest, PushResult, StreamResult
    from fieldnote.bridge.push.reasons import ProblemGroup
    from fieldnote.config import Config
    from fieldnote.db.acts import Act

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The file that describes the connection.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")]
AcceptChange = Annotated[
    bool,
    typer.Option(
        "--accept-change",
        help="Continue even though the organization, base URL or CRM changed. Discards the old ledger; the CRM's data "
        "stays the same.",
    ),
]
DEFAULT_FILE = Path("fieldnote.yaml")
Streams = Annotated[
    list[str] | None, typer.Option("--stream", metavar="NAME", help="Only this stream. May be repeated.")
]
Full = Annotated[bool, typer.Option("--full", help="Compare all rows; ignore the cursor.")]
Since = Annotated[
    str | None,
    typer.Option(metavar="ISO", help="Read all changes since then: 2026-02-01 or 2026-02-01T08:00:00-07:00."),
]


def push(
    *,
    config: ConfigFile = DEFAULT_FILE,
    stream: Streams = None,
    key: Annotated[
        list[str] | None, typer.Option("--id", metavar="KEY", help="Only this record, changed or not. May be repeated.")
    ] = None,
    full: Full = False,
    since: Since = None,
    accept_deletes: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Allow up to N deletions, beyond the limit in the file."),
    ] = 0,
    accept_change: AcceptChange = False,
    allow_native: Annotated[
        bool, typer.Option("--allow-native", help="Push even though Siro's own integration with a CRM is active.")
    ] = False,
    actor: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Send the CRM's changes to Siro, once.

    Exit status: 0 if Siro matches the CRM; 1 if a record is refused, unmapped or pending, or if a deletion needs a
    person.
    """
    request = _request(stream, key, full=full, since=since, accept_deletes=accept_deletes)
    request = replace(request, allow_native=allow_native)
    overridden = {"--accept-change": accept_change, "--accept-deletes": accept_deletes, "--allow-native": allow_native}
    act = _override("push", overridden, actor)
    result = with_bridge(
        config, lambda bridge: _push(bridge, request, accept_change=accept_change, quiet=as_json), act=act
    )
    if as_json:
        echo_json(result)
    else:
        _print_push(result)
    if not result.settled:
        raise typer.Exit(1)


def plan(
    *,
    config: ConfigFile = DEFAULT_FILE,
    stream: Streams = None,
    key: Annotated[list[str] | None, typer.Option("--id", metavar="KEY", help="Only this record.")] = None,
    full: Full = False,
    since: Since = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write all records to this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the records that a push would create, change and delete. Sends nothing.

    Prints the summary first, then some records of each kind.

    Exit status: 0 if there is nothing to send, else 3.
    """
    request = _request(stream, key, full=full, since=since)
    planned = run_in_loop(_plan(_load(config), request, as_json=as_json, output=output))
    if not planned.empty:
        raise typer.Exit(3)


def pull(
    *,
    config: ConfigFile = DEFAULT_FILE,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="ISO",
            help="Read old recordings: all that were updated since this time, such as 2026-02-01 or "
            "2026-02-01T08:00-07:00.",
        ),
    ] = None,
    plan_only: Annotated[
        bool, typer.Option("--plan", help="With --since: count the writes, and write nothing.")
    ] = False,
    accept_change: AcceptChange = False,
    actor: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Write the results of conversations into the CRM, once. A new connection reads the last two days.

    With --since, an interrupted reading continues where it stopped.

    Exit status: 0 if the CRM now has all results that are ready, 1 if a record is pending or refused by the CRM.
    With --plan: 0 if there is nothing to write or propose, else 3.
    """
    if plan_only:
        _plan_backfill(config, since, as_json=as_json)
        return
    start = None if since is None else moment(since)
    act = _override("pull", {"--accept-change": accept_change}, actor)
    result = with_bridge(
        config, lambda bridge: _pull(bridge, since=start, accept_change=accept_change, quiet=as_json), act=act
    )
    if as_json:
        echo_json(result)
    else:
        _print_pull(result)
    if not result.settled:
        raise typer.Exit(1)


def _plan_backfill(path: Path, since: str | None, *, as_json: bool) -> None:
    from fieldnote.cli.backfills import print_plan

    if since is None:
        raise ConfigError("--plan needs --since", hint="`fieldnote plan` shows what a push would do.")
    planned = run_in_loop(_planned(_load(path), moment(since)))
    if as_json:
        echo_json(planned)
    else:
        print_plan(planned)
    if not planned.empty:
        raise typer.Exit(3)


def run(
    *,
    config: ConfigFile = DEFAULT_FILE,
    host: Annotated[
        str | None, typer.Option(help="The address of the webhook receiver; the default is in the file.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The receiver's port; 0 picks a free one.")] = None,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="TLS certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="TLS private key, PEM.")] = None,
    console_port: ConsolePort = None,
    no_console: NoConsole = False,
) -> None:
    """Push and pull on schedule, receive Siro's webhooks and serve the console, until stopped (Ctrl-C or SIGTERM)."""
    from fieldnote.cli.support.tls import tls_files, warn_of_plain_http

    tls, pages = tls_files(cert, tls_key), Wanted(console_port, serve=not no_console)
    loaded = _load(config)
    if tls is None:
        warn_of_plain_http(loaded.receiver.host if host is None else host, loaded.receiver.public_url)
    run_in_loop(_run(loaded, host=host, port=port, tls=tls, pages=pages))


def _load(path: Path) -> Config:
    from fieldnote.config import load

    return load(path)


def moment(text: str) -> datetime:
    """A time without a zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"--since {text!r} is not a time", hint="Write it as 2026-02-01 or 2026-02-01T08:00:00-07:00."
        ) from error


def _request(
    streams: list[str] | None, keys: list[str] | None, *, full: bool, since: str | None, accept_deletes: int = 0
) -> PushRequest:
    from fieldnote.bridge import PushRequest

    if keys and (not streams or len(streams) != 1):
        raise ConfigError("--id needs a stream", hint="Add for example `--stream engagements`.")
    if sum(map(bool, (keys, full, since))) > 1:
        raise ConfigError("--id, --full and --since exclude each other", hint="Use one of them.")
    start = None if since is None else moment(since)
    return PushRequest(tuple(streams or ()), tuple(key.strip() for key in keys or ()), full, start, accept_deletes)


def _override(command: str, options: Mapping[str, int], acting_as: str | None) -> Act | None:
    """The decision to go on where the command would stop. A push or pull without one is nobody's decision."""
    chosen = [f"{name} {value}" if value > 1 else name for name, value in options.items() if value]
    return act_of(" ".join((command, *chosen)), (), acting_as) if chosen else None


async def _push(bridge: Bridge, request: PushRequest, *, accept_change: bool, quiet: bool) -> PushResult:
    from fieldnote.bridge import push_once
    from fieldnote.cli.support.progress import progress

    with progress(quiet=quiet) as watch:
        return await push_once(bridge, request=request, accept_change=accept_change, watch=watch)


async def _plan(config: Config, request: PushRequest, *, as_json: bool, output: Path | None) -> Plan:
    from fieldnote.bridge import plan_once
    from fieldnote.cli.plans import printed

    with printed(as_json=as_json, output=output) as form:
        async with opened_bridge(config) as bridge:
            planned = await plan_once(bridge, form.report, request=request)
        form.end(planned)
    return planned


async def _pull(bridge: Bridge, *, since: datetime | None, accept_change: bool, quiet: bool) -> PullResult:
    from fieldnote.bridge import backfill_once, pull_once
    from fieldnote.cli.support.progress import of_backfill

    if since is None:
        return await pull_once(bridge, accept_change=accept_change)
    with of_backfill(quiet=quiet) as watch:
        return await backfill_once(bridge, since, accept_change=accept_change, watch=watch)


async def _planned(config: Config, since: datetime) -> BackfillPlan:
    from fieldnote.bridge import plan_backfill

    async with opened_bridge(config) as bridge:
        return await plan_backfill(bridge, since)


async def _run(
    config: Config, *, host: str | None, port: int | None, tls: tuple[Path, Path] | None, pages: Wanted
) -> None:
    from fieldnote.bridge import Daemon
    from fieldnote.bridge.daemon.database import wait_for_database
    from fieldnote.bridge.errors import StuckShutdown
    from fieldnote.cli.support.signals import until_stopped

    async def work() -> None:
        try:
            await wait_for_database(config.connection)
            async with (
                opened_bridge(config) as bridge,
                Daemon(bridge, host=host, port=port, tls=tls) as daemon,
                console_beside(pages, bridge=bridge) as console,
            ):
                _announce(config, daemon.url, hears=daemon.hears_webhooks)
                announce_console(console)
                await daemon.wait()
        except StuckShutdown as error:
            # The stuck thread would keep the interpreter from ending.
            echo(f"error: {error.message}\nhint: {error.hint}", err=True)
            sys.stderr.flush()
            os._exit(1)

    await until_stopped(work())


def _announce(config: Config, url: str, *, hears: bool) -> None:
    from fieldnote.config.values import in_words

    echo(f"fieldnote runs connection '{config.connection}' of {config.path}", err=True)
    if config.push is not None:
        echo(f"  push every {in_words(config.push.every)}", err=True)
    if config.pull is not None:
        echo(f"  pull every {in_words(config.pull.every)}", err=True)
    if hears:
        echo(f"  webhooks at {url}/hooks/siro", err=True)
    else:
        echo(
            f"  no webhooks, only the poll: without siro.webhook_secret, {url}/hooks/siro answers 503",
            err=True,
        )


def _print_push(result: PushResult) -> None:
    for notice in result.notices:
        secho(f"warning: {notice}", fg="yellow")
    for stream in result.streams:
        echo(
            f"{stream.stream}: {stream.read} read, {stream.sent} sent, {stream.unchanged} unchanged, "
            f"{stream.refused} refused, {stream.unmapped} unmapped, {stream.pending} pending"
            + "".join(f", {count} {name}" for name, count in _rarer(stream).items() if count)
        )
        if stream.stopped:
            secho(f"  stopped: {stream.stopped}", fg="red")
        for group in stream.groups:
            _print_group(group)
        more = stream.refused + stream.unmapped + stream.pending - sum(group.count for group in stream.groups)
        if stream.groups and more > 0:
            echo(f"  and {more} more")
        for warning in stream.warnings:
            echo(f"  warning: {warning}")
    echo(f"{number_of(result.calls, 'call')} to Siro in {result.seconds:.1f} s")


def _print_group(group: ProblemGroup) -> None:
    """One kind of problem, with the number of its records and the first of them."""
    named = ", ".join(group.keys) + (", …" if group.count > len(group.keys) else "")
    subject = f"{named} is" if group.count == 1 else f"{group.count} records are"
    secho(f"  {subject} {group.state.value}: {group.reason}", fg="yellow")
    if group.count > 1:
        echo(f"    records: {named}")
    if group.hint:
        echo(f"    hint: {group.hint}")


def _rarer(stream: StreamResult) -> dict[str, int]:
    """Numbers that are printed only if they are not zero."""
    return {
        "deleted": stream.removed,
        "deletions pending": stream.pending_deletions,
        "dropped by a person": stream.dropped,
        "no longer in the CRM": stream.left,
        "with a value that Siro cannot clear": stream.uncleared,
    }


def _print_pull(result: PullResult) -> None:
    from fieldnote.cli.backfills import print_counted

    echo(
        f"recordings: {result.read} read, {result.changed} changed; "
        + (", ".join(f"{count} {stage.replace('_', ' ')}" for stage, count in result.stages.items()) or "none known")
    )
    echo(
        f"CRM: {number_of(result.records, 'record')} compared, {number_of(result.writes, 'write')}, "
        f"{result.pending} pending, {number_of(result.proposals, 'proposal')} open"
    )
    if result.proposals:
        echo("  a person decides: `fieldnote review list`, then `fieldnote review approve NUMBER`")
    print_counted(result)
    for change in result.changes:
        where = change.column if change.kind == "field" else "note"
        echo(f"  {change.model} {change.record}: {where} {change.action} (recording {change.recording_id})")
    if result.stopped:
        secho(f"stopped: {result.stopped}", fg="red")
    for problem in result.problems:
        where = f"{problem.model} {problem.record}, {problem.column}"
        secho(f"{where} is {problem.state}: {problem.reason}", fg="yellow")
    for recording_id in result.stuck:
        secho(f"recording {recording_id} has been processing for more than three hours", fg="yellow")
    for warning in result.warnings:
        echo(f"warning: {warning}")
    echo(f"{number_of(result.calls, 'call')} to Siro in {result.seconds:.1f} s")
