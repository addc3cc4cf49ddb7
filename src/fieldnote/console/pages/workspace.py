"""The workspace beside this console: its API tokens, and what became of each webhook."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from fieldnote.console.access import Viewer, after, recorded
from fieldnote.console.access.guard import admin
from fieldnote.console.connected import Missing
from fieldnote.console.context import console_of
from fieldnote.console.rendering import page
from fieldnote.workspace import Operator, Organization, Workspace, find_organization
from fieldnote.workspace.domain.access import add_token, end_token, list_tokens
from fieldnote.workspace.domain.webhooks.deliveries import latest_deliveries, list_webhooks

router = APIRouter(dependencies=[Depends(admin)])


@router.get("/health/workspace")
async def workspace_health(request: Request, org: str = "") -> Response:
    """Tokens and webhooks of an organization."""
    workspace = _workspace(request)
    return await _page(request, workspace, await _organization(workspace, org))


@router.post("/health/workspace/tokens")
async def make_token(
    request: Request,
    viewer: Annotated[Viewer, Depends(admin)],
    name: Annotated[str, Form()],
    org: Annotated[str, Form()],
) -> Response:
    """Make a token. The answer shows it, once."""
    workspace = _workspace(request)
    organization = await _organization(workspace, org)
    async with recorded(request, "make API token", f"organization {organization.id}") as act:
        token = await add_token(workspace.engine, organization, name=name, by=_operator(viewer))
        act.message = "The token was made."
    return await _page(request, workspace, organization, token=token)


@router.post("/health/workspace/tokens/end")
async def end(
    request: Request,
    viewer: Annotated[Viewer, Depends(admin)],
    token: Annotated[str, Form()],
    org: Annotated[str, Form()],
) -> Response:
    """End a token: no later call with it is answered."""
    workspace = _workspace(request)
    organization = await _organization(workspace, org)
    async with recorded(request, "end API token", f"token {token}") as act:
        ended = await end_token(workspace.engine, organization, token, by=_operator(viewer))
        act.message = f"The token {ended.name} has ended."
    return after(act, f"/health/workspace?org={organization.id}")


def _workspace(request: Request) -> Workspace:
    workspace = console_of(request).workspace
    if workspace is None:
        raise Missing("there is no workspace beside this console", hint="`fieldnote workspace serve` has these pages.")
    return workspace


async def _organization(workspace: Workspace, org: str) -> Organization:
    return await find_organization(workspace.engine, org.replace("\0", "") or None)


def _operator(viewer: Viewer) -> Operator:
    return Operator("console", viewer.email)


async def _page(
    request: Request, workspace: Workspace, organization: Organization, *, token: str | None = None
) -> Response:
    facts: dict[str, Any] = {
        "organization": organization,
        "tokens": await list_tokens(workspace.engine, organization),
        "webhooks": await list_webhooks(workspace.engine, organization.id),
        "deliveries": await latest_deliveries(workspace.engine, organization.id),
        "made": token,
    }
    return await page(request, "workspace.html", **facts)
