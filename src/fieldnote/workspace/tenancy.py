"""Row-level security: PostgreSQL decides which rows a request or a job may see and change.

Each transaction runs under the database role `fieldnote_workspace` and sets three values: the organization, the user,
and the user's role. PostgreSQL then shows only rows of that organization, and only recordings that the user may see,
with all that hangs on them. Organization tokens and jobs have the role `system`, which sees the whole organization.
The database role owns nothing, is no superuser and has no BYPASSRLS. Without such a role the workspace does not start.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.db.workspace_tables import PRIVATE, SECURED, audit_events, organizations
from fieldnote.errors import DatabaseError, WorkspaceError
from fieldnote.workspace.pool import Connections, Transaction

ROLE: Final = "fieldnote_workspace"
SYSTEM: Final = "system"
"""The role of organization tokens and jobs."""
_ENABLE: Final = "fieldnote workspace org enable"
# Roles belong to the whole cluster and locks to one database: two servers may meet here, and one tries again.
_MET_ANOTHER: Final = frozenset({"42710", "23505", "XX000", "40001"})
_TRIES: Final = 5

_ROLE_STATE: Final = text("""
select rolsuper or rolbypassrls or pg_has_role(oid, current_user, 'MEMBER') as unbound,
       pg_has_role(current_user, oid, 'MEMBER') as usable
  from pg_roles where rolname = :role
""")
_OWNED: Final = text("""
select count(*) from pg_class c join pg_roles r on r.oid = c.relowner
 where r.rolname = :role and c.relnamespace = current_schema()::regnamespace
""")
# A grant of what is granted already would write the catalogs, and make all other connections read them again.
_MAY_DELETE: Final = text("select has_table_privilege(:role, :table, 'insert, delete')")
_LACKS: Final = text("""
select not has_schema_privilege(:role, current_schema(), 'usage')
    or exists (select from unnest(cast(:tables as text[]), cast(:rights as text[])) as wanted (name, privilege)
                where not has_table_privilege(:role, quote_ident(current_schema()) || '.' || wanted.name,
                                              wanted.privilege))
    or exists (select from pg_class c
                where c.relnamespace = current_schema()::regnamespace
                  and case when c.relkind = 'S' then not has_sequence_privilege(:role, c.oid, 'usage') end)
""")
_UNSECURED: Final = text("""
select (select count(*) from pg_class
         where relnamespace = current_schema()::regnamespace and relname = any(:tables) and not relrowsecurity)
     + (select count(*) from unnest(cast(:private as text[])) as wanted (name)
         where not exists (select from pg_policies
                            where schemaname = current_schema() and tablename = wanted.name
                              and permissive = 'RESTRICTIVE' and cmd = 'ALL'))
""")
_ENTER: Final = text("""
select set_config('fieldnote.organization_id', :organization, true), set_config('fieldnote.role', 'system', true),
       set_config('role', :role, true), (select disabled from organizations where id = cast(:organization as uuid))
""")
_RAISE: Final = text("""
select current_setting('fieldnote.role', true) as earlier, set_config('fieldnote.role', 'system', true)
""")
_LOWER: Final = text("select set_config('fieldnote.role', :earlier, true)")
_BECOME: Final = text("""
select set_config('fieldnote.user_id', id::text, true), set_config('fieldnote.role', role, true)
  from users where id::text = :user and not disabled
