"""Push: the changes in the CRM go to Siro, and a record before those that refer to it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Final

from sqlalchemy import delete, func

from fieldnote.bridge.board.settings import prepare, refresh_if_few
from fieldnote.bridge.connection import verify
from fieldnote.bridge.driver_calls import call_driver
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.native import refuse_doubling
from fieldnote.bridge.push.results import PushResult
from fieldnote.bridge.push.source import PushRequest, source_of, stream_settings
from fieldnote.bridge.push.stream import Stream
from fieldnote.bridge.push.stream_push import StreamPush, Watch
from fieldnote.bridge.run_log import begin, finish
from fieldnote.bridge.session import Bridge
from fieldnote.config import nearest
from fieldnote.db.bridge_tables import sends
from fieldnote.errors import ConfigError, FieldnoteError
from fieldnote.mapping.records import RowMapper, StreamName, compile_push
from fieldnote.siro import bulk
from fieldnote.siro.retries import CallCount, counting

log = logging.getLogger(__name__)

_LONGEST_REFRESH: Final = 6 * 3600.0
"""Seconds that a driver may take to copy a whole CRM."""


async def push_once(
    bridge: Bridge,
    *,
    request: PushRequest | None = None,
    accept_change: bool = False,
    max_wait: float = 60.0,
    watch: Watch | None = None,
) -> PushResult:
    """Bring Siro to the state of the CRM, as far as possible now. `request`: options that a person gave.

    Calls `watch` with each stream's progress, page by page.

    Raises `ConnectionChanged` if the connection differs from what it was, `NativeIntegrationActive` if Siro's own
    integration syncs the same records, `Busy` if another process still pushes a stream after `max_wait` seconds,
    `CrmError` if no stream of the CRM can be read, and the client's error if Siro does not accept the credential. The
    work done until then is kept.
    """
    with counting() as count:
        result = await _push(bridge, request or PushRequest(), accept_change, max_wait, watch, count)
    log.info("push_done", extra={"connection": bridge.name, "calls": result.calls, "settled": result.settled})
    return result


async def _push(
    bridge: Bridge, request: PushRequest, accept_change: bool, max_wait: float, watch: Watch | None, count: CallCount
) -> PushResult:
    started = time.monotonic()
    result = PushResult(bridge.name)
    mappers = mappers_of(bridge, request.streams)
    await verify(bridge, accept_change=accept_change)
    await prepare(bridge)
    run_id = await begin(bridge.engine, bridge.name, "push")
    try:
        await refuse_doubling(bridge, allowed=request.allow_native)
        result.notices += await _refresh(bridge, mappers, request)
        errors = []
        for name, mapper in mappers.items():
            stream = Stream(bridge, name, mapper, request)
            async with exclusive(bridge.engine, "push", bridge.name, name, max_wait=max_wait):
                with bulk():
                    errors.append(await StreamPush(stream, watch).run())
            result.streams.append(stream.result)
        if first := all(errors) and errors[0]:
            raise first
    except FieldnoteError as error:
        await finish(bridge.engine, run_id, {"error": type(error).__name__})
        raise
    await _clear_sends(bridge)
    await refresh_if_few(bridge)
    result.calls = count.calls
    result.seconds = time.monotonic() - started
    await finish(bridge.engine, run_id, result.outcome())
    return result


async def _clear_sends(bridge: Bridge) -> None:
    """Delete the earlier sends that are older than the file allows."""
    if bridge.config.push is not None:
        old = sends.c.at < func.now() - bridge.config.push.keep_sends
        async with bridge.engine.begin() as conn:
            await conn.execute(delete(sends).where(sends.c.connection == bridge.name, old))


async def _refresh(bridge: Bridge, streams: Iterable[StreamName], request: PushRequest) -> tuple[str, ...]:
    """Let the driver bring its copies of the CRM up to date. Its warnings."""
    sources = [source_of(name, stream_settings(bridge, name)) for name in streams]
    async with exclusive(bridge.engine, "refresh", bridge.name, max_wait=600):
        refresh = partial(bridge.crm.refresh, sources, full=request.full)
        return await call_driver(refresh, doing="refreshing the copies of the CRM", limit=_LONGEST_REFRESH)


def mappers_of(bridge: Bridge, wanted: tuple[str, ...] = ()) -> dict[StreamName, RowMapper]:
    """The file's streams in the order in which they go, or those of them that are wanted."""
    mappers = compile_push(bridge.config)
    if not mappers:
        raise ConfigError(
            f"{bridge.config.path} has no stream to push",
            hint="Add `engagements`, `opportunities` or `accounts` under `push`.",
        )
    for name in wanted:
        if name not in mappers:
            known = [*map(str, mappers)]
            raise ConfigError(
                f"the file has no stream '{name}'{nearest(name, known)}", hint=f"It has {', '.join(known)}."
            )
    return {name: mapper for name, mapper in mappers.items() if not wanted or name in wanted}
