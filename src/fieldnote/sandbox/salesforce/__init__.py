"""Salesforce's stand-in: events, opportunities, accounts, contacts, leads, users, notes, SOQL, describe, composite.

Assumptions that no published page states are named where they are made: a deletion moves SystemModstamp, and a query
locator ends with its session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from fieldnote.sandbox.app import StandIn
from fieldnote.sandbox.clock import Clock
from fieldnote.sandbox.contractor import Contractor
from fieldnote.sandbox.limits import Refusal
from fieldnote.sandbox.salesforce.queries import Queries
from fieldnote.sandbox.salesforce.records import Records
from fieldnote.sandbox.salesforce.routes import add_routes
from fieldnote.sandbox.salesforce.schema import objects
from fieldnote.sandbox.salesforce.seeding import Stage, seed

__all__ = ["SalesforceStandIn"]

CLIENT, SECRET, VERSION = "sandbox-client", "sandbox-secret", "62.0"
Rule = Callable[[Mapping[str, Any]], str | None]
"""A validation rule: from a record's values to its message, or None."""


class SalesforceStandIn(StandIn):
    """An organization of Salesforce."""

    name = "salesforce"
    title = "Salesforce"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.version = VERSION
        self.objects = objects()
        self.stages: dict[str, Stage] = {}
        self.locked: set[str] = set()
        """The ids of records that somebody else has locked."""
        self.rules: dict[str, list[Rule]] = {}
        """Validation rules by object."""
        self.purged: list[tuple[str, str, datetime]] = []
        """The records that were emptied from the bin: object, id and when."""
        self.records = Records(self)
        self.queries = Queries(self)
        self.tokens.add_client(CLIENT, SECRET)
        self.limits.set("daily", 100_000, timedelta(days=1))

    def add_routes(self, app: FastAPI) -> None:
        """See `StandIn`."""
        add_routes(app, self)

    def fill(self, contractor: Contractor) -> None:
        """See `StandIn`."""
        seed(self, contractor)

    def environment(self) -> dict[str, str]:
        """See `StandIn`."""
        return {"SALESFORCE_URL": self.url, "SALESFORCE_CLIENT_ID": CLIENT, "SALESFORCE_CLIENT_SECRET": SECRET}

    def limits_of(self, request: Request) -> tuple[str, ...]:
        """Calls in a day that moves along."""
        return ("daily",) if self.needs_token(request) else ()

    def headers(self, request: Request) -> dict[str, str]:
        """How much of the day's calls is used."""
        if not self.needs_token(request):
            return {}
        daily = self.limits["daily"]
        return {"Sforce-Limit-Info": f"api-usage={daily.used}/{daily.calls}"}

    def unauthorized(self, request: Request) -> Response:
        """See `StandIn`."""
        del request
        return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def too_many(self, refusal: Refusal) -> Response:
        """403, and no time to wait."""
        del refusal
        return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def failure(self, status: int) -> Response:
        """See `StandIn`."""
        return _error(status, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")

    def token(self, form: dict[str, str]) -> Response:
        """A session for client credentials. It does not say how long it lives."""
        if form.get("grant_type") != "client_credentials":
            return JSONResponse(
                {"error": "unsupported_grant_type", "error_description": "grant type not supported"}, 400
            )
        token = self.tokens.issue(form.get("client_id", ""), form.get("client_secret", ""))
        if token is None:
            return JSONResponse({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        return JSONResponse(
            {
                "access_token": token, "instance_url": self.url, "token_type": "Bearer", "scope": "api",
                "id": f"{self.url}/id/00D/005", "issued_at": str(int(self.clock.now().timestamp() * 1000)),
                "signature": "sandbox",
            }
        )  # fmt: skip

    def empty_bin(self, sobject: str, key: str) -> None:
        """Delete a deleted record for good; only the log of deleted ids still knows it."""
        self.store.table(sobject).purge(key)
        self.purged.append((sobject, key, self.clock.now()))


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse([{"message": message, "errorCode": code}], status_code=status)
