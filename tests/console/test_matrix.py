"""No role sees what is not theirs: every route, as every role, about own, a colleague's and private things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
import pytest

from fieldnote.console.access.roles import Role
from fieldnote.console.app import guarded_routes
from tests.console.addresses import crawl, pages
from tests.console.people import person
from tests.console.shop import Shop, Template, served

pytestmark = pytest.mark.slow

OWN_REP: Final = "1"
"""Of the demo's CRM: Dana Whitlock, who has two recordings of one customer."""


@dataclass(frozen=True)
class Things:
    """Ids of one rep's things, by the name of a route's parameter; and words that only their own pages have."""

    ids: dict[str, list[str]]
    names: frozenset[str]
    """Of customers whom no other rep visits."""
    words: frozenset[str]
    """The words."""


@pytest.fixture(scope="module")
def closed_shop(demo_template: Template, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Shop]:
    """The demo, where the first recording of each rep is private and it is known that the others are not."""
    folder = tmp_path_factory.mktemp("closed")
    with demo_template.copied(f"closed_{worker_id}", folder) as stage, served(stage) as opened:
        with person(opened) as admin:
            admin.get("/recordings")
        opened.rows("select board_refresh('default')")
        opened.rows("""
            insert into board_reps (connection, rep_id, email, name, user_id, method, why)
            select distinct on (k.rep_id) k.connection, k.rep_id, k.rep_email, k.rep_name, r.user_id, 'email', 'same'
              from board_records k join recording_links l on l.record = k.key and l.model = 'engagement'
              join recordings r on r.recording_id = l.recording_id
             where k.stream = 'engagements' on conflict (connection, rep_id) do update set user_id = excluded.user_id
        """)
        opened.rows("""
            update recordings set is_private = recording_id in (
                select distinct on (user_id) recording_id from recordings order by user_id, started_at)
        """)
        yield opened


def _things(shop: Shop, *, own: bool) -> Things:
    op = "=" if own else "<>"
    mine = f"r.user_id {op} (select user_id from board_reps where rep_id = '{OWN_REP}')"
    recordings = [str(one) for (one,) in shop.rows(f"select r.recording_id from recordings r where {mine}")]
    records = shop.rows(f"select stream, key, customer, deal_id from board_records where rep_id {op} '{OWN_REP}'")
    others = {
        str(c) for (c,) in shop.rows(f"select distinct customer from board_records where not rep_id {op} '{OWN_REP}'")
    }
    said = shop.rows(f"""
        select said ->> 'text' from recording_transcripts t join recordings r using (connection, recording_id)
         cross join json_array_elements(t.utterances) as said where {mine}
    """)
    proposals = shop.rows(
        f"select p.id from proposals p join recordings r using (connection, recording_id) where {mine}"
    )
    return Things(
        ids={
            "recording_id": recordings,
            "key": [str(key) for stream, key, *_ in records if stream == "engagements"][:5],
            "deal": [str(deal) for stream, _, _, deal in records if stream == "engagements" and deal][:5],
            "number": [str(number) for (number,) in proposals],
        },
        names=frozenset(str(name) for *_, name, _ in records if name and str(name) not in others),
        words=frozenset(str(words) for (words,) in said if len(str(words)) > 40),
    )


@pytest.fixture(scope="module")
def own(closed_shop: Shop) -> Things:
    return _things(closed_shop, own=True)


@pytest.fixture(scope="module")
def colleagues(closed_shop: Shop) -> Things:
    return _things(closed_shop, own=False)


def _private_words(shop: Shop) -> frozenset[str]:
    rows = shop.rows("""
        select said ->> 'text', r.is_private
          from recording_transcripts t join recordings r using (connection, recording_id)
         cross join json_array_elements(t.utterances) as said
    """)
    public = {words for words, is_private in rows if not is_private}
    return frozenset(words for words, is_private in rows if is_private and len(words) > 40 and words not in public)


def _addresses(things: Things, method: str = "GET") -> list[str]:
    """Every route with these things in it. A parameter that no thing has is tried with an id of no meaning."""
    found: list[str] = []
    for route in guarded_routes():
        if method not in (route.methods or ()) or route.path == "/live":
            continue
        names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
        for choice in _choices(things, names):
            path = route.path
            for name in names:
                path = re.sub(rf"{{{name}(?::\w+)?}}", choice.get(name, "1"), path)
            found.append(path)
    return found


def _choices(things: Things, names: list[str]) -> list[dict[str, str]]:
    """Values of a route's parameters."""
    if "kind" in names:
        kinds = {"appointment": "key", "deal": "deal", "recording": "recording_id"}
        return [{"kind": kind, "key": one} for kind, name in kinds.items() for one in things.ids[name]]
    known = [name for name in names if name in things.ids]
    return [{known[0]: one} for one in things.ids[known[0]]] if known else [{}]


def _shown(words: frozenset[str], answer: httpx2.Response) -> set[str]:
    if answer.headers.get("content-type", "").startswith("audio/"):
        return {"sound"}
    return {one for one in words if one in answer.text.replace("&#39;", "'").replace("&#34;", '"')}


