"""HubSpot's preset over its stand-in: HS1 to HS17."""

from __future__ import annotations

from tests.presets.conftest import Shop

CRM = "hubspot"


def test_the_contractors_visits_become_engagements(shop: Shop) -> None:
    found = shop.records("engagements")
    assert len(found) == 4
