"""Sign-in, and the proof that a request needs to change something."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fieldnote.console import Console, ConsoleSettings
from fieldnote.console.access import sessions
from fieldnote.console.access.password_sign_in import OF_ACCOUNT_AND_ADDRESS, network_of
from fieldnote.console.access.roles import Role, Viewer
from fieldnote.console.access.users import add_user, list_users, set_disabled, set_password
from fieldnote.console.access.visibility import visible_to
from fieldnote.console.app import guarded_routes
from fieldnote.console.policy import CONTENT, LARGEST_FORM, host_names, is_known_host
from fieldnote.errors import ConfigError
from tests.console.browser import Browser, browser, signed_in

EMAIL = "ada@example.com"
PASSWORD = "a long enough password"


async def _add(console: Console, role: Role = Role.ADMIN) -> int:
    return await add_user(console.engine, email=EMAIL, role=role, name="Ada", password=PASSWORD)


async def _sign_in(user: Browser, password: str = PASSWORD, email: str = EMAIL, **fields: str) -> int:
    await user.get("/login")
    return (await user.post("/login", {"email": email, "password": password, **fields})).status_code


async def test_a_console_without_users_says_how_to_add_one(console: Console) -> None:
    async with browser(console) as user:
        await user.get("/")
        assert "fieldnote console user add" in user.page


async def test_a_password_opens_the_page_that_was_asked_for(console: Console) -> None:
    await _add(console)
    async with browser(console) as user:
        await user.get("/health?a=b")
        back = re.search(r'name="next" value="([^"]*)"', user.page)
        assert back is not None
        answer = await user.post("/login", {"email": " ADA@example.com ", "password": PASSWORD, "next": back[1]})
        assert str(answer.url).endswith("/health?a=b")
        assert "Ada" in user.page


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\nb", ""])
async def test_a_sign_in_leads_to_this_site_alone(console: Console, to: str) -> None:
    await _add(console)
    async with browser(console) as user:
        await user.get("/login")
        fields = {"csrf": user.csrf, "email": EMAIL, "password": PASSWORD, "next": to}
        answer = await user.client.post("/login", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong"), (EMAIL, ""), ("nobody@example.com", PASSWORD), ("", ""), ("'; --", "x" * 9999)],
)
async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(
    console: Console, email: str, password: str
) -> None:
    await _add(console)
    async with browser(console) as user:
        assert await _sign_in(user, password, email) == 403
        assert "The email or the password is not right." in user.page
        assert (await user.get("/health")).url.path == "/login"


async def test_failures_are_limited_even_at_once_and_another_address_is_not_locked_out(console: Console) -> None:
    await _add(console)
    async with browser(console) as user:
        await user.get("/login")
        tries = (user.post("/login", {"email": EMAIL, "password": "wrong"}) for _ in range(2 * OF_ACCOUNT_AND_ADDRESS))
        statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
        assert 0 < statuses.count(403) <= OF_ACCOUNT_AND_ADDRESS
        assert await _sign_in(user) == 429, "even the right password waits"
    async with browser(console, address="10.1.1.1") as other:
        assert await _sign_in(other) == 200
    async with console.engine.begin() as conn:
        await conn.execute(text("update login_attempts set tried_at = tried_at - interval '16 minutes'"))
    async with browser(console) as user:
        assert await _sign_in(user) == 200


async def test_an_address_is_limited_over_all_accounts(console: Console) -> None:
    async with console.engine.begin() as conn:
        await conn.execute(
            text("""insert into login_attempts (account, address, succeeded)
                    select sha256(n::text::bytea), '2001:db8::/64', false from generate_series(1, 40) n""")
        )
    await _add(console)
    async with browser(console, address="2001:db8::17") as user:
        assert await _sign_in(user) == 429


@pytest.mark.parametrize(
    ("address", "counted"),
    [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:db8::5", "2001:db8::/64"), ("unix", "unix")],
)
def test_what_counts_as_one_address(address: str, counted: str) -> None:
    assert network_of(address) == counted


async def test_a_session_ends_by_sign_out_idleness_age_a_new_password_and_disabling(console: Console) -> None:
    await _add(console)

    async def opens(user: Browser) -> bool:
        return (await user.get("/health")).url.path == "/health"

    async def later(column: str, by: timedelta) -> None:
        async with console.engine.begin() as conn:
            await conn.execute(text(f"update sessions set {column} = {column} - cast(:by as interval)"), {"by": by})

    async with browser(console) as user:
        for end in (
            lambda: user.post("/logout"),
            lambda: later("seen_at", sessions.IDLE),
            lambda: later("ends_at", sessions.LONGEST),
            lambda: set_password(console.engine, EMAIL, PASSWORD),
            lambda: set_disabled(console.engine, EMAIL, disabled=True),
        ):
            assert await _sign_in(user) == 200
            assert await opens(user)
            await end()
            assert not await opens(user)
        assert await _sign_in(user) == 403
        await set_disabled(console.engine, EMAIL, disabled=False)
        assert await _sign_in(user) == 200


async def test_a_page_that_is_asked_for_ahead_keeps_no_session_alive(console: Console) -> None:
    long_ago = text("update sessions set seen_at = now() - interval '1 hour'")
    seen = text("select now() - seen_at < interval '1 minute' from sessions")
    async with signed_in(console) as user:
        for purpose, alive in (("prefetch;prerender", False), ("prefetch", False), ("", True)):
            async with console.engine.begin() as conn:
                await conn.execute(long_ago)
            assert (await user.get("/health", **{"sec-purpose": purpose})).status_code == 200
            async with console.engine.connect() as conn:
                assert await conn.scalar(seen) is alive, purpose


async def test_pages_name_the_rules_for_what_is_likely_next_and_a_change_forgets_what_was_fetched(
    console: Console,
) -> None:
    async with signed_in(console) as user:
        answer = await user.get("/health")
        rules = await user.client.get(answer.headers["speculation-rules"].strip('"'))
        assert rules.headers["content-type"] == "application/speculationrules+json"
        assert [one["eagerness"] for one in rules.json()["prefetch"]] == ["moderate", "immediate"]
        assert "clear-site-data" not in answer.headers
        answer = await user.client.post("/logout", data={"csrf": user.csrf})
        assert '"prefetchCache"' in answer.headers["clear-site-data"]


async def test_the_database_has_no_token_that_opens_anything(console: Console) -> None:
    async with signed_in(console) as user, console.engine.connect() as conn:
        tokens = [cookie.value or "" for cookie in user.client.cookies.jar]
        rows = (await conn.execute(text("select row_to_json(s)::text, token_hash from sessions s"))).all()
        assert rows
        assert not any(token in row[0] or token.encode() in row[1] for row in rows for token in tokens)


async def test_a_one_time_link_works_once_and_on_this_machine(console: Console) -> None:
    user_id = await _add(console)
    link = f"/once/{await sessions.make_link(console.engine, user_id)}"
    async with browser(console, address="10.1.1.1") as other:
        assert (await other.get(link)).status_code == 403
    async with browser(console) as user:
        assert (await user.get(link)).status_code == 200
        assert (await user.get(link)).url.path == "/", "its own browser goes on"
    async with browser(console) as second:
        assert (await second.get(link)).status_code == 403
        assert (await second.get("/once/" + "x" * 5000)).status_code == 403


def _routes(method: str) -> list[str]:
    found = sorted(route.path for route in guarded_routes() if method in (route.methods or ()))
    assert found
    return found


async def test_no_route_answers_without_a_session(console: Console) -> None:
    async with browser(console) as user:
        for path in _routes("GET"):
            answer = await user.client.get(re.sub(r"\{.*?\}", "1", path))
            assert answer.status_code == 401, path
            answer = await user.get(re.sub(r"\{.*?\}", "1", path))
            assert answer.url.path == "/login", path
        for path in _routes("POST"):
            answer = await user.client.post(re.sub(r"\{.*?\}", "1", path), data={"csrf": "x"})
            assert answer.status_code == 401, path


async def test_no_form_is_taken_without_its_token_or_from_another_site(console: Console) -> None:
    async with signed_in(console) as user:
        await user.get("/health")
        good = user.csrf
        for path in _routes("POST"):
            address = re.sub(r"\{.*?\}", "1", path)
            for token, headers in (
                ("", {}),
                ("x", {}),
                (good, {"origin": "https://evil.example"}),
                (good, {"origin": "null"}),
                (good, {"sec-fetch-site": "cross-site"}),
                (good, {"sec-fetch-site": "same-site"}),
            ):
                answer = await user.client.post(address, data={"csrf": token}, headers=headers)
                assert answer.status_code == 403, (path, token, headers)


async def test_who_only_views_posts_nothing_but_the_sign_out(console: Console) -> None:
    async with signed_in(console, Role.VIEWER) as user:
        await user.get("/logout")  # an error page has the form's token too
        token = user.csrf
        assert token
        for path in _routes("POST"):
            answer = await user.client.post(re.sub(r"\{.*?\}", "1", path), data={"csrf": token})
            assert answer.status_code == 403, path
        assert (await user.post("/logout", {"csrf": token})).url.path == "/login"


async def test_every_answer_has_the_policy(console: Console) -> None:
    async with signed_in(console) as user:
        for path in ("/login", "/health", "/nowhere", "/static/style.css?v=1", "/static/missing.js"):
            answer = await user.get(path)
            assert answer.headers["content-security-policy"] == CONTENT, path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            kept = path == "/static/style.css?v=1"
            assert ("no-store" in answer.headers["cache-control"]) is not kept, path


async def test_cookies_are_lax_closed_to_script_and_named_by_port(console: Console) -> None:
    user_id = await _add(console)
    async with browser(console) as user:
        answer = await user.client.get(f"/once/{await sessions.make_link(console.engine, user_id)}")
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("fieldnote_console_8788=")
        assert "httponly" in cookie
        assert "samesite=lax" in cookie


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:8788", True),
        ("127.0.0.1", True),
        ("[::1]:9000", True),
        ("192.168.1.7:8788", True),
        ("console.example.com", True),
        ("CONSOLE.example.com.:443", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("LOCALHOST", True),
        ("[::1]", True),
        ("evil.example@localhost", False),
        ("x:y@localhost", False),
        ("127.0.0.1:8788.evil.example", False),
        ("localhost:evil", False),
        ("localhost:", False),
        ("localhost:+1", False),
        ("localhost:\u0661", False),
        ("localhost:1:2", False),
        ("localhost/evil.example", False),
        ("localhost?evil.example", False),
        ("localhost#evil.example", False),
        ("localhost\\evil.example", False),
        ("localhost, evil.example", False),
        (" localhost", False),
        ("localhost\n", False),
        ("::1", False),
        ("[::1]evil.example", False),
        ("[::1].evil.example:80", False),
        ("[localhost]", False),
        ("[127.0.0.1]", False),
        ("localhost@evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_only_the_names_of_this_console_are_answered(host: str, known: bool) -> None:
    names = host_names(ConsoleSettings(public_url="https://console.example.com"))
    assert is_known_host(host, names) is known


async def test_another_sites_name_is_refused(console: Console) -> None:
    async with signed_in(console) as user:
        assert (await user.get("/health", host="evil.example")).status_code == 421


async def test_a_form_that_is_too_large_is_refused(console: Console) -> None:
    async with browser(console) as user:
        await user.get("/login")
        answer = await user.post("/login", {"email": "x" * (LARGEST_FORM + 1)})
        assert answer.status_code == 413


@pytest.mark.parametrize("email", ["", "no", "a b@c", "<a@b>", "a@b,c@d", "x" * 250 + "@example.com"])
async def test_an_email_without_the_form_of_one_is_an_error(console: Console, email: str) -> None:
    with pytest.raises(ConfigError, match="email is not an address"):
        await add_user(console.engine, email=email, role=Role.ADMIN)


async def test_a_short_password_and_a_known_email_are_errors(console: Console) -> None:
    with pytest.raises(ConfigError, match="the password has 5 characters"):
        await add_user(console.engine, email=EMAIL, role=Role.ADMIN, password="short")
    await _add(console)
    with pytest.raises(ConfigError, match="the user exists already"):
        await add_user(console.engine, email="Ada@Example.com", role=Role.ADMIN)
    assert [user.email for user in await list_users(console.engine)] == [EMAIL]


async def test_the_record_of_acts_refuses_a_change(console: Console) -> None:
    for statement in ("update acts set actor = 'x'", "delete from acts", "truncate acts cascade"):
        with pytest.raises(DBAPIError, match="only added to"):
            async with console.engine.begin() as conn:
                await conn.execute(text(statement))


@pytest.mark.parametrize(
    ("role", "reps", "sees"),
    [
        (Role.ADMIN, None, {"1", "2", None}),
        (Role.VIEWER, None, {"1", "2", None}),
        (Role.COACH, frozenset({"1"}), {"1"}),
        (Role.REP, frozenset({"2"}), {"2"}),
        (Role.REP, frozenset(), set()),
    ],
)
def test_what_each_role_sees(role: Role, reps: frozenset[str] | None, sees: set[str | None]) -> None:
    viewer = Viewer(1, "a@b", "A", role, reps)
    assert {rep for rep in ("1", "2", None) if viewer.sees(rep)} == sees


@pytest.mark.parametrize(
    ("role", "is_private", "shown"),
    [
        (Role.ADMIN, True, True),
        (Role.ADMIN, None, True),
        (Role.VIEWER, None, False),
        (Role.VIEWER, False, True),
        (Role.COACH, True, False),
        (Role.COACH, None, False),
        (Role.REP, False, True),
    ],
)
def test_words_of_recordings_that_may_be_private_are_for_administrators(
    role: Role, is_private: bool | None, shown: bool
) -> None:
    visible = visible_to(Viewer(1, "a@b", "A", role, frozenset({"1"})))
    assert visible.words_of(is_private) is shown
