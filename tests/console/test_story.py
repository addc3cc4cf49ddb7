"""The whole story: a visit is made in the CRM and recorded; a value waits; a person reads and hears it, approves it by
keyboard, and takes it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file
from typing import Any, Final

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from fieldnote.bridge import pull_once, push_once
from fieldnote.bridge.board.people import keep_people
from fieldnote.demo import audio
from fieldnote.demo.conversations import CONVERSATIONS
from fieldnote.demo.loop import ADMIN, ORGANIZATION
from fieldnote.insight import read_transcript
from fieldnote.workspace import NewRecording, add_recording, attach_audio, ensure_organization
from tests.console.chromium import signed_in_state, tab
from tests.console.shop import Shop, Template, served
from tests.waiting import until

pytestmark = pytest.mark.slow

KEY: Final = "roof_thackeray_again"
VISIT: Final = 90_001
TYPED: Final = "Asked for two references"


@pytest.fixture
def own_shop(demo_template: Template, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("story")
    name = f"story_{worker_id}"
    with demo_template.copied(name, folder) as stage, served(stage) as opened:
        moved = "update connections set crm_identity = replace(crm_identity, 'template_demo_contractor', %s)"
        opened.rows(moved, f"demo_contractor_{name}")
        yield opened


def in_crm(shop: Shop, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the contractor's own database."""
    url = shop.stage.bridge_url.replace("demo_bridge_", "demo_contractor_")
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(statement, values)
        return list(found.fetchall()) if found.description is not None else []


def make_visit(shop: Shop) -> tuple[str, str]:
    """A visit of Dana's to a customer whose deal says something already. The deal, and the customer's name."""
    deal, customer_id, name = in_crm(
        shop,
        "select d.id, c.id, c.name from deals d join customers c on c.id = d.customer_id "
        "where d.objections is null and d.rep_id = (select id from reps where name = %s) order by d.id desc limit 1",
        audio.rep_of(KEY),
    )[0]
    in_crm(shop, "update deals set objections = %s, updated_at = now() where id = %s", TYPED, deal)
    starts = datetime.now(UTC) - timedelta(hours=2)
    in_crm(
        shop,
        "insert into appointments (id, rep_id, customer_id, deal_id, kind, title, starts_at, ends_at, updated_at) "
        "select %s, rep_id, %s, id, 'visit', 'A second look at the roof', %s, %s, now() from deals where id = %s",
        VISIT, customer_id, starts, starts + timedelta(hours=1), deal,
    )  # fmt: skip
    return str(deal), name


async def record(shop: Shop, deal: str) -> None:
    """The rep records it, with sound, from the link in the appointment."""
    organization = await ensure_organization(
        shop.workspace.engine, name=ORGANIZATION, admin=ADMIN, token=shop.stage.secrets.token
    )
    rep = audio.rep_of(KEY)
    conversation = next(one for one in CONVERSATIONS if one.key == KEY)
    said = read_transcript(conversation.read(rep.split()[0]), name=conversation.file)
    [(email,)] = in_crm(shop, "select email from reps where name = %s", rep)
    new = NewRecording(
        user_email=email,
        utterances=audio.with_times(KEY, said),
        started_at=datetime.now(UTC) - timedelta(hours=2),
        duration=audio.length_of(KEY),
        title="A second look at the roof",
        appointment_id=str(VISIT),
        opportunity_id=deal,
        key="the story",
    )
    recording_id = await add_recording(shop.workspace, organization.id, new)
    sound = audio.sound_of(KEY, rep)
    assert sound is not None
    with as_file(sound) as path:
        await attach_audio(
            shop.workspace,
            organization.id,
            recording_id,
            path,
            media_type=audio.MEDIA_TYPE,
            length=audio.length_of(KEY),
        )


def objections(shop: Shop, deal: str) -> str:
    [(found,)] = in_crm(shop, "select objections from deals where id = %s", int(deal))
    return str(found)


def waiting_for(shop: Shop, deal: str) -> list[tuple[Any, ...]]:
    """The proposal about the deal's objections, once pull has made it."""
    shop.loop.run(pull_once(shop.bridge))
    return shop.rows(
        "select id from proposals where state = 'open' and record = %s and column_name = 'objections'", deal
    )


def press(page: Page, key: str, until_shown: str) -> None:
    page.keyboard.press(key)
    page.get_by_text(until_shown).first.wait_for()


def test_from_an_appointment_in_the_crm_to_a_field_that_a_person_approved_and_took_back(
    own_shop: Shop, chromium: Browser
) -> None:
    shop = own_shop
    deal, customer = make_visit(shop)
    shop.loop.run(push_once(shop.bridge))
    state = signed_in_state(chromium, shop.sign_in_address(name="Pat Reyes"))
    with tab(chromium, shop.url, state=state) as opened:
        page = opened.open(f"/journey?q={customer.replace(' ', '+')}")
        page.locator(f"a[href$='/journey/appointment/{VISIT}']").click()
        page.get_by_text("It was last sent to Siro").wait_for()

    shop.loop.run(record(shop, deal))
    until(lambda: waiting_for(shop, deal), pause=1)
    assert shop.loop.run(keep_people(shop.bridge))
    [(number,)] = waiting_for(shop, deal)
    private = "select is_private from recordings r join proposals p using (recording_id) where p.id = %s"
    assert shop.rows(private, number) == [(False,)]
    assert objections(shop, deal) == TYPED

    with tab(chromium, shop.url, state=state) as opened:
        page = opened.open("/review?field=deals.objections")
        while page.get_by_role("heading", name=customer).count() == 0:
            address = page.locator("[data-key=j]").get_attribute("href")
            page.keyboard.press("j")
            page.wait_for_url(f"**{address}")
        page.get_by_text(TYPED).first.wait_for()
        assert page.locator(".passage .quote").count() > 0
        assert opened.violations() == []
        page.keyboard.press("p")
        opened.wait_until("document.querySelector('audio').currentTime > 1 && !document.querySelector('audio').paused")
        proposed = page.locator(".change .new dd").inner_text().strip()
        press(page, "a", "The CRM has the value now.")
        assert objections(shop, deal) == proposed
        assert proposed != TYPED
        press(page, "u", "The earlier value is back in the CRM.")
        assert objections(shop, deal) == TYPED
        page = opened.open(f"/journey/deal/{deal}")
        assert "reverted" in page.locator("main").inner_text()

    acts = shop.rows(
        "select a.actor, a.act, r.succeeded from console.acts a join console.act_results r on r.act_id = a.id"
    )
    assert [(act, done) for _, act, done in acts if act in {"approve", "undo"}] == [("approve", True), ("undo", True)]
    assert shop.rows("select state from proposals where id = %s", number) == [("open",)]
