"""A portal's stages, and how the API words an error."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from fastapi.responses import JSONResponse


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a pipeline of deals."""

    id: str
    label: str
    closed: bool = False
    probability: str = "0.5"


def problem(status: int, message: str, category: str, **more: object) -> JSONResponse:
    """An error as the API words it."""
    body = {"status": "error", "message": message, "correlationId": str(uuid4()), "category": category, **more}
    return JSONResponse(body, status_code=status)
