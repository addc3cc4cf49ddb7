"""Two organizations in one workspace know nothing of each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fieldnote.db.embedded import Server
from fieldnote.db.workspace_tables import PRIVATE, SECURED, metadata
from fieldnote.errors import DatabaseError
from fieldnote.workspace import add_user, add_webhook, open_workspace, tenancy
from fieldnote.workspace.domain.crm.rep_users import map_users
from tests.workspace.house import JOHN, START, House


async def test_no_operation_shows_another_organizations_rows(house: House) -> None:
    """B has records of the same external ids; A's are not among what any call of B's answers."""
    engagement = await house.api.visit(
        account={"externalId": "c-1", "name": "Secret"}, opportunity={"externalId": "o-1"}
    )
    recording_id = await house.record()
    await house.settle()
    organization, other = await house.another()
    for path in (
        f"/v1/core/recordings/{recording_id}",
        f"/v1/core/recordings/{recording_id}/summaries",
        f"/v1/integrations/engagements/{engagement['id']}",
    ):
        assert (await other("GET", path)).status_code == 404
    assert await other.recordings() == []
    assert (await other.get("/v1/core/mobile-events"))["data"] == []
    assert (await other.get("/v1/core/mobile-events", recordingId=recording_id))["data"] == []

    own = await other.visit(account={"externalId": "c-1"}, opportunity={"externalId": "o-1"})
    assert own["id"] != engagement["id"]
    assert own["opportunityId"] != engagement["opportunityId"]
    assert "name" not in own["account"]
    assert own["engagementUsers"][0].get("userId") is None
    assert (await house.api.get(f"/v1/integrations/engagements/{engagement['id']}"))["recordingId"] == recording_id

    by_id = {"externalId": "o-2", "accountId": engagement["accountId"]}
    assert (await other("PUT", "/v1/integrations/sync/opportunities", json=by_id)).status_code == 422
    body: dict[str, Any] = {"clientSecret": "app-secret", "userId": organization.admin_id, "scope": "read"}
    assert (await other("POST", "/v1/core/oauth/apps/app-1/access-token", json=body)).status_code == 404
    body = {"appName": "x", "owner": house.organization.admin_id, "organizationId": organization.id}
    assert (await other("POST", "/v1/core/oauth/apps", json=body)).status_code == 404


async def test_a_user_token_reads_its_own_organization_alone(house: House) -> None:
    recording_id = await house.record()
    organization, other = await house.another()
    body: dict[str, Any] = {"appName": "x", "owner": organization.admin_id, "organizationId": organization.id}
    app = (await other("POST", "/v1/core/oauth/apps", json=body)).json()
    body = {"clientSecret": app["clientSecret"], "userId": organization.admin_id, "scope": "read"}
    path = f"/v1/core/oauth/apps/{app['clientID']}/access-token"
    token = (await other("POST", path, json=body)).json()["accessToken"]
    own = await house.user_client()
    for path in (f"/v1/core/entities/extractions/{recording_id}", f"/v1/core/recordings/{recording_id}/utterances"):
        assert (await own("GET", path)).status_code == 200
        assert (await own("GET", path, headers={"x-siro-auth-token": token})).status_code == 404


async def test_users_webhooks_and_deep_links_stay_in_their_organization(house: House) -> None:
    organization, other = await house.another()
    await add_user(house.workspace.engine, organization, email=JOHN, name="John Sales")
    await add_webhook(house.workspace.engine, house.workspace.box, organization.id, url="http://127.0.0.1:9/")
    await other.visit("a-9", at=START + timedelta(days=30))
    recording_id = await house.record(appointment_id="a-9")
    await house.settle()
    assert (await house.explain(recording_id)).appointment is None
    assert await house.rows("select 1 from webhook_deliveries") == []


async def test_the_role_sees_and_takes_its_own_organizations_rows_only(house: House) -> None:
    await house.api.visit(account={"externalId": "c-1"}, opportunity={"externalId": "o-1"})
    await house.record()
    organization, _ = await house.another()
    async with tenancy.inside(house.workspace.engine, organization.id) as conn:
        for table in SECURED:
            found = await conn.execute(
                text(f"select count(*) from {table.name} where organization_id <> :own"), {"own": organization.id}
            )
            assert found.scalar_one() == 0, table.name
        assert (await conn.execute(text("select count(*) from organizations"))).scalar_one() == 1
        changed = await conn.execute(text("update accounts set fields = '{}'"))
        assert changed.rowcount == 0
        assert await map_users(conn) == set()
    with pytest.raises(DBAPIError, match="row-level security"):
        async with tenancy.inside(house.workspace.engine, organization.id) as conn:
            await conn.execute(
                text("insert into user_overrides values (:theirs, 'x', :user)"),
                {"theirs": house.organization.id, "user": organization.admin_id},
            )


async def test_without_an_organization_the_role_sees_nothing(house: House) -> None:
    async with house.workspace.engine.begin() as conn:
        await conn.execute(text(f"set local role {tenancy.ROLE}"))
        for table in SECURED:
            assert (await conn.execute(text(f"select count(*) from {table.name}"))).scalar_one() == 0, table.name


async def test_the_role_can_neither_lift_the_rule_nor_read_other_tables(house: House) -> None:
    for attempt in (
        "alter table accounts disable row level security",
        "drop policy own_organization on accounts",
        "create table mine ()",
        "truncate accounts",
        "select * from alembic_version",
    ):
        with pytest.raises(DBAPIError, match=r"must be owner|permission denied"):
            async with tenancy.inside(house.workspace.engine, house.organization.id) as conn:
                await conn.execute(text(attempt))


async def test_every_table_of_the_workspace_is_under_the_rule(house: House) -> None:
    secured = {row[0] for row in await house.rows("select relname from pg_class where relrowsecurity")}
    assert {table.name for table in metadata.sorted_tables} <= secured
    rules = {row[0] for row in await house.rows("select tablename from pg_policies where with_check is not null")}
    assert {table.name for table in metadata.sorted_tables} <= rules


@pytest.fixture
def separate_role(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A role of this test's own, as roles belong to the whole server."""
    role = f"fieldnote_workspace_{uuid4().hex}"
    monkeypatch.setattr(tenancy, "ROLE", role)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        yield lambda option: connection.execute(sql.SQL(f"alter role {role} {option}"))
    # Its grants go with the database of the test, so it can be dropped only after that.


