"""The parts of sending that both clients share: headers, timeouts, reading answers.

Errors of other libraries are translated here. Callers see a value or a `SiroError`.
"""

from __future__ import annotations

import json
import logging
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import httpx2
from pydantic import ValidationError
from pydantic_core import from_json

from fieldnote import __version__
from fieldnote.siro.errors import BadResponse, FailedCall, SiroError, SiroUnavailable, Unreachable, error_for
from fieldnote.siro.limits import Priority
from fieldnote.siro.options import WHOLE_CALL

USER_AGENT = f"fieldnote/{__version__} (python/{platform.python_version()})"
"""Fieldnote's own name: Siro's edge refuses the default names of Python's HTTP libraries."""

HEADERS = {"user-agent": USER_AGENT, "accept": "application/json"}

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, decompressed. A longer one is refused, so that memory stays bounded."""

CONNECTIONS = 32
"""Calls in flight of each priority."""

LIMITS = httpx2.Limits(
    max_connections=CONNECTIONS * len(Priority), max_keepalive_connections=CONNECTIONS // 2, keepalive_expiry=4.0
)
"""There is a connection for each call in flight, so that none waits for one. Idle connections close before common
servers close theirs (after 5 s), which would break the next call. Few stay open, as each call checks all of them."""

_CONNECT, _SILENCE, _WRITE = 10.0, 60.0, 30.0
_SLOWEST_UPLOAD = 32 * 1024
"""Bytes in a second below which an upload counts as stuck."""


def timeouts_of(whole: float | None) -> dict[str, float | None]:
    """Seconds for each single wait, within `whole` seconds for the attempt."""
    read = _SILENCE if whole is None else whole
    longest = WHOLE_CALL if whole is None else whole
    return {"connect": min(_CONNECT, longest), "read": read, "write": min(_WRITE, longest), "pool": longest}


def upload_seconds(size: int) -> float:
    """Seconds that an upload of so many bytes may take on top of an attempt's."""
    return size / _SLOWEST_UPLOAD


url_of: Final = lru_cache(16)(httpx2.URL)
"""An address, parsed once for repeated calls."""

_REQUEST_ID_HEADERS = ("x-request-id", "x-cloud-trace-context", "x-amzn-requestid", "cf-ray")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of any status."""

    status: int
    headers: httpx2.Headers = field(repr=False)
    content: bytes = field(repr=False)


def json_of(answer: Answer, call: FailedCall, decode: Callable[[bytes], object] = from_json) -> object:
    """The answer's JSON; None where it is empty. Raises the error that its status means."""
    success = 200 <= answer.status < 300
    if success and not answer.content.strip():
        return None
    try:
        body = _decode(answer.content, decode if success else from_json)
    except ValueError:
        if success:
            kind = answer.headers.get("content-type", "no content type").split(";")[0]
            text = f"{call} answered {answer.status}, and its body is not complete JSON ({kind:.60})"
            raise BadResponse(text, call=answered(call, answer)) from None
        body = None
    if not success:
        raise error_for(answered(call, answer), body, answer.content[:4096].decode("utf-8", "replace"))
    return body


def _decode(content: bytes, decode: Callable[[bytes], object]) -> object:
    """JSON; half a surrogate pair, which no text can store, is read as U+FFFD. Raises ValueError."""
    try:
        return decode(content)
    except ValueError:
        if b"\\u" not in content:
            raise
        text = json.dumps(json.loads(content), ensure_ascii=False)
        return decode(_HALF_A_PAIR.sub("\ufffd", text).encode())


_HALF_A_PAIR: Final = re.compile("[\ud800-\udfff]")


def success_of(answer: Answer, call: FailedCall) -> None:
    """Do nothing for a success. Raise the error that another status means."""
    if not 200 <= answer.status < 300:
        raise error_for(answered(call, answer), None, answer.content[:4096].decode("utf-8", "replace"))


def answered(call: FailedCall, answer: Answer) -> FailedCall:
    """The call with the status and headers of its answer."""
    request_id = next((answer.headers[name] for name in _REQUEST_ID_HEADERS if name in answer.headers), None)
    return replace(call, status=answer.status, request_id=request_id, headers=answer.headers)


def complaint(error: ValidationError) -> str:
    """The first complaint, without the value."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    return f"{where or 'answer'}: {first['msg']}" + (f", and {more} more" if more else "")


def check_length(length: int, call: FailedCall) -> None:
    """Raise BadResponse for an answer that is too long."""
    if length > LARGEST_ANSWER:
        raise BadResponse(f"{call}: the answer is longer than {LARGEST_ANSWER} bytes", call=call)


def origin_of(url: str) -> str:
    """Scheme and host of an address that Siro gave. Raises BadResponse, without the address, if it is not valid."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        parsed = httpx2.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise BadResponse("Siro's address for the upload is not valid")
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


# --- foreign errors -------------------------------------------------------------------------------------


@contextmanager
def translated(call: FailedCall) -> Iterator[None]:
    """Translate the errors of the HTTP library during an exchange, and drop its log lines."""
    token = _exchanging.set(True)
    try:
        yield
    except (httpx2.RequestError, httpx2.StreamError, TimeoutError, OSError) as error:
        # `from None`: the cause would show the request in every traceback.
        raise _error_of(error, call, urlsplit(call.base_url).netloc) from None
    finally:
        _exchanging.reset(token)


def _error_of(error: Exception, call: FailedCall, host: str) -> SiroError:
    hint = f"Check that {host} can be reached from here."
    match error:
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return Unreachable(f"{call}: no connection to {host} ({_reason(error)})", hint=hint, call=call)
        case httpx2.TimeoutException() | TimeoutError():
            return SiroUnavailable(f"{call}: no answer in time from {host}", call=call)
        case httpx2.DecodingError():
            return BadResponse(f"{call}: the answer's compression is broken", call=call)
        case _:
            text = f"{call}: the connection to {host} failed ({_reason(error)})"
            return SiroUnavailable(text, hint=hint, call=call)


def _reason(error: Exception) -> str:
    """The library's own word for the failure, without text that could quote the request."""
    if isinstance(error, httpx2.LocalProtocolError):
        return type(error).__name__
    text = str(error).strip()
    return f"{type(error).__name__}: {text:.200}" if text else type(error).__name__


# --- the HTTP library's own log -------------------------------------------------------------------------

_exchanging: ContextVar[bool] = ContextVar("fieldnote_siro_exchange", default=False)


def _not_ours(record: logging.LogRecord) -> bool:
    del record
    return not _exchanging.get()


# They log each address with its query, and each header of an answer. Calls of other programs stay in the log.
for _name in ("httpx2", "httpcore2.connection", "httpcore2.http11", "httpcore2.http2", "httpcore2.proxy"):
    logging.getLogger(_name).addFilter(_not_ours)
