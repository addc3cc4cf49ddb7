"""Access: tokens listed, limited and ended; users, apps and organizations disabled and enabled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.errors import WorkspaceError
from fieldnote.workspace import credentials
from fieldnote.workspace.audit import PROGRAM, Operator, commanded
from fieldnote.workspace.domain.organizations import Organization, find_user, named
from fieldnote.workspace.http.scopes import TokenScope
from fieldnote.workspace.rows import read_rows
from fieldnote.workspace.tenancy import inside

_TOKENS: Final = """
select t.id::text, t.kind, t.name, coalesce(t.scope, 'all') as scope, t.created_at, t.expires_at, t.last_used_at,
       m.email as made_by, u.email as "user",
       case when t.revoked_at is not null then 'ended'
            when t.expires_at <= now() then 'expired'
            when u.disabled then 'user disabled'
            when a.disabled or a.deleted_at is not null then 'app disabled'
            when o.disabled then 'organization disabled'
            else 'active' end as state
  from tokens t
  join organizations o on o.id = t.organization_id
  left join users m on m.id = t.created_by
  left join users u on u.id = t.user_id
  left join oauth_apps a on a.client_id = t.client_id
"""
_ALL_TOKENS: Final = text(f"{_TOKENS} order by t.created_at, t.id")
_NAMED_TOKENS: Final = text(f"{_TOKENS} where (t.id::text = :named or t.name = :named) and t.revoked_at is null")
_END: Final = text("update tokens set revoked_at = now() where id::text = any(:ids) and revoked_at is null")
_MADE_BY: Final = text("""
select id::text, name from tokens where kind = 'organization' and created_by = :user and revoked_at is null
   and (expires_at is null or expires_at > now())
 order by created_at
""")
_LIVE: Final = text("""
select count(*) from tokens
 where user_id = :user and revoked_at is null and (expires_at is null or expires_at > now())
""")
_USER: Final = text("update users set disabled = :disabled where id = :id")
_ORGANIZATION: Final = text("update organizations set disabled = :disabled where id = :id")
_ORGANIZATIONS: Final = text("select id::text, name, disabled from organizations order by name")
_APP: Final = text("""
update oauth_apps set disabled = :disabled, updated_at = now() where client_id = :client and deleted_at is null
returning 1
""")
_APPS: Final = text("""
select a.client_id, a.name, u.email as owner, a.created_at,
       case when a.deleted_at is not null then 'deleted' when a.disabled then 'disabled' else 'active' end as state
  from oauth_apps a join users u on u.id = a.owner_id order by a.created_at, a.client_id
""")


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token without its secret."""

    id: str
    kind: str
    """`organization` or `user`."""
    name: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """Some seconds late; None: never used, or not since uses are noted."""
    made_by: str | None
    """The email of an administrator; None for a token that an app minted."""
    user: str | None
    """For whom a user token acts, by email."""
    state: str
    """`active`, or why it opens nothing."""


async def list_tokens(engine: AsyncEngine, organization: Organization) -> list[TokenFacts]:
    """All tokens of the organization, those that ended too."""
    async with inside(engine, organization.id) as conn:
        return [TokenFacts(**row) for row in (await conn.execute(_ALL_TOKENS)).mappings()]


async def add_token(
    engine: AsyncEngine,
    organization: Organization,
    *,
    name: str,
    by: Operator = PROGRAM,
    scope: TokenScope = TokenScope.ALL,
    expires_at: datetime | None = None,
) -> str:
    """A further token of the organization. It is not shown again."""
    token = credentials.new_secret("org")
    async with inside(engine, organization.id) as conn:
        token_id = await credentials.add_organization_token(
            conn,
            organization.id,
            name=named(name, "--name"),
            token=token,
            created_by=organization.admin_id,
            scope=scope.value,
            expires_at=expires_at,
        )
        await commanded(conn, organization.id, by, f"tokens add, scope {scope.value}", [token_id])
    return token