@pytest.mark.parametrize("option", ["superuser", "bypassrls"])
async def test_a_role_that_could_see_everything_stops_the_start(
    server: Server, separate_role: Any, workspace_url: str, option: str
) -> None:
    try:
        separate_role(option)
        with pytest.raises(DatabaseError, match="could see every organization's rows") as caught:
            async with open_workspace(database_url=workspace_url):
                pass
        assert "alter role" in (caught.value.hint or "")
    finally:
        with psycopg.connect(workspace_url, autocommit=True) as connection:
            connection.execute(f"drop owned by {tenancy.ROLE}")
            connection.execute(f"drop role {tenancy.ROLE}")


@pytest.mark.parametrize("right", [
    "usage on schema workspace", "update on workspace.accounts", "insert on workspace.audit_events",
    "select on workspace.procrastinate_jobs", "usage on sequence workspace.procrastinate_jobs_id_seq",
])  # fmt: skip
async def test_a_start_writes_the_catalogs_only_where_a_right_is_missing(workspace_url: str, right: str) -> None:
    async with open_workspace(database_url=workspace_url):
        granted = _rights(workspace_url)
    async with open_workspace(database_url=workspace_url):
        assert _rights(workspace_url) == granted
    with psycopg.connect(workspace_url, autocommit=True) as connection:
        connection.execute(f"revoke {right} from {tenancy.ROLE}".encode())
    assert _names(_rights(workspace_url)) != _names(granted)
    async with open_workspace(database_url=workspace_url):
        assert _names(_rights(workspace_url)) == _names(granted)


def _rights(url: str) -> list[Any]:
    """The rights on the schema and its objects, and the transaction that wrote them."""
    query = """
        select relname, array(select unnest(relacl)::text order by 1), xmin::text from pg_class
         where relnamespace = 'workspace'::regnamespace
        union all select nspname, array(select unnest(nspacl)::text order by 1), xmin::text from pg_namespace
         where nspname = 'workspace' order by 1
    """
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def _names(rights: list[Any]) -> list[Any]:
    return [(name, acl) for name, acl, _ in rights]


async def test_a_table_without_the_rule_stops_the_start(workspace_url: str) -> None:
    with psycopg.connect(workspace_url, autocommit=True) as connection:
        connection.execute("alter table workspace.accounts disable row level security")
    with pytest.raises(DatabaseError, match="could see every organization's rows"):
        async with open_workspace(database_url=workspace_url):
            pass


@pytest.mark.parametrize("command", [
    "drop policy visible on workspace.recording_utterances",
    "drop policy system_only on workspace.tokens",
])  # fmt: skip
async def test_a_table_without_its_row_policy_stops_the_start(workspace_url: str, command: str) -> None:
    with psycopg.connect(workspace_url, autocommit=True) as connection:
        connection.execute(command)
    with pytest.raises(DatabaseError, match="could see every organization's rows"):
        async with open_workspace(database_url=workspace_url):
            pass


async def test_without_a_role_no_private_row_is_visible(house: House) -> None:
    await house.record()
    async with house.workspace.engine.begin() as conn:
        own = {"own": house.organization.id, "role": tenancy.ROLE}
        await conn.execute(text("select set_config('fieldnote.organization_id', :own, true)"), own)
        await conn.execute(text("select set_config('role', :role, true)"), own)
        for table in PRIVATE:
            assert (await conn.execute(text(f"select count(*) from {table.name}"))).scalar_one() == 0, table.name


AS_COACH = """
select set_config('fieldnote.organization_id', :own, true), set_config('role', :role, true),
       set_config('fieldnote.user_id', :user, true), set_config('fieldnote.role', 'coach', true)
"""
NOT_OWN_THREAD = """
insert into comment_threads (organization_id, recording_id, created_by, start_ms, end_ms, recipients, recipient_ids)
select :own, id, user_id, 0, 1, '[]', '[]' from recordings
"""


@pytest.mark.parametrize("change", [
    "update recordings set do_not_delete = true",
    "update recordings set details = details || '{\"isPrivate\": true}'",
    "update recordings set details = details || '{\"repConsentAttested\": true}'",
    "update recordings set user_id = cast(:user as uuid)",
    NOT_OWN_THREAD,
])  # fmt: skip
async def test_the_database_itself_refuses_a_coach_what_only_the_owner_changes(house: House, change: str) -> None:
    """Without any check of the application's."""
    await house.record()
    values = {
        "own": house.organization.id,
        "user": await house.user("sue@acme.test", "Sue Fox"),
        "role": tenancy.ROLE,
    }
    async with house.workspace.engine.begin() as conn:
        await conn.execute(text(AS_COACH), values)
        assert (await conn.execute(text("update recordings set title = 'x'"))).rowcount == 1
        with pytest.raises(DBAPIError, match=r"Only the owner|row-level security"):
            await conn.execute(text(change), values)
        await conn.rollback()