""")
_ALONE: Final = text("select pg_advisory_xact_lock(hashtextextended('records of ' || :organization, 0))")
# Reads the caller and enters the organization as the caller, in one statement. Without a row nothing is entered.
_AUTHENTICATE: Final = """
select t.id::text as token_id, t.name as token_name, t.organization_id::text, t.created_by::text, t.created_at,
       t.user_id::text, u.role, t.scope,
       (select c.id::text from integration_connections c where c.organization_id = t.organization_id
         order by c.created_at, c.id limit 1) as connection_id,
       set_config('fieldnote.organization_id', t.organization_id::text, true) as entered,
       set_config('fieldnote.user_id', coalesce(t.user_id::text, ''), true) as as_user,
       set_config('fieldnote.role', coalesce(u.role, 'system'), true) as as_role,
       set_config('role', %(role)s, true) as bound,
       case %(lock)s
            when 'changing' then pg_advisory_xact_lock_shared(hashtextextended('records of ' || t.organization_id, 0))
            when 'alone' then pg_advisory_xact_lock(hashtextextended('records of ' || t.organization_id, 0))
       end as locked
  from tokens t
  join organizations o on o.id = t.organization_id
  left join users u on u.id = t.user_id
  left join oauth_apps a on a.client_id = t.client_id
 where t.hash = %(hash)s and t.kind = %(kind)s and (t.kind = 'organization') = (t.user_id is null)
   and (t.expires_at is null or t.expires_at > now()) and t.revoked_at is null
   and not o.disabled and u.disabled is not true and a.deleted_at is null and a.disabled is not true
"""


class RecordLock(StrEnum):
    """The lock of a transaction on its organization, until its end."""

    NONE = "none"
    CHANGING = "changing"
    """Nobody is `alone` meanwhile: how CRM records are changed."""
    ALONE = "alone"
    """No CRM record is changing meanwhile: how recordings and users are added."""


class OrganizationDisabled(WorkspaceError):
    """Its jobs wait."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: the owner of a request's token."""

    token_id: str
    token_name: str
    organization_id: str
    connection_id: str
    created_by: str | None
    created_at: datetime
    user_id: str | None
    role: str | None
    """Of a user: admin, coach or rep. None for an organization token."""
    scope: str | None


class _Entered(NamedTuple):
    token_id: str
    token_name: str
    organization_id: str
    created_by: str | None
    created_at: datetime
    user_id: str | None
    role: str | None
    scope: str | None
    connection_id: str
    entered: str
    as_user: str
    as_role: str
    bound: str
    locked: str | None

    @property
    def caller(self) -> Caller:
        return Caller(
            token_id=self.token_id,
            token_name=self.token_name,
            organization_id=self.organization_id,
            connection_id=self.connection_id,
            created_by=self.created_by,
            created_at=self.created_at,
            user_id=self.user_id,
            role=self.role,
            scope=self.scope,
        )


async def prepare(engine: AsyncEngine) -> None:
    """Make the role and what it may do, and make sure that it holds. Any number may do so at once.

    Raises DatabaseError where the database user may not, or the role is not what it has to be.
    """
    for left in reversed(range(_TRIES)):
        try:
            async with engine.begin() as conn:
                await _ensure_role(conn)
                await _grant(conn)
                await _verify(conn)
        except DBAPIError as error:
            if left and getattr(error.orig, "sqlstate", None) in _MET_ANOTHER:
                await asyncio.sleep(0.1)
                continue
            raise DatabaseError(
                f"the workspace cannot set up the role {ROLE!r}, which keeps organizations apart: {error.orig}",
                hint=f"Let a superuser run: create role {ROLE} nologin; grant {ROLE} to <the workspace's user>;",
            ) from error
        return


async def _ensure_role(conn: AsyncConnection) -> None:
    state = (await conn.execute(_ROLE_STATE, {"role": ROLE})).one_or_none()
    if state is None:
        await conn.execute(text(f"create role {ROLE} nologin nosuperuser nobypassrls"))
    if state is None or not state.usable:
        await conn.execute(text(f"grant {ROLE} to current_user"))


