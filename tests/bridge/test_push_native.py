"""Where Siro's own integration syncs the CRM, a push stops and asks: it would double every record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, PushRequest, push_once
from fieldnote.bridge.errors import NativeIntegrationActive
from fieldnote.bridge.native import active_integrations
from fieldnote.bridge.push.crm_events import push_hooked
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro


def integration(platform: str = "SERVICE_TITAN", **changes: Any) -> dict[str, Any]:
    return {"id": "c-1", "name": "Acme", "integrationPlatform": platform, "isActive": True} | changes


@pytest.mark.parametrize("platform", ["SERVICE_TITAN", "MERGE", "LEAD_PERFECTION", "A_NEW_ONE"])
async def test_a_push_beside_an_active_native_integration_sends_nothing(
    crm: Crm, stub: StubSiro, opened: Opener, platform: str
) -> None:
    crm.add_deal(1)
    stub.integrations = [integration(platform)]
    async with opened() as bridge:
        for _ in range(2):
            with pytest.raises(NativeIntegrationActive, match=rf"{platform} \(Acme\)") as caught:
                await push_once(bridge)
            assert "--allow-native" in (caught.value.hint or "")
        with pytest.raises(NativeIntegrationActive):
            await push_hooked(bridge, "opportunities")
        assert stub.count("PUT") == 0
        assert (await push_once(bridge, request=PushRequest(allow_native=True))).settled
    assert stub.records["opportunities"].keys() == {"1"}


@pytest.mark.parametrize(
    "listed",
    [
        [],
        None,
        [integration("SIRO_CUSTOM_INPUT")],
        [integration(isActive=False)],
        [integration(deletedAt=datetime.now(UTC).isoformat())],
    ],
    ids=["none", "unknown", "the API itself", "inactive", "deleted"],
)
async def test_any_other_integration_stops_no_push(
    crm: Crm, stub: StubSiro, opened: Opener, listed: list[dict[str, Any]] | None
) -> None:
    crm.add_deal(1)
    stub.integrations = listed
    async with opened() as bridge:
        assert (await push_once(bridge)).settled
        assert (await push_once(bridge)).calls == 0


async def test_the_file_allows_a_push_beside_an_integration_of_other_records(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_deal(1)
    stub.integrations = [integration("COMPANY_CAM")]
    async with opened(push__allow_native=True) as bridge:
        assert (await push_once(bridge)).settled


async def test_an_integration_that_comes_later_is_noticed_within_a_day_or_by_a_check(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_deal(1)
    stub.integrations = []
    async with opened() as bridge:
        assert (await push_once(bridge)).settled
        stub.integrations = [integration()]
        await a_day_later(bridge)
        with pytest.raises(NativeIntegrationActive):
            await push_once(bridge)
        stub.integrations = [integration(isActive=False)]
        assert (await push_once(bridge)).settled
        stub.integrations = [integration()]
        await active_integrations(bridge)  # as `fieldnote check` does
        with pytest.raises(NativeIntegrationActive):
            await push_once(bridge)


async def a_day_later(bridge: Bridge) -> None:
    async with bridge.engine.begin() as conn:
        await conn.execute(text("update connections set native_checked_at = native_checked_at - interval '25 hours'"))
