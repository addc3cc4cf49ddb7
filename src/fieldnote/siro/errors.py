"""What can go wrong between a client and Siro, as one tree.

::

    SiroError                         (fieldnote.errors.FieldnoteError) carries the call, never its payload
    ├── MissingCredential             [terminal] says which setting to give
    ├── WebhookRejected               [terminal] not from Siro, too old, or not an event
    ├── SiroUnavailable               [transient] no connection, a time-out, a 5xx
    ├── RateLimited                   [transient] 429: more than 1000 calls a token and minute
    ├── BadResponse                   [transient] an answer that cannot be read: cut off, or not JSON
    ├── RepeatedPage                  [terminal] a list that would never end
    └── Refused                       [terminal] Siro will answer the same again
        ├── Invalid                   400, 409, 413, 422: the payload; `issues` says what and where
        ├── Unauthorized              401: the token is wrong, expired or missing
        ├── Forbidden                 403: the token may not do that, or an edge refused the caller
        └── NotFound                  404: no such record, or no such operation
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from fieldnote.errors import FieldnoteError, Terminal, Transient

_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with a payload: where (`path`, such as `account.addresses.0.zip`), and what."""

    path: str
    message: str
    code: str


@dataclass(frozen=True, slots=True)
class FailedCall:
    """The call that failed. Its payload is kept for a support request and stays out of `repr`."""

    method: str
    path: str
    status: int | None = None
    request_id: str | None = None
    payload: object = field(default=None, repr=False, compare=False)


class SiroError(FieldnoteError):
    """A call to Siro, or something that came from it, failed."""

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
        self.issues = issues


class MissingCredential(SiroError, Terminal):
    """A call needs a credential that was not given."""


class WebhookRejected(SiroError, Terminal):
    """A webhook's bytes are not an event that Siro signed lately."""


class SiroUnavailable(SiroError, Transient):
    """Siro cannot be reached, does not answer in time, or has a fault of its own."""


class RateLimited(SiroError, Transient):
    """The token has used up its calls for now."""


class BadResponse(SiroError, Transient):
    """An answer arrived that is cut off, is not JSON, or is not what the contract says."""


class RepeatedPage(SiroError, Terminal):
    """A list answered a cursor that it had answered before."""


class Refused(SiroError, Terminal):
    """Siro understood and refuses."""


class Invalid(Refused):
    """The payload is not acceptable."""


class Unauthorized(Refused):
    """The credential is not accepted."""


class Forbidden(Refused):
    """The credential may not do that."""


class NotFound(Refused):
    """There is no such record, or no such operation."""


_BY_STATUS: dict[int, type[SiroError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound, 429: RateLimited}
_HINTS: dict[type[SiroError], str] = {
    Unauthorized: "Check the token: Siro shows API tokens under the person icon, API Tokens.",
    RateLimited: "Siro allows 1000 calls a token and minute; try again in a minute.",
}


def error_for(call: FailedCall, body: object, text: str) -> SiroError:
    """The error for an answer with a status of 400 or more; `body` is its JSON, or None where it is none."""
    status = call.status or 0
    kind = _BY_STATUS.get(status) or (SiroUnavailable if status >= 500 or status == 408 else None)
    kind = kind or (Invalid if status in {400, 409, 413, 415, 422} else Refused)
    issues = _issues_of(body)
    message = "; ".join(f"{issue.path}: {issue.message}" for issue in issues) or _message_of(body, text)
    suffix = f" (request {call.request_id})" if call.request_id else ""
    return kind(
        f"{call.method} {call.path} answered {status}: {message}{suffix}",
        hint=_HINTS.get(kind),
        call=call,
        issues=issues,
    )


def _issues_of(body: object) -> tuple[Issue, ...]:
    found = body.get("issues") if isinstance(body, dict) else None
    if not isinstance(found, list):
        return ()
    return tuple(_issue(entry) for entry in found if isinstance(entry, dict))


def _issue(entry: dict[str, Any]) -> Issue:
    path = entry.get("path")
    where = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    return Issue(
        where or "the payload", str(entry.get("message", "is not valid")), str(entry.get("code", ""))
    )


def _message_of(body: object, text: str) -> str:
    if isinstance(body, dict):
        said = body.get("error") or body.get("message")
        if isinstance(said, str):
            return said[:_LONGEST_MESSAGE]
    if re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        title = re.search(r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        said = " ".join(title.group(1).split()) if title else "no title"
        return f"a web page instead of JSON ({said[:_LONGEST_MESSAGE]}): an edge before Siro refused the call"
    return "no message"
