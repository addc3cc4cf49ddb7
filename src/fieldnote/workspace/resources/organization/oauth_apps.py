"""OAuth apps, and the user tokens that are minted by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from fieldnote.siro.models import AccessTokenCreate, AccessTokenRevoke, OAuthAppCreate, Scope
from fieldnote.workspace import credentials
from fieldnote.workspace.http.calls import Call, public_url
from fieldnote.workspace.http.errors import failed, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.resources.organization.tokens import own

_APPS: Final = """
select client_id, name, organization_id::text, owner_id::text, created_at, updated_at, deleted_at from oauth_apps
"""
_APPS_OF: Final = _APPS + " where owner_id::text = %(owner)s"
_APP: Final = _APPS + " where client_id = %(client)s"
_DELETE_APP: Final = """
update oauth_apps set deleted_at = now(), updated_at = now() where client_id = %(client)s and deleted_at is null
returning client_id
"""
_REVOKE: Final = """
update tokens set revoked_at = now() where kind = 'user' and client_id = %(client)s and revoked_at is null
"""
_TOKENS: Final = """
select id::text, client_id, user_id::text, scope, expires_at, created_at, revoked_at,
       coalesce(revoked_at, created_at) as updated_at
  from tokens where kind = 'user' and client_id = %(client)s
"""
_TOKEN: Final = _TOKENS + " and id = %(id)s"
_USER: Final = "select disabled from users where id::text = %(id)s"
_DISABLED_APP: Final = "select 1 from oauth_apps where client_id = %(client)s and disabled"
_LARGEST_PAGE: Final = 100


class _App(NamedTuple):
    client_id: str
    name: str
    organization_id: str
    owner_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class _Token(NamedTuple):
    id: str
    client_id: str
    user_id: str
    scope: str
    expires_at: datetime | None
    created_at: datetime
    revoked_at: datetime | None
    updated_at: datetime


class _User(NamedTuple):
    disabled: bool


T = TypeVar("T", _App, _Token)


# --- apps


async def create_oauth_app(call: Call) -> dict[str, object]:
    """Register an OAuth app. Its secret is shown this once."""
    wanted = call.read(OAuthAppCreate)
    own(call, wanted.organization_id)
    await _require_user(call, wanted.owner)
    client_id, client_secret = credentials.new_secret("app"), credentials.new_secret("secret")
    await credentials.add_oauth_app(
        call.conn,
        call.organization_id,
        name=wanted.app_name,
        owner_id=wanted.owner,
        client_id=client_id,
        client_secret=client_secret,
    )
    return {"appName": wanted.app_name, "clientID": client_id, "clientSecret": client_secret}


async def list_oauth_apps(call: Call) -> dict[str, object]:
    """The apps of an owner, the deleted ones too."""
    organization, owner = call.required("organizationId", "owner")
    own(call, organization)
    rows = await call.transaction.read(_App, _APPS_OF, {"owner": owner})
    return _page(call, rows, _app, lambda row: row.client_id)


async def get_oauth_app(call: Call) -> dict[str, object]:
    """One app, also one that is deleted."""
    return {"data": _app(await _find_app(call))}


async def delete_oauth_app(call: Call) -> dict[str, object]:
    """Delete an app: its tokens end at once, and it mints no more."""
    values = {"client": _client(call)}
    if not await call.transaction.exists(_DELETE_APP, values):
        raise not_found("OAuth app")
    await call.transaction.driver.execute(_REVOKE, values)
    return {"clientId": values["client"]}


def _app(row: _App) -> dict[str, object]:
    return {
        "appName": row.name,
        "clientId": row.client_id,
        "organizationId": row.organization_id,
        "owner": row.owner_id,
        "deleted": row.deleted_at is not None,
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
        "deletedAt": moment(row.deleted_at),
    }


# --- tokens


async def create_access_token(call: Call) -> dict[str, object]:
    """Mint a user token, good for 16 hours."""
    wanted = call.read(AccessTokenCreate)
    await _check_secret(call, wanted.client_secret.get_secret_value())
    if await call.transaction.exists(_DISABLED_APP, {"client": _client(call)}):
        raise failed(403, "The OAuth app is disabled")
    if (await _require_user(call, wanted.user_id)).disabled:
        raise failed(403, "The user is disabled")
    token_id, token = await credentials.add_user_token(
        call.conn, call.organization_id, client_id=_client(call), user_id=wanted.user_id, scope=wanted.scope
    )
    return {"accessToken": token, "accessTokenId": token_id}


async def list_access_tokens(call: Call) -> dict[str, object]:
    """The tokens of an owner's app, those that ended too."""
    app, [owner] = await _find_app(call), call.required("owner")
    rows = await call.transaction.read(_Token, _TOKENS, {"client": app.client_id}) if app.owner_id == owner else []
    return _page(call, rows, _token_of(call), lambda row: row.id)


