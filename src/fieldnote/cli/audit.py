"""`fieldnote audit`: who decided what on this connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile, moment
from fieldnote.cli.support.opened import with_bridge
from fieldnote.cli.support.output import echo, echo_json
from fieldnote.json_form import to_json

if TYPE_CHECKING:
    from fieldnote.bridge.audit import Event


def audit(
    *,
    config: ConfigFile = DEFAULT_FILE,
    since: Annotated[str | None, typer.Option(metavar="ISO", help="Only events since this time.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="ID", help="Only events of this record, recording or proposal.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Events at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show who approved, reverted, linked, erased or overrode what by a command, the latest first."""
    from fieldnote.bridge.audit import list_events

    start = None if since is None else moment(since)
    found = with_bridge(config, lambda bridge: list_events(bridge, since=start, target=target, limit=limit))
    if as_json:
        echo_json([to_json(one) for one in found])
        return
    for one in found:
        echo(_line(one))


def _line(one: Event) -> str:
    who = f"{one.acting_as} ({one.operator})" if one.acting_as else one.operator
    outcome = "" if one.outcome == "done" else f"  [{one.outcome or 'not ended'}]"
    return f"{one.at:%Y-%m-%d %H:%M:%S}  {who}  {one.action}  {' '.join(one.targets)}{outcome}"
