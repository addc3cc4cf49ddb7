"""Tokens and secrets of the workspace: made here, shown once, kept as hashes.

They are long random texts, so a plain SHA-256 is as good as any slow hash: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import oauth_apps, tokens

ORGANIZATION: Final = "organization"
USER: Final = "user"
TOKEN_LIFE: Final = timedelta(hours=16)
"""How long a user token lasts."""


def new_secret(prefix: str) -> str:
    """256 random bits behind a word that says what they are."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_of(secret: str) -> bytes:
    """The stored form of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def add_organization_token(
    conn: AsyncConnection,
    organization_id: str,
    *,
    name: str,
    token: str,
    created_by: str | None,
    scope: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Make `token` good for the organization; the same one twice is one. Its id."""
    row = {
        "organization_id": organization_id,
        "kind": ORGANIZATION,
        "name": name,
        "hash": hash_of(token),
        "created_by": created_by,
        "scope": scope,
        "expires_at": expires_at,
    }
    made = upsert(tokens).values(row).on_conflict_do_update(index_elements=["hash"], set_={"hash": row["hash"]})
    return str((await conn.execute(made.returning(tokens.c.id))).scalar_one())


async def add_oauth_app(
    conn: AsyncConnection,
    organization_id: str,
    *,
    name: str,
    owner_id: str,
    client_id: str,
    client_secret: str,
) -> None:
    """Register an app; the same client id twice is one."""
    row = {
        "client_id": client_id,
        "organization_id": organization_id,
        "name": name,
        "owner_id": owner_id,
        "secret_hash": hash_of(client_secret),
    }
    await conn.execute(upsert(oauth_apps).values(row).on_conflict_do_nothing(index_elements=["client_id"]))


async def is_secret_of(conn: AsyncConnection, client_id: str, client_secret: str) -> bool | None:
    """Whether this is the app's secret; None if there is no such app, or no more."""
    if "\0" in client_id:
        return None
    own = (oauth_apps.c.client_id == client_id) & oauth_apps.c.deleted_at.is_(None)
    statement = select(oauth_apps.c.secret_hash).where(own)
    known = (await conn.execute(statement)).scalar_one_or_none()
    return None if known is None else hmac.compare_digest(known, hash_of(client_secret))


async def add_user_token(
    conn: AsyncConnection, organization_id: str, *, client_id: str, user_id: str, scope: str
) -> tuple[str, str]:
    """Mint a token that acts for the user. Its id and the token itself."""
    token = new_secret("user")
    row = {
        "organization_id": organization_id,
        "kind": USER,
        "name": f"app {client_id}",
        "hash": hash_of(token),
        "user_id": user_id,
        "client_id": client_id,
        "scope": scope,
        "expires_at": datetime.now(UTC) + TOKEN_LIFE,
    }
    token_id = (await conn.execute(insert(tokens).values(row).returning(tokens.c.id))).scalar_one()
    return str(token_id), token
