"""Prefetch: a browser asks for a page that the person is about to open, and shows it at once when they do.

Rules of speculation, which every page names in a header: the policy allows no script in a page. Only links are
followed, for a form changes something.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from fastapi import APIRouter, Request, Response

open_router = APIRouter()
"""Needs no session: the rules are the same for everybody."""

_PATH: Final = "/likely-next"
_FILES: Final = ["/static/*", "/*.csv\\?*", "/*.csv", "/*/audio"]
RULES: Final[dict[str, Any]] = {
    "prefetch": [
        {
            # A person rests on the link for a moment, or presses it.
            "where": {
                "and": [
                    {"href_matches": "/*"},
                    {"not": {"href_matches": _FILES}},
                    {"not": {"selector_matches": "[download]"}},
                ]
            },
            "eagerness": "moderate",
        },
        # The next value of Review is one key away.
        {"where": {"selector_matches": "a[rel~=next]"}, "eagerness": "immediate"},
    ]
}
_BODY: Final = json.dumps(RULES, separators=(",", ":")).encode()
HEADER: Final = f'"{_PATH}?v={hashlib.sha256(_BODY).hexdigest()[:12]}"'
"""The value of `Speculation-Rules`."""
FORGET: Final = '"prefetchCache", "prerenderCache"'
"""The value of `Clear-Site-Data` after a change: pages that were asked for before it are not shown."""


@open_router.get(_PATH)
async def rules() -> Response:
    """The rules, which the browser keeps: their address changes with them."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_BODY, media_type="application/speculationrules+json", headers=headers)


def is_prefetch(request: Request) -> bool:
    """Whether a browser asks ahead: nobody looks at the page yet."""
    return "prefetch" in request.headers.get("sec-purpose", "")
