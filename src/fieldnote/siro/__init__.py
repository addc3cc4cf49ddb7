"""The Siro API, typed. Usable alone: it needs nothing else of Fieldnote.

`Siro` is the client, and `AsyncSiro` the same for asyncio. `models` contains their records, `errors` their errors.
`webhooks` verifies and reads Siro's webhooks, `deeplinks` builds the links that start a recording.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldnote.siro._async.client import AsyncSiro
    from fieldnote.siro._async.listing import AsyncListing
    from fieldnote.siro._async.sender import AsyncSurroundings
    from fieldnote.siro._sync.client import Siro
    from fieldnote.siro._sync.listing import Listing
    from fieldnote.siro._sync.sender import Surroundings
    from fieldnote.siro.errors import (
        BadResponse,
        FailedCall,
        Forbidden,
        IncompleteList,
        Invalid,
        Issue,
        MissingCredential,
        NotFound,
        RateLimited,
        Refused,
        RepeatedPage,
        SiroError,
        SiroUnavailable,
        Unauthorized,
        Unreachable,
        WebhookRejected,
    )
    from fieldnote.siro.limits import Budget, Limiter, LocalLimiter, Priority, bulk
    from fieldnote.siro.lists import Page
    from fieldnote.siro.models import EngagementSync, OpportunitySync, RecordingEvent
    from fieldnote.siro.options import CallOptions, Response
    from fieldnote.siro.retries import Cause, RetryPolicy, Totals, Wait
    from fieldnote.siro.settings import SiroSettings

_HOMES = {
    "AsyncListing": "_async.listing",
    "AsyncSiro": "_async.client",
    "AsyncSurroundings": "_async.sender",
    "BadResponse": "errors",
    "Budget": "limits",
    "CallOptions": "options",
    "Cause": "retries",
    "EngagementSync": "models",
    "FailedCall": "errors",
    "Forbidden": "errors",
    "IncompleteList": "errors",
    "Invalid": "errors",
    "Issue": "errors",
    "Limiter": "limits",
    "Listing": "_sync.listing",
    "LocalLimiter": "limits",
    "MissingCredential": "errors",
    "NotFound": "errors",
    "OpportunitySync": "models",
    "Page": "lists",
    "Priority": "limits",
    "RateLimited": "errors",
    "RecordingEvent": "models",
    "Refused": "errors",
    "RepeatedPage": "errors",
    "Response": "options",
    "RetryPolicy": "retries",
    "Siro": "_sync.client",
    "SiroError": "errors",
    "SiroSettings": "settings",
    "SiroUnavailable": "errors",
    "Surroundings": "_sync.sender",
    "Totals": "retries",
    "Unauthorized": "errors",
    "Unreachable": "errors",
    "Wait": "retries",
    "WebhookRejected": "errors",
    "bulk": "limits",
}

__all__ = [
    "AsyncListing",
    "AsyncSiro",
    "AsyncSurroundings",
    "BadResponse",
    "Budget",
    "CallOptions",
    "Cause",
    "EngagementSync",
    "FailedCall",
    "Forbidden",
    "IncompleteList",
    "Invalid",
    "Issue",
    "Limiter",
    "Listing",
    "LocalLimiter",
    "MissingCredential",
    "NotFound",
    "OpportunitySync",
    "Page",
    "Priority",
    "RateLimited",
    "RecordingEvent",
    "Refused",
    "RepeatedPage",
    "Response",
    "RetryPolicy",
    "Siro",
    "SiroError",
    "SiroSettings",
    "SiroUnavailable",
    "Surroundings",
    "Totals",
    "Unauthorized",
    "Unreachable",
    "Wait",
    "WebhookRejected",
    "bulk",
]


def __getattr__(name: str) -> Any:
    """Load a name at its first use: a program that needs only the errors does not load the client."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
