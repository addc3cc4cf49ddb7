"""The audit has who opened which page with customers' words, and from where."""

from __future__ import annotations

from typing import Any

import pytest

from fieldnote.bridge.audit import CONSOLE_READ, Event, list_events
from fieldnote.console.access.reads import WITHOUT_WORDS, Opened, Reads
from fieldnote.console.access.roles import Role
from tests.console.addresses import STREAMS, crawl, pages
from tests.console.people import person
from tests.console.shop import Shop

pytestmark = pytest.mark.slow


def _events(shop: Shop) -> list[Event]:
    shop.loop.run(shop.server.write_reads())
    return [one for one in shop.loop.run(list_events(shop.bridge, limit=100_000)) if one.action == CONSOLE_READ]


def test_each_page_that_may_show_words_is_in_the_audit_with_its_reader(shop: Shop) -> None:
    before = {one.id for one in _events(shop)}
    with person(shop) as admin:
        found = crawl(admin)
    new = [one for one in _events(shop) if one.id not in before]
    assert {one.targets[0] for one in new} == set(pages()) - WITHOUT_WORDS
    assert {(one.operator, one.address, one.outcome) for one in new} == {("console", "127.0.0.1", "done")}
    assert len({one.acting_as for one in new}) == 1
    [recording] = [one for one in new if one.targets[0] == "/recordings/{recording_id}"]
    assert recording.targets[1] in found["/recordings/{recording_id}"]


def test_who_may_not_see_it_is_refused_in_the_audit_and_sound_is_a_read(shop: Shop) -> None:
    rows = shop.rows("select recording_id from recordings order by recording_id limit 1")
    recording = str(rows[0][0])
    before = {one.id for one in _events(shop)}
    with person(shop, Role.COACH, "nobody") as coach, person(shop) as admin:
        assert coach.get(f"/recordings/{recording}").status_code == 404
        assert coach.get(f"/recordings/{recording}/audio").status_code == 404
        assert admin.get(f"/recordings/{recording}", headers={"sec-purpose": "prefetch"}).status_code == 200
        admin.get(f"/recordings/{recording}/audio", headers={"range": "bytes=0-9"})
        admin.get(f"/recordings/{recording}/audio", headers={"range": "bytes=10-19"})
    new = [one for one in _events(shop) if one.id not in before]
    assert all(recording in one.targets for one in new)
    readers = {one.acting_as for one in new}
    by_reader = sorted([one.outcome for one in new if one.acting_as == reader] for reader in readers)
    assert sorted(map(len, by_reader)) == [2, 2]  # the ranges of one player are one event
    assert ["refused", "refused"] in by_reader
    assert any("prefetched" in outcomes for outcomes in by_reader)


def test_pages_that_are_not_in_the_audit_show_no_customer(shop: Shop) -> None:
    assert set(pages()) | STREAMS >= WITHOUT_WORDS
    listed = shop.rows("select distinct customer from board_records where customer is not null")
    names = {str(one) for (one,) in listed}
    said: list[tuple[Any, ...]] = shop.rows("""
        select distinct said ->> 'text' from recording_transcripts t cross join json_array_elements(t.utterances) said
    """)
    words = {str(one) for (one,) in said if len(str(one)) > 40}
    assert names
    assert words
    with person(shop) as admin:
        for page in sorted(WITHOUT_WORDS - STREAMS):
            text = admin.get(page).text.replace("&#39;", "'").replace("&#34;", '"')
            assert not [one for one in names | words if one in text], page


async def test_beside_a_workspace_alone_nothing_waits() -> None:
    reads = Reads(None)
    reads.collect(Opened("ann@example.com", "::1", "/", ()), 200)
    await reads.close()
