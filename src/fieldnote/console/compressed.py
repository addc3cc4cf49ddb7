"""Pages are compressed; stream and sound never are."""

from __future__ import annotations

import gzip
import io
import secrets
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse

_SMALLEST: Final = 2_000
"""Bytes that are worth it."""
_LEVEL: Final = 4
_MOST_NOISE: Final = 64


def compressed(request: Request, body: str, status: int) -> HTMLResponse:
    """The page, as small as the browser reads it.

    The length of an answer that has both a secret and words of the address tells about the secret when it is asked for
    again and again. So each answer has a name of random length in the header of its compression.
    """
    plain = body.encode()
    headers = {"Vary": "Accept-Encoding"}
    if len(plain) < _SMALLEST or not _reads_gzip(request.headers.get("accept-encoding", "")):
        return HTMLResponse(plain, status, headers)
    packed = io.BytesIO()
    name = "x" * (1 + secrets.randbelow(_MOST_NOISE))
    with gzip.GzipFile(name, "wb", _LEVEL, packed, mtime=0) as file:
        file.write(plain)
    return HTMLResponse(packed.getvalue(), status, headers | {"Content-Encoding": "gzip"})


def _reads_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header names it, and not with a quality of zero."""
    for part in header.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() == "gzip":
            return not quality.replace(" ", "").startswith("q=0") or any(one in quality for one in "123456789")
    return False
