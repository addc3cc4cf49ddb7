"""Checks of Siro's side: the credentials, the people, and integrations that send the same records."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fieldnote.bridge.native import active_integrations, describe
from fieldnote.bridge.reps import MappingMethod
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.checks.findings import Finding, bad, good, hint
from fieldnote.bridge.setup.oauth import refusal
from fieldnote.bridge.status.rep_mapping import map_reps
from fieldnote.printable import number_of
from fieldnote.siro.errors import SiroError

_SAMPLE = 1000


async def check_token(bridge: Bridge) -> AsyncIterator[Finding]:
    """The organization's token."""
    try:
        identity = await bridge.remote.client.auth.caller_identity()
    except SiroError as error:
        yield bad("siro", error.message, error.hint)
        return
    yield good("siro", f"the token is of organization {identity.organization_id}")


async def check_user_token(bridge: Bridge) -> AsyncIterator[Finding]:
    """The OAuth app, if the file names one."""
    if not bridge.remote.has_user_token:
        yield hint(
            "siro user",
            "no user token: a field waits until all extractions of its recording are ready",
            "`fieldnote oauth setup` creates one",
        )
        return
    why_not = await refusal(bridge.remote.client)
    if why_not is not None:
        yield bad("siro user", why_not, "`fieldnote oauth setup` creates another app and token")
        return
    yield good("siro user", "the user token is accepted")


async def check_native(bridge: Bridge) -> AsyncIterator[Finding]:
    """Whether an integration of Siro's own sends the same records."""
    try:
        native = await active_integrations(bridge)
    except SiroError as error:
        yield bad("native integrations", error.message, error.hint)
        return
    if native is None:
        yield hint("native integrations", "Siro does not say which integrations are active")
        return
    push = bridge.config.push
    for item in native:
        what = f"Siro's own integration with {describe(item)} is active"
        if push is not None and push.allow_native:
            yield hint("native integrations", f"{what}, and the file pushes other records", "check that this is true")
        elif push is not None and push.streams():
            yield bad(
                "native integrations",
                f"{what}: a push would double every appointment",
                f"leave out `push`, and set `siro: {{integration_connection_id: {item.id}}}`",
            )
        else:
            yield good("native integrations", f"{what}, and this file only pulls")
    if not native:
        yield good("native integrations", "none is active")


async def check_people(bridge: Bridge) -> AsyncIterator[Finding]:
    """Reps whom no user of Siro is taken for."""
    if bridge.config.push is None:
        return
    try:
        found = await map_reps(bridge, limit=_SAMPLE)
    except SiroError as error:
        yield bad("people", error.message, error.hint)
        return
    lost = [item for item in found.mapped if item.method is MappingMethod.NONE]
    if not found.mapped:
        yield hint("people", "the rows name no rep", "map engagementUsers")
    for item in lost[:10]:
        who = item.rep.name or item.rep.email or item.rep.external_id
        yield hint(
            "people",
            f"rep {who} ({item.rep.external_id}, on {item.rep.records} rows) has no user in Siro: {item.why}",
            "invite them to Siro, or give rep and user the same email",
        )
    if len(lost) > 10:
        yield hint("people", f"and {len(lost) - 10} more reps", "`fieldnote users` lists them all")
    if found.mapped and not lost:
        yield good("people", "each rep has a user in Siro: " + number_of(len(found.mapped), "rep"))
