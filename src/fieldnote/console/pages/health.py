"""Health: whether each part works, and who did what."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from fieldnote.console.access.acts import latest_acts
from fieldnote.console.access.guard import admin
from fieldnote.console.access.users import list_users
from fieldnote.console.context import console_of
from fieldnote.console.rendering import page

router = APIRouter()


@router.get("/health", dependencies=[Depends(admin)])
async def health(request: Request) -> Response:
    console = console_of(request)
    return await page(
        request,
        "health.html",
        users=await list_users(console.engine, console.connection),
        acts=await latest_acts(console.engine),
    )
