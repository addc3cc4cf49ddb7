"""Health: whether each part works, what it uses, and who did what."""

from __future__ import annotations

import platform
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from fieldnote import __version__
from fieldnote.bridge import Bridge
from fieldnote.bridge.status.attention import schedules
from fieldnote.bridge.status.health import known_credential
from fieldnote.bridge.status.vitals import latest_runs, storage, waiting
from fieldnote.console.access.acts import latest_acts
from fieldnote.console.access.guard import admin
from fieldnote.console.access.users import list_users
from fieldnote.console.context import console_of
from fieldnote.console.parts.plain_names import RUNS, largest_stores
from fieldnote.console.rendering import page

router = APIRouter()

ACTS = 50


@router.get("/health", dependencies=[Depends(admin)])
async def health(request: Request) -> Response:
    """The whole page."""
    console = console_of(request)
    before = request.query_params.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    acts = await latest_acts(console.engine, limit=ACTS + 1, before=number)
    return await page(
        request,
        "health.html",
        users=await list_users(console.engine, console.connection),
        acts=acts[:ACTS],
        earlier=acts[ACTS - 1].id if len(acts) > ACTS else None,
        version=__version__,
        python=platform.python_version(),
        has_workspace=console.workspace is not None,
        bridge=None if console.bridge is None else await _bridge(console.bridge),
    )


async def _bridge(bridge: Bridge) -> dict[str, Any]:
    credential = await known_credential(bridge)
    async with bridge.engine.connect() as conn:
        stored = await storage(conn)
        return {
            "schedules": await schedules(conn, bridge),
            "runs": await latest_runs(conn, bridge, limit=10),
            "waiting": await waiting(conn, bridge),
            "run_names": RUNS,
            "storage": stored,
            "stores": largest_stores(stored.tables),
            "credential": credential,
            "has_user_token": bridge.remote.has_user_token,
        }