async def get_access_token(call: Call) -> dict[str, object]:
    """One token, without the token itself."""
    return {"data": _token_of(call)(await _find_token(call))}


async def delete_access_token(call: Call) -> dict[str, object]:
    """Revoke a token: no later call with it is answered."""
    wanted = call.read(AccessTokenRevoke)
    await _check_secret(call, wanted.client_secret.get_secret_value())
    row = await _find_token(call)
    if row.user_id != wanted.user_id or row.revoked_at is not None:
        raise not_found("Access token")
    await call.transaction.driver.execute(_REVOKE + " and id = %(id)s", {"client": row.client_id, "id": row.id})
    return {"tokenId": row.id}


def _token_of(call: Call) -> Callable[[_Token], dict[str, object]]:
    audience = public_url(call.request)

    def token(row: _Token) -> dict[str, object]:
        return {
            "accessTokenId": row.id,
            "oAuthAppId": row.client_id,
            "userId": row.user_id,
            "audience": audience,
            "subject": row.user_id,
            "scope": Scope(row.scope).value,
            "expiresAt": moment(row.expires_at),
            "createdAt": moment(row.created_at),
            "updatedAt": moment(row.updated_at),
            "revokedAt": moment(row.revoked_at),
        }

    return token


# --- what both need


async def _check_secret(call: Call, secret: str) -> None:
    match await credentials.is_secret_of(call.conn, _client(call), secret):
        case None:
            raise not_found("OAuth app")
        case False:
            raise failed(401, "Invalid client secret")


async def _find_app(call: Call) -> _App:
    rows = await call.transaction.read(_App, _APP, {"client": _client(call)})
    if not rows:
        raise not_found("OAuth app")
    return rows[0]


async def _find_token(call: Call) -> _Token:
    values = {"client": _client(call), "id": call.record_id("Access token", "tokenId")}
    rows = await call.transaction.read(_Token, _TOKEN, values)
    if not rows:
        raise not_found("Access token")
    return rows[0]


async def _require_user(call: Call, user_id: str) -> _User:
    rows = await call.transaction.read(_User, _USER, {"id": user_id})
    if not rows:
        raise not_found("User")
    return rows[0]


def _client(call: Call) -> str:
    return call.word("clientId")


def _page(
    call: Call, rows: Sequence[T], shown: Callable[[T], dict[str, object]], key: Callable[[T], str]
) -> dict[str, object]:
    """A page of rows that are few. `page` is its number, from 1; a cursor is better than it."""
    size = call.page_size(default=_LARGEST_PAGE, most=_LARGEST_PAGE, name="limit")
    by_update = call.choice("sortField", ("dateCreated", "dateUpdated")) == "dateUpdated"
    backwards = call.choice("sortDirection", ("asc", "desc")) != "asc"
    listing = call.listing(
        "organizationId", "owner", "fromDate", "toDate", order=f"{'updated_at' if by_update else None} {backwards}"
    )
    before = listing.place() if listing.given else (call.page_size(default=1, clamp=10**6, name="page") - 1) * size
    first, last = call.bound("fromDate", ">="), call.bound("toDate", "<=")

    def at(row: T) -> datetime:
        return row.updated_at if by_update else row.created_at

    kept = [row for row in rows if (first is None or at(row) >= first[1]) and (last is None or at(row) < last[1])]
    kept.sort(key=lambda row: (at(row), key(row)), reverse=backwards)
    more = len(kept) > before + size
    return {
        "data": [shown(row) for row in kept[before : before + size]],
        "cursor": listing.cursor(before + size) if more else None,
        "hasNextPage": more,
        "limit": size,
        "pageSize": size,
        "total": len(kept),
    }