async def _grant(conn: AsyncConnection) -> None:
    """Grant the role its rights: the rows of the tables, and deferring jobs. It writes only missing rights."""
    rows = [table.name for table in SECURED if table is not audit_events]
    rights = (
        (rows, "select, insert, update, delete"),
        ([organizations.name], "select, update"),
        ([audit_events.name], "select, insert"),
        (["procrastinate_jobs", "procrastinate_events"], "select, insert, update"),
    )
    wanted = [(table, right) for tables, names in rights for table in tables for right in names.split(", ")]
    tables, names = zip(*wanted, strict=True)
    values = {"role": ROLE, "tables": list(tables), "rights": list(names)}
    # An organization takes its audit along, so who serves requests makes and deletes none. Earlier versions granted it.
    if (await conn.execute(_MAY_DELETE, {"role": ROLE, "table": organizations.name})).scalar_one():
        await conn.execute(text(f"revoke insert, delete on {organizations.name} from {ROLE}"))
    if not (await conn.execute(_LACKS, values)).scalar_one():
        return
    schema = (await conn.execute(text("select quote_ident(current_schema())"))).scalar_one()
    grants = [f"usage on schema {schema}", f"usage on all sequences in schema {schema}"]
    for grant in (*grants, *(f"{names} on {', '.join(tables)}" for tables, names in rights)):
        await conn.execute(text(f"grant {grant} to {ROLE}"))


async def _verify(conn: AsyncConnection) -> None:
    names = [table.name for table in (*SECURED, organizations)]
    state = (await conn.execute(_ROLE_STATE, {"role": ROLE})).one()
    owned = (await conn.execute(_OWNED, {"role": ROLE})).scalar_one()
    private = [table.name for table in PRIVATE]
    unsecured = (await conn.execute(_UNSECURED, {"tables": names, "private": private})).scalar_one()
    if state.unbound or owned or unsecured:
        raise DatabaseError(
            f"the role {ROLE!r} could see every organization's rows",
            hint=f"Let a superuser run: alter role {ROLE} nosuperuser nobypassrls; and take from it any table "
            "of the workspace's schema that it owns.",
        )


@asynccontextmanager
async def inside(
    engine: AsyncEngine, organization_id: str, *, alone: bool = False, working: bool = False
) -> AsyncIterator[AsyncConnection]:
    """A transaction of the organization's system: it sees all rows of this organization, and no others.

    `alone`: no CRM record is changing meanwhile (see `authenticated`). An operation that adds a recording or a user
    must see every record that will not see them. `working`: raises OrganizationDisabled, as jobs wait until it is
    enabled.
    """
    async with engine.begin() as conn:
        entered = (await conn.execute(_ENTER, {"organization": organization_id, "role": ROLE})).one()
        if working and entered.disabled:
            raise OrganizationDisabled(f"the organization {organization_id} is disabled", hint=_ENABLE)
        if alone:
            await conn.execute(_ALONE, {"organization": organization_id})
        yield conn


async def become_user(conn: AsyncConnection, user_id: str) -> bool:
    """Let the rest of a system's transaction see what this user sees. False for a disabled or unknown user."""
    return (await conn.execute(_BECOME, {"user": user_id})).one_or_none() is not None


@asynccontextmanager
async def as_system(conn: AsyncConnection) -> AsyncIterator[None]:
    """Let a user's transaction do what the organization's system does, as matching the recordings of several people.

    No answer to the user may be read inside.
    """
    earlier = (await conn.execute(_RAISE)).one().earlier
    yield
    if earlier != SYSTEM:
        await conn.execute(_LOWER, {"earlier": earlier or ""})


@asynccontextmanager
async def authenticated(
    connections: Connections, hashed: bytes, kind: str, lock: RecordLock = RecordLock.NONE
) -> AsyncIterator[tuple[Transaction, Caller | None]]:
    """A transaction inside the organization of the token with this hash, and whose token it is.

    None for a token that is unknown, expired or of another kind, or whose user, app or organization is disabled;
    nothing was entered then.
    """
    values = {"hash": hashed, "kind": kind, "role": ROLE, "lock": lock.value}
    async with connections.transaction(_Entered, _AUTHENTICATE, values) as (transaction, entered):
        yield transaction, None if entered is None else entered.caller
