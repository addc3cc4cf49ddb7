"""All checks, one after the other; none keeps the others from being done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.checks.findings import Finding, bad, good, hint
from fieldnote.bridge.setup.checks.loop import check_references, check_siros_ids
from fieldnote.bridge.setup.checks.mappings import check_mappings
from fieldnote.bridge.setup.checks.remote import check_native, check_people, check_token, check_user_token
from fieldnote.bridge.setup.checks.rows import check_stream
from fieldnote.bridge.setup.checks.targets import check_targets
from fieldnote.bridge.status.alerts import check_addresses
from fieldnote.errors import CrmError, FieldnoteError
from fieldnote.mapping.records import StreamName


async def check_all(bridge: Bridge) -> AsyncIterator[Finding]:
    """Look at everything that the file names. The bridge's own database is open, or nobody could ask."""
    yield good("database", "Fieldnote's PostgreSQL answers")
    crm = await _crm(bridge)
    yield crm
    async for finding in check_token(bridge):
        yield finding
    if bridge.config.pull is not None:
        async for finding in check_user_token(bridge):
            yield finding
        async for finding in check_mappings(bridge):
            yield finding
    async for finding in check_native(bridge):
        yield finding
    if crm.level == "good":
        samples: dict[StreamName, list[dict[str, Any]]] = {}
        for finding in await asyncio.to_thread(lambda: list(_check_crm(bridge, samples))):
            yield finding
        async for finding in check_siros_ids(bridge, samples):
            yield finding
        async for finding in _guarded(check_people(bridge), "people"):
            yield finding
    if bridge.config.alerts.to:
        yield await asyncio.to_thread(_alerts, bridge)
    if bridge.config.push is None and bridge.config.pull is None:
        yield hint("file", "it has neither `push` nor `pull`", "`fieldnote init` writes one")


async def _crm(bridge: Bridge) -> Finding:
    try:
        await asyncio.to_thread(bridge.crm.check)
    except FieldnoteError as error:
        return bad("crm", error.message, error.hint)
    return good("crm", f"{bridge.crm.identity} answers")


def _alerts(bridge: Bridge) -> Finding:
    try:
        check_addresses(bridge.config)
    except FieldnoteError as error:
        return bad("alerts", error.message, error.hint)
    return good("alerts", "Apprise knows every address; nothing was sent")


def _check_crm(bridge: Bridge, samples: dict[StreamName, list[dict[str, Any]]]) -> Iterator[Finding]:
    if bridge.config.push is not None:
        try:
            mappers = mappers_of(bridge)
        except FieldnoteError as error:
            yield bad("push", error.message, error.hint)
        else:
            for name, mapper in mappers.items():
                yield from check_stream(bridge, name, mapper, samples)
            yield from check_references(bridge, samples)
    yield from check_targets(bridge)


async def _guarded(findings: AsyncIterator[Finding], subject: str) -> AsyncIterator[Finding]:
    try:
        async for finding in findings:
            yield finding
    except CrmError as error:
        yield bad(subject, error.message, error.hint)