def test_a_rep_and_a_coach_see_their_own_and_no_page_names_a_colleagues_customer(
    closed_shop: Shop, own: Things, colleagues: Things
) -> None:
    assert colleagues.names
    assert own.ids["recording_id"]
    found: list[str] = []
    for role in (Role.REP, Role.COACH):
        with person(closed_shop, role, OWN_REP) as viewer:
            for path in [*_addresses(own), *_addresses(colleagues)]:
                answer = viewer.get(path, follow_redirects=True)
                shown = _shown(colleagues.names | colleagues.words, answer)
                shown -= {"sound"} if any(one in path for one in own.ids["recording_id"]) else set()
                found += [f"{role} {path}: {one}" for one in shown]
                if answer.status_code >= 500:
                    found.append(f"{role} {path}: {answer.status_code}")
            for recording in own.ids["recording_id"]:
                if viewer.get(f"/recordings/{recording}").status_code != 200:
                    found.append(f"{role} {recording}: own recording is not shown")
            for recording in colleagues.ids["recording_id"]:
                for path in (f"/recordings/{recording}", f"/recordings/{recording}/audio"):
                    if (status := viewer.get(path).status_code) != 404:
                        found.append(f"{role} {path}: {status}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("role", "reps"), [(Role.REP, (OWN_REP,)), (Role.COACH, (OWN_REP,)), (Role.VIEWER, ())])
def test_words_and_sound_of_private_recordings_are_for_administrators(
    closed_shop: Shop, own: Things, colleagues: Things, role: Role, reps: tuple[str, ...]
) -> None:
    private = _private_words(closed_shop)
    ids = [str(one) for (one,) in closed_shop.rows("select recording_id from recordings where is_private")]
    assert private
    assert set(ids) & set(own.ids["recording_id"])
    found: list[str] = []
    with person(closed_shop, role, *reps) as viewer, person(closed_shop) as admin:
        for path in [*_addresses(own), *_addresses(colleagues)]:
            found += [f"{path}: {one}" for one in _shown(private, viewer.get(path, follow_redirects=True))]
        for recording in ids:
            if viewer.get(f"/recordings/{recording}/audio").status_code not in {403, 404}:
                found.append(f"{recording}: the sound of a private recording")
        assert _shown(private, admin.get(f"/recordings/{next(iter(set(ids) & set(own.ids['recording_id'])))}"))
    assert not [one for one in found if not one.endswith(": sound")], "\n".join(found)
    sounds = {one.split("/")[2] for one in found if one.endswith(": sound")}
    assert not sounds & set(ids)


_STATE: Final = """
select md5(coalesce(string_agg(line, ',' order by line), '')) from (
    select 'gap ' || key || reason as line from gaps
    union all select 'proposal ' || id || state from proposals union all select 'write ' || id from writes
    union all select 'due ' || model || record from due union all select 'match ' || id || state from matches
    union all select 'rep ' || rep_id || coalesce(user_id, '') || ignored from board_reps
    union all select 'sent ' || stream || key || state || coalesce(encode(row_hash, 'hex'), '') from sent
    union all select 'link ' || recording_id || model || record from recording_links) as lines
"""


@pytest.mark.parametrize("role", [Role.REP, Role.COACH, Role.VIEWER])
def test_no_form_changes_what_belongs_to_a_colleague(closed_shop: Shop, colleagues: Things, role: Role) -> None:
    before = closed_shop.rows(_STATE)
    assert colleagues.ids["number"]
    ids = colleagues.ids
    fields = {
        "key": ids["key"][0], "record": ids["key"][0], "recording_id": ids["recording_id"][0], "rep_id": "2",
        "rep": "2", "user_id": "u", "user": "u", "reason": "no_show", "value": "1", "count": "1", "last": "999999",
        "appointment": ids["key"][0], "note": "x", "confirmed": "yes",
    }  # fmt: skip
    found: list[str] = []
    with person(closed_shop, role, *([] if role is Role.VIEWER else [OWN_REP])) as viewer:
        token = re.search(r'name="csrf" value="([^"]*)"', viewer.get("/recordings").text)
        assert token is not None
        for path in _addresses(colleagues, "POST"):
            for act in ("approve", "reject", "send", "write", "link", "unlink", "match", "revert"):
                answer = viewer.post(path, data={**fields, "act": act, "csrf": token[1]})
                if answer.status_code < 400:
                    found.append(f"{path} {act}: {answer.status_code} {answer.headers.get('location')}")
    assert not found, "\n".join(found)
    assert closed_shop.rows(_STATE) == before


def test_streams_and_sounds_need_a_session(closed_shop: Shop, own: Things) -> None:
    with httpx2.Client(base_url=closed_shop.url, timeout=120, trust_env=False) as stranger:
        for path in ("/live", f"/recordings/{own.ids['recording_id'][0]}/audio"):
            assert stranger.get(path).status_code == 401


def test_a_sound_is_heard_by_range_and_its_signed_address_stays_here(closed_shop: Shop, own: Things) -> None:
    public = [
        str(one)
        for (one,) in closed_shop.rows("select recording_id from recordings where not is_private")
        if one in own.ids["recording_id"]
    ]
    with person(closed_shop, Role.REP, OWN_REP) as rep:
        path = f"/recordings/{public[0]}/audio"
        whole = rep.get(path)
        part = rep.get(path, headers={"range": "bytes=100-199"})
        head = rep.head(path)
    sound = next(Path(f"src/fieldnote/demo/audio/{key}.webm") for key in ("roof_thackeray_again", "roof_thackeray"))
    assert whole.status_code == 200
    assert whole.content == sound.read_bytes() or len(whole.content) > 100_000
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(whole.content)))
    for answer in (whole, part, head):
        assert answer.headers["content-type"] == "audio/webm"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "signature" not in str(answer.headers)


def test_no_page_calls_siro(shop: Shop) -> None:
    """Pages read what push and pull keep: a slow or silent Siro delays nobody."""
    with person(shop) as admin:
        before = shop.bridge.remote.calls
        assert set(pages()) - set(crawl(admin)) <= {route for route in pages() if route.endswith(".csv")} | {"/"}
        assert shop.bridge.remote.calls == before