async def end_token(engine: AsyncEngine, organization: Organization, token: str, *, by: Operator) -> TokenFacts:
    """End a token, by its id or name: no later call with it is answered. Raises WorkspaceError."""
    async with inside(engine, organization.id) as conn:
        rows = (await conn.execute(_NAMED_TOKENS, {"named": token.replace("\0", "?")})).mappings().all()
        if not rows:
            raise WorkspaceError(
                f"no active token has the id or name {token!r}", hint="`fieldnote workspace tokens list` shows them."
            )
        if len(rows) > 1:
            ids = ", ".join(row["id"] for row in rows)
            raise WorkspaceError(f"{len(rows)} tokens have the name {token!r}", hint=f"Give the id, one of {ids}.")
        found = TokenFacts(**rows[0])
        await _end(conn, organization.id, [found.id], by)
    return found


@dataclass(frozen=True, slots=True)
class Disabled:
    """The tokens that ended with a disabled user."""

    user_tokens: int
    """Tokens that acted for the user. They stay ended when the user is enabled."""
    organization_tokens: list[str]
    """Names of organization tokens that the user made: they belong to the organization."""
    ended: bool
    """Whether those were ended too."""


class _Made(NamedTuple):
    id: str
    name: str


async def disable_user(
    engine: AsyncEngine, organization: Organization, email: str, *, by: Operator, end_tokens: bool = False
) -> Disabled:
    """Disable a user: their tokens end at once, and none is minted.

    `end_tokens`: also the organization tokens that they made.
    """
    async with inside(engine, organization.id) as conn:
        user = await find_user(conn, email)
        live = int((await conn.execute(_LIVE, {"user": user.id})).scalar_one())
        made = await read_rows(conn, _Made, _MADE_BY, {"user": user.id})
        await conn.execute(_USER, {"id": user.id, "disabled": True})
        await commanded(conn, organization.id, by, "user disable", [user.id])
        if end_tokens and made:
            await _end(conn, organization.id, [row.id for row in made], by)
    return Disabled(live, [row.name for row in made], end_tokens)


async def enable_user(engine: AsyncEngine, organization: Organization, email: str, *, by: Operator) -> None:
    """Enable a user again. Revoked tokens stay revoked."""
    async with inside(engine, organization.id) as conn:
        user = await find_user(conn, email)
        await conn.execute(_USER, {"id": user.id, "disabled": False})
        await commanded(conn, organization.id, by, "user enable", [user.id])


async def set_organization(engine: AsyncEngine, organization: Organization, *, disabled: bool, by: Operator) -> None:
    """Disable or enable an organization: no token of it opens anything, and its jobs wait."""
    async with inside(engine, organization.id) as conn:
        await conn.execute(_ORGANIZATION, {"id": organization.id, "disabled": disabled})
        await commanded(conn, organization.id, by, "org disable" if disabled else "org enable", [organization.id])


async def list_organizations(engine: AsyncEngine) -> list[tuple[str, str, bool]]:
    """Id, name, and whether it is disabled."""
    async with engine.connect() as conn:
        return [(row.id, row.name, row.disabled) for row in await conn.execute(_ORGANIZATIONS)]


async def list_apps(engine: AsyncEngine, organization: Organization) -> list[dict[str, object]]:
    """The OAuth apps of the organization, with their state."""
    async with inside(engine, organization.id) as conn:
        return [dict(row) for row in (await conn.execute(_APPS)).mappings()]


async def set_app(
    engine: AsyncEngine, organization: Organization, client_id: str, *, disabled: bool, by: Operator
) -> None:
    """Disable an OAuth app, whose tokens end, or enable it. Raises WorkspaceError."""
    async with inside(engine, organization.id) as conn:
        values = {"client": client_id.replace("\0", "?"), "disabled": disabled}
        if (await conn.execute(_APP, values)).one_or_none() is None:
            raise WorkspaceError(f"no OAuth app {client_id!r}", hint="`fieldnote workspace app list` shows them.")
        await commanded(conn, organization.id, by, "app disable" if disabled else "app enable", [client_id])


async def _end(conn: AsyncConnection, organization_id: str, ids: Sequence[str], by: Operator) -> None:
    await conn.execute(_END, {"ids": list(ids)})
    await commanded(conn, organization_id, by, "tokens end", ids)
