"""Tonight: the first page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

router = APIRouter()


@router.get("/")
async def tonight(request: Request) -> RedirectResponse:
    del request
    return RedirectResponse("/health", status_code=303)
