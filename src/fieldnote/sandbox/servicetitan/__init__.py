"""ServiceTitan's stand-in: jobs, appointments, assignments, customers, locations, technicians, estimates.

What it assumes and no contract says is named where it is done: that canceling a job moves its appointments' time, that
assigning a technician does not, and how a merge leaves both customers.
"""

from __future__ import annotations

import itertools
import math
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from fieldnote.sandbox.app import StandIn
from fieldnote.sandbox.clock import Clock
from fieldnote.sandbox.contractor import Contractor
from fieldnote.sandbox.limits import Refusal
from fieldnote.sandbox.servicetitan.lists import EXPORT_ROWS, problem
from fieldnote.sandbox.servicetitan.routes import add_routes
from fieldnote.sandbox.servicetitan.seeding import seed
from fieldnote.sandbox.servicetitan.shapes import BASE, Json, without
from fieldnote.sandbox.store import Version

__all__ = ["ServiceTitanStandIn"]

CLIENT, SECRET, APP_KEY, TENANT = "cid.sandbox", "cs.sandbox", "ak.sandbox", "1000"


class ServiceTitanStandIn(StandIn):
    """A tenant of ServiceTitan."""

    name = "servicetitan"
    title = "ServiceTitan"
    lifetime = timedelta(seconds=900)

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.older = False
        """Whether assignments are as the document of December 2024 has them: no filter by time, and no times."""
        self.export_rows = EXPORT_ROWS
        self.limits.set("second", 60, timedelta(seconds=1))
        self.tokens.add_client(CLIENT, SECRET)
        self._ids = itertools.count(100_001)

    def add_routes(self, app: FastAPI) -> None:
        """See `StandIn`."""
        add_routes(app, self)

    def fill(self, contractor: Contractor) -> None:
        """See `StandIn`."""
        seed(self, contractor)

    def environment(self) -> dict[str, str]:
        """See `StandIn`."""
        return {
            "SERVICETITAN_URL": self.url,
            "SERVICETITAN_TOKEN_URL": f"{self.url}/connect/token",
            "SERVICETITAN_TENANT": TENANT,
            "SERVICETITAN_CLIENT_ID": CLIENT,
            "SERVICETITAN_CLIENT_SECRET": SECRET,
            "SERVICETITAN_APP_KEY": APP_KEY,
        }

    def token_of(self, request: Request) -> str | None:
        """Both headers count: without the app's key no token is good."""
        token = super().token_of(request)
        return token if request.headers.get("ST-App-Key") == APP_KEY else None

    def unauthorized(self, request: Request) -> Response:
        """See `StandIn`."""
        del request
        return problem("Unauthorized", 401)

    def limits_of(self, request: Request) -> tuple[str, ...]:
        """60 calls a second of an app and tenant, second-hand."""
        return ("second",) if self.needs_token(request) else ()

    def too_many(self, refusal: Refusal) -> Response:
        """See `StandIn`."""
        answer = problem("Too Many Requests", 429)
        answer.headers["Retry-After"] = str(math.ceil(refusal.wait))
        return answer

    def failure(self, status: int) -> Response:
        """See `StandIn`."""
        return problem("Internal Server Error", status)

    def add(
        self, table: str, values: Json, *, base: str | None = None, key: int | None = None, **times: Any
    ) -> Version:
        """A record with the API's defaults under its values."""
        start = BASE.get(base or table, {})
        return self.store.table(table).insert(str(key or next(self._ids)), {**start, **values}, **times)

    def merge_customers(self, loser: int, winner: int) -> None:
        """Merge two customers as a person does on the screen. The state after it is an assumption."""
        customers, winner_id = self.store.table("customers"), winner
        customers.archive(str(loser), {"mergedToId": winner_id})
        for table in ("jobs", "locations", "appointments", "estimates", "customer_contacts"):
            for version in self.store.table(table).by("customerId", loser):
                self.store.table(table).change(version.id, {"customerId": winner_id})

    @staticmethod
    def older_assignment(version: Version) -> Json:
        """An assignment as the older document has it."""
        return without("active", "createdOn", "modifiedOn")(version)

    def token(self, form: dict[str, str]) -> Response:
        """A new token for the tenant's credentials."""
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, status_code=400)
        token = self.tokens.issue(form.get("client_id", ""), form.get("client_secret", ""))
        if token is None:
            return JSONResponse({"error": "invalid_client"}, status_code=400)
        return JSONResponse({"access_token": token, "expires_in": 900, "token_type": "Bearer", "scope": "sandbox"})
