"""The address under which clients reach the workspace: as configured, never as a request's Host header says."""

from __future__ import annotations

from fastapi import Request

from fieldnote.workspace.context import Workspace


def public_url(request: Request) -> str:
    """The configured address; without one, that of the socket which took the call."""
    workspace: Workspace = request.app.state.workspace
    if workspace.public_url is not None:
        return workspace.public_url
    host, port = request.scope.get("server") or ("127.0.0.1", None)
    host = f"[{host}]" if ":" in host else host
    return f"{request.url.scheme}://{host}" + (f":{port}" if port else "")
