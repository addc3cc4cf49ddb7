"""The stand-ins, filled and served, with a client that is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx2
import pytest

from fieldnote.sandbox import StandIn, open_sandbox, serving
from fieldnote.sandbox.hubspot import HubSpotStandIn
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.servicetitan import ServiceTitanStandIn
from tests.sandbox.contractors import small

T = TypeVar("T", bound=StandIn)


def headers_of(crm: StandIn) -> dict[str, str]:
    """The headers of a signed-in call."""
    values = crm.environment()
    match crm:
        case HubSpotStandIn():
            return {"Authorization": f"Bearer {values['HUBSPOT_TOKEN']}"}
        case ServiceTitanStandIn():
            token = crm.tokens.issue(values["SERVICETITAN_CLIENT_ID"], values["SERVICETITAN_CLIENT_SECRET"])
            return {"Authorization": f"Bearer {token}", "ST-App-Key": values["SERVICETITAN_APP_KEY"]}
        case _:
            token = crm.tokens.issue(values["SALESFORCE_CLIENT_ID"], values["SALESFORCE_CLIENT_SECRET"])
            return {"Authorization": f"Bearer {token}"}


@contextmanager
def client_of(crm: StandIn) -> Iterator[httpx2.Client]:
    """A client that is signed in."""
    with httpx2.Client(base_url=crm.url, headers=headers_of(crm), timeout=30) as client:
        yield client


@contextmanager
def _served(name: str, kind: type[T]) -> Iterator[T]:
    crm = open_sandbox(name)
    assert isinstance(crm, kind)
    crm.fill(small())
    with serving(crm):
        yield crm


@pytest.fixture
def servicetitan() -> Iterator[ServiceTitanStandIn]:
    with _served("servicetitan", ServiceTitanStandIn) as crm:
        yield crm


@pytest.fixture
def salesforce() -> Iterator[SalesforceStandIn]:
    with _served("salesforce", SalesforceStandIn) as crm:
        yield crm


@pytest.fixture
def hubspot() -> Iterator[HubSpotStandIn]:
    with _served("hubspot", HubSpotStandIn) as crm:
        yield crm
