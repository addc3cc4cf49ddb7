"""The Siro API, typed. Usable alone: it needs nothing else of Fieldnote.

`AsyncSiro` is the client, `models` its records, `errors` what it raises. `webhooks` reads what Siro sends
unasked, `deeplinks` makes the links that start a recording.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldnote.siro.client import AsyncSiro
    from fieldnote.siro.errors import (
        BadResponse,
        FailedCall,
        Forbidden,
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
        WebhookRejected,
    )
    from fieldnote.siro.models import EngagementSync, OpportunitySync, RecordingEvent
    from fieldnote.siro.operations import Page
    from fieldnote.siro.pages import Listing
    from fieldnote.siro.retries import RetryPolicy, Wait
    from fieldnote.siro.settings import SiroSettings
    from fieldnote.siro.transport import Surroundings, Totals

_HOMES = {
    "AsyncSiro": "client",
    "BadResponse": "errors",
    "EngagementSync": "models",
    "FailedCall": "errors",
    "Forbidden": "errors",
    "Invalid": "errors",
    "Issue": "errors",
    "Listing": "pages",
    "MissingCredential": "errors",
    "NotFound": "errors",
    "OpportunitySync": "models",
    "Page": "operations",
    "RateLimited": "errors",
    "RecordingEvent": "models",
    "Refused": "errors",
    "RepeatedPage": "errors",
    "RetryPolicy": "retries",
    "SiroError": "errors",
    "SiroSettings": "settings",
    "SiroUnavailable": "errors",
    "Surroundings": "transport",
    "Totals": "transport",
    "Unauthorized": "errors",
    "Wait": "retries",
    "WebhookRejected": "errors",
}

__all__ = [
    "AsyncSiro",
    "BadResponse",
    "EngagementSync",
    "FailedCall",
    "Forbidden",
    "Invalid",
    "Issue",
    "Listing",
    "MissingCredential",
    "NotFound",
    "OpportunitySync",
    "Page",
    "RateLimited",
    "RecordingEvent",
    "Refused",
    "RepeatedPage",
    "RetryPolicy",
    "SiroError",
    "SiroSettings",
    "SiroUnavailable",
    "Surroundings",
    "Totals",
    "Unauthorized",
    "Wait",
    "WebhookRejected",
]


def __getattr__(name: str) -> Any:
    """Load what is asked for: who only wants the errors does not pay for the client."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
