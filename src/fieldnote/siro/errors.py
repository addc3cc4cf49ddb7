"""The errors between a client and Siro, as one tree.

::

    SiroError                      (a fieldnote.errors.FieldnoteError); `call` and `status` say more
    ├── MissingCredential          [terminal] nothing was sent; names the missing setting
    ├── SiroUnavailable            [transient] a timeout, a broken connection, a fault on Siro's side (5xx)
    │   └── Unreachable            no connection was made, so nothing was sent
    ├── RateLimited                [transient] 429: more than 1000 calls of one token in a minute
    ├── BadResponse                [transient] cut off, not JSON, too long, or not as the contract says
    ├── RepeatedPage               [terminal] Siro sent a page of a list again
    ├── IncompleteList             [terminal] a list goes on, but Siro does not say where
    ├── Refused                    [terminal] Siro would answer the same again
    │   ├── Unauthorized           401: the credential is wrong, expired or revoked
    │   ├── Forbidden              403: the credential may not do that, or an edge refused the client
    │   ├── NotFound               404: no such record, or no such path
    │   └── Invalid                400, 409, 413, 415, 422: the payload; `issues` says where
    └── WebhookRejected            [terminal] not an event that Siro signed just now

No text of an error, its `repr` or its traceback contains a payload, a token or a query.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fieldnote.errors import FieldnoteError, Terminal, Transient

_LONGEST = 300
"""Characters of a foreign message that are worth showing."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One complaint about a payload."""

    path: str
    """Where: `account.addresses.0.zip`. Empty: the payload as a whole."""
    message: str
    """In Siro's words."""
    code: str = ""
    """Siro's word for the kind of complaint, such as `invalid_type`."""


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class FailedCall:
    """The call behind an error. Query and payload are kept for a report to Siro's support, and not shown."""

    method: str
    path: str
    status: int | None = None
    """None: there was no answer."""
    request_id: str | None = None
    """Siro's id of the call, if the answer gave one."""
    headers: Mapping[str, str] | None = field(default=None, repr=False, compare=False)
    """The headers of the answer, by name in upper or lower case; None: there was no answer."""
    base_url: str = field(default="", repr=False)
    organization_id: str | None = field(default=None, repr=False)
    """Siro's id of the organization, as far as the client knows it."""
    at: datetime | None = field(default=None, repr=False, compare=False)
    """When it was sent, in UTC."""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False, compare=False)
    shown: Callable[[], object] = field(default=_nothing, repr=False, compare=False)
    """Builds the payload, only when it is asked for."""

    @property
    def payload(self) -> object:
        """The body that was sent, as JSON values with secrets masked; None: no body."""
        return self.shown()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class SiroError(FieldnoteError):
    """A call to Siro failed, or data from Siro was not acceptable."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        call: FailedCall | None = None,
        issues: tuple[Issue, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.call = call
        """The call; None where there was none, as for a webhook."""
        self.issues = issues
        """Siro's complaints about the payload, if it listed any."""

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer; None: there was no answer."""
        return self.call.status if self.call else None

    @property
    def headers(self) -> Mapping[str, str] | None:
        """The headers of the answer, by name in upper or lower case; None: there was no answer."""
        return self.call.headers if self.call else None

    def report(self) -> str:
        """The facts that Siro's support asks for, as text to paste: method, endpoint, payload, organization id.

        Secrets are masked; the payload is whole, so it may name customers.
        """
        return "\n".join(_report(self))


class MissingCredential(SiroError, Terminal):
    """The call needs a credential that was not given."""


class SiroUnavailable(SiroError, Transient):
    """Siro cannot be reached, does not answer in time, or has a fault of its own."""


class Unreachable(SiroUnavailable):
    """No connection to Siro could be made: nothing was sent."""


class RateLimited(SiroError, Transient):
    """The token has used up its calls for now."""


class BadResponse(SiroError, Transient):
    """An answer came that cannot be read."""


class RepeatedPage(SiroError, Terminal):
    """Siro sent a page of a list again, so the list cannot be read to its end."""


class IncompleteList(SiroError, Terminal):
    """An answer says that its list goes on, but not where. The entries so far are not the whole list."""


class Refused(SiroError, Terminal):
    """Siro understood the call and refused it."""


class Unauthorized(Refused):
    """The credential is not accepted."""


class Forbidden(Refused):
    """The credential may not do that, or an edge in front of Siro refused the client."""


class NotFound(Refused):
    """The record or the path does not exist."""


class Invalid(Refused):
    """The payload is not acceptable."""


class WebhookRejected(SiroError, Terminal):
    """The bytes are not an event that Siro signed just now."""


# --- for Siro's support --------------------------------------------------------------------------------


def _report(error: SiroError) -> Iterator[str]:
    call = error.call
    if call is None:
        yield f"Error: {error}"
        return
    yield f"Method: {call.method}"
    yield f"Endpoint: {call.base_url}{call.path}"
    unknown = "unknown here; call `siro.auth.caller_identity()` to learn it"
    yield f"Organization id: {call.organization_id or unknown}"
    if call.at is not None:
        yield f"Sent: {call.at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"Status: {call.status or 'no answer'}"
    if call.request_id:
        yield f"Request id: {call.request_id}"
    yield f"Error: {error}"
    yield from (f"  {issue.path}: {issue.message}" for issue in error.issues)
    if call.query:
        yield f"Query: {json.dumps(call.query, ensure_ascii=False)}"
    yield "Payload: " + ("none" if call.payload is None else json.dumps(call.payload, indent=2, ensure_ascii=False))


# --- from an answer to its error ------------------------------------------------------------------------

_KINDS: dict[int, type[SiroError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: SiroUnavailable,
    409: Invalid,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: RateLimited,
}

_HINTS: dict[type[SiroError], str] = {
    Unauthorized: "Check the token. In Siro an admin makes one under the person icon, API Tokens.",
    RateLimited: "Siro allows 1000 calls of one token in a minute. Wait a minute, or make fewer calls at once.",
}

_REDIRECT_HINT = "Check SIRO_BASE_URL and SIRO_API_URL: https rather than http, and the right host."


def error_for(call: FailedCall, body: object, text: str) -> SiroError:
    """The error for an answer whose status is not a success.

    `body` is the answer's JSON, None without one; `text` is its beginning.
    """
    status = call.status or 0
    issues = _issues(body)
    said = "; ".join(f"{issue.path}: {issue.message}" for issue in issues) or _message(body, text)
    words = said[:_LONGEST]
    suffix = f" (request {call.request_id})" if call.request_id else ""
    kind = _KINDS.get(status) or (SiroUnavailable if status >= 500 else Refused)
    hint = _REDIRECT_HINT if 300 <= status < 400 else _HINTS.get(kind)
    return kind(f"{call} answered {status}: {words}{suffix}", hint=hint, call=call, issues=issues)


def _issues(body: object) -> tuple[Issue, ...]:
    """The complaints of a ZodError: `{"issues": [{"path": ["account", 0], "message": …, "code": …}]}`."""
    found = body.get("issues") if isinstance(body, dict) else None
    return tuple(_issue(entry) for entry in found if isinstance(entry, dict)) if isinstance(found, list) else ()


def _issue(entry: dict[Any, Any]) -> Issue:
    path = entry.get("path")
    where = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    return Issue(where or "payload", str(entry.get("message") or "is not valid"), str(entry.get("code") or ""))


def _message(body: object, text: str) -> str:
    """Siro's own words: `{"error": …}`, the gateway's `{"code", "message"}`, bare text, or a page's title."""
    if isinstance(body, dict):
        said = body.get("error") or body.get("message")
        if isinstance(said, dict):
            said = said.get("message")
        return said if isinstance(said, str) and said else "no message"
    if isinstance(body, str) and body:
        return body
    if re.match(r"\s*<", text):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        name = " ".join(title.group(1).split()) if title else "without a title"
        return f"a web page ({name}), so an edge in front of Siro answered, not Siro"
    return "no message"
