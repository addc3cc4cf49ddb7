"""The daemon's jobs. Their arguments are identifiers; run late or twice, they end in the same state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import procrastinate

from fieldnote.bridge.board.mobile_events import keep_mobile_events
from fieldnote.bridge.board.people import keep_people_if_old
from fieldnote.bridge.daemon.crm_registration import register
from fieldnote.bridge.errors import Busy
from fieldnote.bridge.pull.run import look_at, pull_once
from fieldnote.bridge.push import push_once
from fieldnote.bridge.push.crm_events import push_hooked
from fieldnote.bridge.status.alerts import watch as tell_changes
from fieldnote.errors import FieldnoteError

if TYPE_CHECKING:
    from fieldnote.bridge.session import Bridge
    from fieldnote.mapping.records import StreamName

log = logging.getLogger(__name__)

blueprint: Final = procrastinate.Blueprint()
_LONGEST_PUSH: Final = 300.0
"""Seconds that a push may run before an event of the CRM is left to the next cycle."""
BRIDGE: Final = "bridge"
"""Under which name a worker's context holds the open `Bridge`."""


def _bridge(context: procrastinate.JobContext) -> Bridge:
    bridge: Bridge = context.additional_context[BRIDGE]
    return bridge


def queue_of(connection: str) -> str:
    """Each connection has a queue of its own: a worker knows one file, and takes no other's jobs."""
    return f"bridge:{connection}"


@blueprint.task(name="bridge.push", pass_context=True)
async def push(context: procrastinate.JobContext) -> None:
    """One push; the cycle after a failed one is due as if nothing had happened."""
    try:
        result = await push_once(_bridge(context), max_wait=0)
        _warn("push_warning", _bridge(context), result.warnings)
    except Busy:
        log.info("push_already_running", extra={"connection": _bridge(context).name})
    except FieldnoteError as error:
        _failed("push_failed", _bridge(context), error)


@blueprint.task(name="bridge.push_soon", pass_context=True)
async def push_soon(context: procrastinate.JobContext) -> None:
    """The push that an event of the CRM asks for. It waits for one that runs: that one may have read already."""
    try:
        await push_once(_bridge(context), max_wait=_LONGEST_PUSH)
    except FieldnoteError as error:
        _failed("push_failed", _bridge(context), error)


@blueprint.task(name="bridge.register_webhooks", pass_context=True)
async def register_webhooks(context: procrastinate.JobContext) -> None:
    """Let the CRM send its events here. If it fails, the poll finds changes, and the next day tries again."""
    try:
        await asyncio.to_thread(register, _bridge(context))
    except FieldnoteError as error:
        _failed("webhooks_not_registered", _bridge(context), error)


@blueprint.task(name="bridge.hooked", pass_context=True)
async def hooked(context: procrastinate.JobContext, stream: StreamName) -> None:
    """Send the records that hooks of the CRM named. If it fails, the next push does it."""
    try:
        await push_hooked(_bridge(context), stream)
    except FieldnoteError as error:
        _failed("hook_failed", _bridge(context), error)


@blueprint.task(name="bridge.pull", pass_context=True)
async def pull(context: procrastinate.JobContext) -> None:
    """One pull."""
    try:
        result = await pull_once(_bridge(context), max_wait=0, eager=False)
        stopped = [f"pull stopped: {result.stopped}"] if result.stopped else []
        _warn("pull_warning", _bridge(context), [*stopped, *result.warnings])
        await keep_people_if_old(_bridge(context))
        await keep_mobile_events(_bridge(context))
    except Busy:
        log.info("pull_already_running", extra={"connection": _bridge(context).name})
    except FieldnoteError as error:
        _failed("pull_failed", _bridge(context), error)


@blueprint.task(name="bridge.look", pass_context=True)
async def look(context: procrastinate.JobContext, recording_id: str) -> None:
    """Look at one recording. If it fails, its event stays open, and the next pull looks at it."""
    try:
        await look_at(_bridge(context), recording_id)
    except FieldnoteError as error:
        _failed("look_failed", _bridge(context), error)


@blueprint.task(name="bridge.watch", pass_context=True)
async def watch(context: procrastinate.JobContext) -> None:
    """Look at the status, and tell of what has changed."""
    try:
        await tell_changes(_bridge(context))
    except Busy:
        log.info("watch_already_running", extra={"connection": _bridge(context).name})
    except FieldnoteError as error:
        _failed("watch_failed", _bridge(context), error)


_SHOWN: Final = 10
_warned: Final[dict[tuple[str, str], frozenset[str]]] = {}


def _warn(event: str, bridge: Bridge, warnings: Sequence[str]) -> None:
    """Log what a run warns of. A warning that lasts is logged once, and again after a run without it."""
    known = _warned.get((event, bridge.name), frozenset())
    _warned[event, bridge.name] = frozenset(warnings)
    for text in [item for item in dict.fromkeys(warnings) if item not in known][:_SHOWN]:
        log.warning(event, extra={"connection": bridge.name, "reason": text})


def _failed(event: str, bridge: Bridge, error: FieldnoteError) -> None:
    log.error(event, extra={"connection": bridge.name, "error": type(error).__name__, "reason": error.message})
