"""HubSpot's stand-in: meetings, deals, contacts, companies, notes, owners, pipelines, links, search, webhooks.

Assumptions that no contract states are named where they are made: archiving and linking do not move a record's modified
time, a merge makes a record with a new id, and a note's HTML is cleaned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from fastapi import FastAPI, Request, Response

from fieldnote.sandbox.app import StandIn
from fieldnote.sandbox.clock import Clock
from fieldnote.sandbox.contractor import Contractor
from fieldnote.sandbox.hubspot.objects import Objects
from fieldnote.sandbox.hubspot.portal import Stage, problem
from fieldnote.sandbox.hubspot.properties import object_types
from fieldnote.sandbox.hubspot.routes import add_routes
from fieldnote.sandbox.hubspot.seeding import seed
from fieldnote.sandbox.hubspot.webhooks import Subscriptions, signed_headers
from fieldnote.sandbox.limits import Refusal

__all__ = ["HubSpotStandIn"]

TOKEN, CLIENT, SECRET = "pat-sandbox", "app-sandbox", "app-secret-sandbox"
_SEARCH = re.compile(r"/crm/v3/objects/[^/]+/search$")


class HubSpotStandIn(StandIn):
    """A portal of HubSpot."""

    name = "hubspot"
    title = "HubSpot"
    lifetime = timedelta(minutes=30)

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.types = object_types()
        self.stages: dict[tuple[str, str], Stage] = {}
        """By pipeline and stage."""
        self.pipelines: dict[str, str] = {}
        """From the id to the label."""
        self.computes_closed = True
        """Whether `hs_is_closed` and its like are filled."""
        self.search_delay = timedelta(seconds=0)
        """How late the index of the search is."""
        self.on_link: list[Callable[[str, str], None]] = []
        self.objects = Objects(self)
        self.subscriptions = Subscriptions(self)
        self.webhooks.sign = partial(signed_headers, self, SECRET)
        self.store.listeners.append(self.subscriptions.heard)
        self.tokens.add(TOKEN)
        self.tokens.add_client(CLIENT, SECRET)
        self.limits.set("TEN_SECONDLY_ROLLING", 100, timedelta(seconds=10))
        self.limits.set("SECONDLY", 5, timedelta(seconds=1))
        self.limits.set("DAILY", 250_000, timedelta(days=1))

    def add_routes(self, app: FastAPI) -> None:
        """See `StandIn`."""
        add_routes(app, self)

    def fill(self, contractor: Contractor) -> None:
        """See `StandIn`."""
        seed(self, contractor)

    def environment(self) -> dict[str, str]:
        """See `StandIn`."""
        return {"HUBSPOT_URL": self.url, "HUBSPOT_TOKEN": TOKEN}

    def limits_of(self, request: Request) -> tuple[str, ...]:
        """Searches have a limit of their own beside that of all calls."""
        if not self.needs_token(request):
            return ()
        return ("DAILY", "SECONDLY") if _SEARCH.search(request.url.path) else ("DAILY", "TEN_SECONDLY_ROLLING")

    def headers(self, request: Request) -> dict[str, str]:
        """The budget that is left, on all answers but those of the search."""
        names = self.limits_of(request)
        if "TEN_SECONDLY_ROLLING" not in names:
            return {}
        window, day = self.limits["TEN_SECONDLY_ROLLING"], self.limits["DAILY"]
        return {
            "X-HubSpot-RateLimit-Daily": str(day.calls),
            "X-HubSpot-RateLimit-Daily-Remaining": str(day.left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(window.calls),
            "X-HubSpot-RateLimit-Remaining": str(window.left),
        }

    def unauthorized(self, request: Request) -> Response:
        """See `StandIn`."""
        del request
        return problem(401, "Authentication credentials not found or expired", "INVALID_AUTHENTICATION")

    def too_many(self, refusal: Refusal) -> Response:
        """429 names the policy, and no time to wait."""
        text = f"You have reached your {refusal.limit.name.lower()} limit."
        return problem(429, text, "RATE_LIMITS", policyName=refusal.limit.name)

    def failure(self, status: int) -> Response:
        """See `StandIn`."""
        return problem(status, "internal error", "INTERNAL_ERROR")
