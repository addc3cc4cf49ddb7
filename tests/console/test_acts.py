"""Acts of people by the forms of Tonight, People and Health, and their record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx2
import pytest
from markupsafe import escape

from fieldnote.bridge.board.people import keep_people
from fieldnote.console.access.roles import Role
from fieldnote.console.access.users import add_user
from fieldnote.console.rendering import count
from tests.console.people import person
from tests.console.shop import Shop, Template, served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own_shop(demo_template: Template, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Shop]:
    """A copy of the demo that these tests change; its reps are compared with Siro's users."""
    folder = tmp_path_factory.mktemp("acts")
    with demo_template.copied(f"acts_{worker_id}", folder) as stage, served(stage) as opened:
        assert opened.loop.run(keep_people(opened.bridge))
        yield opened


def _csrf(page: httpx2.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', page.text)
    assert found, page.text[:500]
    return unescape(found[1])


def _send(who: httpx2.Client, page: str, action: str, **fields: str) -> httpx2.Response:
    """Send a form of a page."""
    data = {"csrf": _csrf(who.get(page)), **fields}
    return who.post(action, data=data, follow_redirects=True)


def _gap(shop: Shop, day: str = "2000-01-01") -> tuple[str, str, str]:
    """The key, rep and day of a visit that was not recorded."""
    shop.rows("select board_refresh('default')")
    rows = shop.rows(
        """select k.key, k.rep_id, k.local_day::text from board_records k
            where k.stream = 'engagements' and k.state = 'expected' and k.ends_at < now() - interval '1 day'
              and k.local_day > %s and not exists (select from recording_links l where l.record = k.key)
              and not exists (select from gaps g where g.key = k.key)
              and not exists (select from recordings r where r.state = 'unlinked'
                   and r.started_at between k.starts_at - interval '3 hours' and k.ends_at + interval '3 hours')
            order by k.starts_at desc, k.key limit 1""",
        day,
    )
    key, rep, found = rows[0]
    return str(key), str(rep), str(found)


def test_a_gap_gets_a_reason_counts_apart_and_is_opened_again(own_shop: Shop) -> None:
    key, _, day = _gap(own_shop)
    with person(own_shop) as admin:
        answer = _send(
            admin, f"/?day={day}", "/tonight/explain", key=key, reason="no_show", note="called twice", day=day
        )
        assert answer.status_code == 200
        assert "now counts apart" in answer.text
        assert own_shop.rows("select reason, note from gaps where key = %s", key) == [("no_show", "called twice")]
        listed = admin.get(f"/completeness/list.csv?from={day}&to={day}&state=explained").text
        assert f"{key}," in listed
        assert "no_show" in listed
        for address in (f"/?day={day}", f"/completeness/list?from={day}&to={day}&state=explained"):
            shown = admin.get(address).text
            assert "The customer was not there: called twice" in shown
            assert re.search(r"by user\d+@example.com, <time", shown)
        here = f"/journey/appointment/{key}"
        story = admin.get(here).text
        assert "The customer was not there: called twice" in story
        assert re.search(r"user\d+@example.com gave the reason for the missing recording", story)
        answer = _send(admin, here, "/tonight/reopen", key=key, back="journey")
        assert answer.url.path == here
        assert "Take the reason back" not in answer.text
        assert "Whom to call" in answer.text
        answer = _send(admin, here, "/tonight/explain", key=key, reason="no_show", back="journey")
        assert answer.url.path == here
        assert "Take the reason back" in answer.text
        _send(admin, here, "/tonight/reopen", key=key, back="journey")
        _send(admin, f"/?day={day}", "/tonight/explain", key=key, reason="other", day=day)
        answer = _send(admin, f"/?day={day}", "/tonight/reopen", key=key, day=day)
        assert "counts as a gap again" in answer.text
        assert own_shop.rows("select count(*) from gaps where key = %s", key) == [(0,)]
        health = admin.get("/health").text
        assert "explain gap" in health
        assert f"appointment {key}" in health


def test_the_question_counts_what_can_be_approved_and_names_the_rest(own_shop: Shop) -> None:
    kinds = [kind for (kind,) in own_shop.rows("select kind from proposals where state = 'open'")]
    unclear = kinds.count("unclear")
    assert 0 < unclear < len(kinds)
    with person(own_shop) as admin:
        asked = admin.get("/review/all?act=approve").text
        assert f"Approve {count(len(kinds) - unclear, 'value')}?" in asked
        assert f"Left out: {count(unclear, 'value')}." in asked
        assert f'name="count" value="{len(kinds)}"' in asked
        rejected = admin.get("/review/all?act=reject").text
        assert f"Reject {count(len(kinds), 'value')}?" in rejected
        assert "Left out" not in rejected


def test_each_figure_of_tonight_opens_a_list_with_as_many(own_shop: Shop) -> None:
    with person(own_shop) as admin:
        links = re.findall(r'class="value \w*"><a href="([^"]*)">(\d+)<', admin.get("/").text)
        assert len(links) > 3
        for address, number in links:
            assert f"<p>{count(int(number), 'appointment')}," in admin.get(unescape(address)).text


def test_a_day_that_cannot_be_read_is_named(own_shop: Shop) -> None:
    with person(own_shop) as admin:
        for day in ("banana", "2026-02-30", "0001-01-01", "<b>"):
            page = admin.get("/", params={"day": day}).text
            assert f"{escape(repr(day))} is not a day" in page
            assert "<b>" not in page
        assert "is not a day" not in admin.get("/?day=2026-02-28").text


def test_only_who_may_act_on_a_visit_explains_it(own_shop: Shop) -> None:
    key, rep, day = _gap(own_shop)
    other = next(str(one) for (one,) in own_shop.rows("select rep_id from board_reps where rep_id <> %s", rep))
    for role, reps, status in (
        (Role.REP, (other,), 404),
        (Role.COACH, (other,), 404),
        (Role.VIEWER, (), 403),
        (Role.COACH, (), 404),
    ):
        with person(own_shop, role, *reps) as who:
            answer = _send(who, "/", "/tonight/explain", key=key, reason="no_show", day=day)
            assert answer.status_code == status, (role, reps)
    assert own_shop.rows("select count(*) from gaps where key = %s", key) == [(0,)]
    with person(own_shop, Role.COACH, rep, other) as coach:
        assert _send(coach, "/", "/tonight/explain", key=key, reason="other", day=day).status_code == 200
    assert own_shop.rows("select reason from gaps where key = %s", key) == [("other",)]


@pytest.mark.parametrize("fields", [{"key": "nothing"}, {"reason": "zz"}, {"key": "'; drop table gaps --"}])
def test_a_form_with_nonsense_changes_nothing_and_says_what_is_wrong(own_shop: Shop, fields: dict[str, str]) -> None:
    key, _, _ = _gap(own_shop)
    before = own_shop.rows("select count(*) from gaps")
    with person(own_shop) as admin:
        answer = _send(admin, "/", "/tonight/explain", **({"key": key, "reason": "no_show"} | fields))
    assert answer.status_code in {404, 409}
    assert own_shop.rows("select count(*) from gaps") == before


def test_a_rep_is_mapped_ignored_and_left_alone_again(own_shop: Shop) -> None:
    rep, user = own_shop.rows("select rep_id, user_id from board_reps where user_id is not null order by rep_id")[0]
    other = own_shop.rows("select user_id from siro_users where user_id <> %s order by user_id", user)[0][0]

    def present() -> tuple[object, ...]:
        return own_shop.rows("select user_id, method, ignored from board_reps where rep_id = %s", rep)[0]

    was = present()
    with person(own_shop) as admin:
        assert "From now on" in _send(admin, "/people", "/people/map", rep=str(rep), user=str(other)).text
        assert present() == (other, "override", False)
        assert _send(admin, "/people", "/people/map", rep=str(rep), user="nobody").status_code == 409
        assert "was undone" in _send(admin, "/people", "/people/undo", rep=str(rep)).text
        assert present() == was
        assert "no recordings are expected" in _send(admin, "/people", "/people/ignore", rep=str(rep)).text
        assert present() == (*was[:2], True)
        assert "Does not use Siro" in admin.get("/people").text
        _send(admin, "/people", "/people/undo", rep=str(rep))
        assert present() == was
        failed = admin.get("/health").text
        assert "Siro has no user with this id: nobody" in unescape(failed)
    with person(own_shop, Role.COACH, str(rep)) as coach:
        answer = _send(coach, "/people", "/people/ignore", rep=str(rep))
        assert answer.status_code == 403
    assert present() == was


def test_an_api_token_is_shown_once_works_and_ends(own_shop: Shop) -> None:
    with person(own_shop) as admin:
        page = admin.get("/health/workspace")
        org = re.search(r'name="org" value="([^"]*)"', page.text)
        assert org
        made = _send(admin, "/health/workspace", "/health/workspace/tokens", name="Reporting", org=org[1])
        shown = re.search(r"<pre><code>([^<]+)</code></pre>", made.text)
        assert shown
        token = unescape(shown[1])
        assert token not in admin.get("/health/workspace").text
        assert _identity(own_shop, token) == 200
        number = re.search(r'name="token" value="([^"]*)"', made.text.split('hidden"> Reporting')[1])
        assert number
        ended = _send(admin, "/health/workspace", "/health/workspace/tokens/end", token=unescape(number[1]), org=org[1])
        assert "has ended" in ended.text
        assert _identity(own_shop, token) == 401
        assert token not in str(
            own_shop.rows("select a.*, r.* from console.acts a left join console.act_results r on true")
        )


def test_a_rep_is_known_by_email_and_a_coach_sees_the_team_of_siro(own_shop: Shop) -> None:
    rows = own_shop.rows(
        "select rep_id, email, user_id, name from board_reps where user_id is not null order by rep_id"
    )
    (rep, _, user, name), (_, email, coach, _) = rows[:2]
    own_shop.rows("update siro_users set team = 'north', coaches = array[%s] where user_id = %s", coach, user)
    seen = {}
    for role in (Role.REP, Role.COACH):
        add = add_user(own_shop.console.engine, email=f"{role.value}.{email}", role=role)
        number = own_shop.loop.run(add)
        own_shop.rows("update console.users set email = %s where id = %s", email, number)
        with httpx2.Client(base_url=own_shop.url, timeout=120, trust_env=False) as who:
            assert who.get(own_shop.loop.run(own_shop.server.one_time_url(number))).status_code == 303
            page = who.get("/people", headers={"accept": "text/html"})
            seen[role] = {one for (one, *_) in rows if f'?rep={one}"' in page.text}
        own_shop.rows("update console.users set email = id || '@gone.example' where id = %s", number)
    assert seen[Role.REP] == {rows[1][0]}
    assert seen[Role.COACH] == {rows[1][0], rep}
    with person(own_shop) as admin:
        assert "Team of" in admin.get("/").text
        assert name in admin.get("/?team=north&day=2026-01-01").text
    own_shop.rows("update siro_users set team = null, coaches = '{}'")


def _identity(shop: Shop, token: str) -> int:
    base = f"{shop.stage.workspace_base}/api-externalApi/v1/core/users"
    return httpx2.get(base, headers={"authorization": f"Bearer {token}"}, timeout=60, trust_env=False).status_code


def test_a_form_with_an_act_that_its_page_does_not_have_does_nothing(own_shop: Shop) -> None:
    with person(own_shop) as admin:
        token = _csrf(admin.get("/review"))
        proposals = own_shop.rows("select id, state from proposals order by id")
        number = proposals[0][0]
        for path, fields, words in (
            ("/review/all", {"act": "zz", "count": "2", "last": "9"}, "unknown act"),
            ("/refused", {"act": "zz", "cause": "x", "count": "1"}, "unknown act"),
            ("/journey/appointment/20001", {"act": "zz"}, "unknown act"),
            ("/journey/appointment/20001", {"act": "match"}, "not for this appointment"),
            (f"/review/{number}/edit", {"value": "  "}, "no value was given"),
            (f"/review/{number}/edit", {}, "no value was given"),
        ):
            answer = admin.post(path, data={"csrf": token, **fields})
            assert answer.status_code == 409, path
            assert words in answer.text.lower(), path
        assert own_shop.rows("select id, state from proposals order by id") == proposals
        long = "<b>" + 5_000 * "x"
        assert admin.post("/people/ignore", data={"csrf": token, "rep": long}).status_code == 409
        (kept,) = own_shop.rows("select max(length(subject)) from console.acts")
        assert kept[0] < 400
        assert "That value no longer waits" in admin.get("/review?n=123456").text
