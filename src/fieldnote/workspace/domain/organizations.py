"""Organizations and who works in them: what `fieldnote workspace init`, `token` and `user` do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Text, cast, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.db.workspace_tables import (
    conversation_types,
    entity_definitions,
    field_definitions,
    integration_connections,
    organizations,
    team_coaches,
    teams,
    user_overrides,
    users,
)
from fieldnote.errors import WorkspaceError
from fieldnote.insight.definitions import DEFAULTS
from fieldnote.matching.people import LONGEST_KEY, email_key, name_key
from fieldnote.workspace import credentials
from fieldnote.workspace.audit import PROGRAM, Operator, commanded
from fieldnote.workspace.domain.crm.records import Touched
from fieldnote.workspace.domain.crm.rep_users import map_users
from fieldnote.workspace.domain.matching.linking import defer_links, release_links
from fieldnote.workspace.tenancy import inside

DEFINITION: Final = "Customer Insights"
CONVERSATION: Final = "Sales visit"
"""The type of a conversation that names none."""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization with its first user and its one CRM."""

    id: str
    name: str
    admin_id: str
    connection_id: str


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works in the organization."""

    id: str
    email: str
    name: str
    role: str


async def init_organization(
    engine: AsyncEngine, *, name: str, admin: str, by: Operator = PROGRAM
) -> tuple[Organization, str]:
    """Make an organization, and a token for it that is not shown again. `admin` is an email.

    Raises WorkspaceError if the name is taken.
    """
    token = credentials.new_secret("org")
    async with engine.begin() as conn:
        made = await _insert_organization(conn, named(name, "--org"), named(admin, "--admin"))
        if made is None:
            raise WorkspaceError(
                f"there is an organization {name!r} already",
                hint="Choose another name, or get another token for it: fieldnote workspace tokens add --name NAME "
                f"--org {name!r} --json",
            )
        await _add_token(conn, made, token)
        await commanded(conn, made.id, by, "init", [made.id])
    return made, token


async def ensure_organization(engine: AsyncEngine, *, name: str, admin: str, token: str) -> Organization:
    """The organization of this name, made if it is missing, with `token` good for it."""
    async with engine.begin() as conn:
        made = await _insert_organization(conn, name, admin) or await _named_organization(conn, name)
        await _add_token(conn, made, token)
    return made


async def find_organization(engine: AsyncEngine, wanted: str | None) -> Organization:
    """The organization of this name or id; without one, the only one there is."""
    async with engine.connect() as conn:
        rows = (await conn.execute(select(organizations.c.id, organizations.c.name))).all()
        found = [str(row.id) for row in rows if wanted is None or wanted in (row.name, str(row.id))]
        if len(found) == 1:
            return await _read_organization(conn, found[0])
    if wanted is not None and found:
        raise WorkspaceError(
            f"{len(found)} organizations have the name {wanted!r}", hint=f"Give --org an id, one of {', '.join(found)}."
        )
    if not rows:
        raise WorkspaceError(
            "the workspace has no organization yet",
            hint="Make one: fieldnote workspace init --org NAME --admin EMAIL --json",
        )
    known = ", ".join(sorted(repr(row.name) for row in rows))
    if wanted is None:
        raise WorkspaceError("the workspace has several organizations", hint=f"Add --org, one of {known}.")
    raise WorkspaceError(f"there is no organization {wanted!r}", hint=f"There are {known}.")


async def ensure_oauth_app(
    engine: AsyncEngine, organization: Organization, *, name: str, client_id: str, client_secret: str
) -> None:
    """Have an OAuth app of this id and secret, owned by the organization's first user."""
    async with inside(engine, organization.id) as conn:
        await credentials.add_oauth_app(
            conn,
            organization.id,
            name=name,
            owner_id=organization.admin_id,
            client_id=client_id,
            client_secret=client_secret,
        )


async def add_user(
    engine: AsyncEngine,
    organization: Organization,
    *,
    email: str,
    name: str,
    role: str = "rep",
    phone: str | None = None,
    by: Operator = PROGRAM,
) -> User:
    """Add a user, or give the one of this email another name. CRM users are mapped again, and links decided.

    `phone`: None keeps the number that is known.
    """
    async with inside(engine, organization.id, alone=True) as conn:
        user = await _upsert_user(conn, organization.id, named(email, "--email"), named(name, "--name"), role)
        if phone is not None:
            await conn.execute(update(users).where(users.c.id == user.id).values(phone_number=named(phone, "phone")))
        await _map_again(conn, organization.id)
        await commanded(conn, organization.id, by, "user add", [user.id])
    return user


async def add_team(
    engine: AsyncEngine,
    organization: Organization,
    *,
    name: str,
    team_id: str | None = None,
    members: Sequence[str] = (),
    coaches: Sequence[str] = (),
    by: Operator = PROGRAM,
) -> str:
    """Add a team of users, by their emails; its id. With an id that is known, people are added to that team.

    Raises WorkspaceError for a user whom there is not, and for an id that another organization has.
    """
    async with inside(engine, organization.id, alone=True) as conn:
        values: dict[str, object] = {"organization_id": organization.id, "name": named(name, "--name")}
        if team_id is not None:
            values["id"] = named(team_id, "--id")
        made = insert(teams).values(values | {"conversation_types": []})
        known = made.on_conflict_do_nothing().returning(teams.c.id)
        found = (await conn.execute(known)).scalar_one_or_none()
        found = found or (await conn.execute(select(teams.c.id).where(teams.c.id == team_id))).scalar_one_or_none()
        if found is None:
            raise WorkspaceError(f"the id {team_id!r} is taken", hint="Leave out --id, or use another one.")
        for email in members:
            user = await find_user(conn, email)
            await conn.execute(update(users).where(users.c.id == user.id).values(member_team_id=found))
        for email in coaches:
            user = await find_user(conn, email)
            row = {"organization_id": organization.id, "team_id": found, "user_id": user.id}
            await conn.execute(insert(team_coaches).values(row).on_conflict_do_nothing())
            no_admin = (users.c.id == user.id) & (users.c.role != "admin")
            await conn.execute(update(users).where(no_admin).values(role="coach"))
        await commanded(conn, organization.id, by, "team add", [str(found)])
    return str(found)


async def list_users(engine: AsyncEngine, organization: Organization) -> list[User]:
    """Everybody, by email."""
    async with inside(engine, organization.id) as conn:
        statement = select(users.c.id, users.c.email, users.c.name, users.c.role).order_by(users.c.email_key)
        return [User(str(row.id), row.email, row.name, row.role) for row in await conn.execute(statement)]


async def map_user(
    engine: AsyncEngine, organization: Organization, *, external_id: str, email: str, by: Operator = PROGRAM
) -> User:
    """A person's word that the CRM's user `external_id`, known or yet to come, is the user of this email."""
    async with inside(engine, organization.id, alone=True) as conn:
        user = await find_user(conn, email)
        row = {
            "organization_id": organization.id,
            "external_id": named(external_id, "--external"),
            "user_id": user.id,
        }
        statement = insert(user_overrides).values(row)
        await conn.execute(
            statement.on_conflict_do_update(
                index_elements=["organization_id", "external_id"], set_={"user_id": user.id}
            )
        )
        await _map_again(conn, organization.id, by_person=True)
        await commanded(conn, organization.id, by, "user map", [user.id, row["external_id"]])
    return user


async def find_user(conn: AsyncConnection, email: str) -> User:
    """The user of this email, or id. Raises WorkspaceError for an unknown one."""
    statement = select(users.c.id, users.c.email, users.c.name, users.c.role)
    own = or_(users.c.email_key == email_key(email), cast(users.c.id, Text) == email)
    row = (await conn.execute(statement.where(own))).one_or_none()
    if row is None:
        raise WorkspaceError(
            f"the workspace has no user {email!r}",
            hint=f"Add them: fieldnote workspace user add --email {email} --name 'FIRST LAST'",
        )
    return User(str(row.id), row.email, row.name, row.role)


async def _map_again(conn: AsyncConnection, organization_id: str, *, by_person: bool = False) -> None:
    mapped = await map_users(conn)
    if by_person:
        await release_links(conn, users=mapped)
    await defer_links(conn, organization_id, Touched(users=mapped))


async def _add_token(conn: AsyncConnection, organization: Organization, token: str) -> None:
    await credentials.add_organization_token(
        conn, organization.id, name="first token", token=token, created_by=organization.admin_id
    )


async def _insert_organization(conn: AsyncConnection, name: str, admin: str) -> Organization | None:
    """All that an organization begins with; None if the name is taken.

    Names are not unique in the database: an error there would show an organization's own administrators, who may rename
    it, which other organizations there are.
    """
    await conn.execute(text("select pg_advisory_xact_lock(hashtextextended('names of organizations', 0))"))
    if (await conn.execute(select(organizations.c.id).where(organizations.c.name == name).limit(1))).first():
        return None
    made = insert(organizations).values(name=name).returning(organizations.c.id)
    organization_id = (await conn.execute(made)).scalar_one()
    local = admin.partition("@")[0].replace(".", " ").replace("_", " ").title()
    user = await _upsert_user(conn, organization_id, admin, local or admin, "admin")
    connection = insert(integration_connections).values(organization_id=organization_id, name="CRM")
    connection_id = (await conn.execute(connection.returning(integration_connections.c.id))).scalar_one()
    entity = insert(entity_definitions).values(organization_id=organization_id, name=DEFINITION)
    entity_id = (await conn.execute(entity.returning(entity_definitions.c.id))).scalar_one()
    own = {"organization_id": organization_id, "definition_id": entity_id, "created_at": func.clock_timestamp()}
    for one in DEFAULTS:
        values = {"name": one.name, "description": one.description, "type": one.type.value}
        await conn.execute(insert(field_definitions).values(own | values))
    kind = {"organization_id": organization_id, "display_name": CONVERSATION, "bookmark_group_ids": []}
    await conn.execute(insert(conversation_types).values(kind))
    return Organization(str(organization_id), name, user.id, str(connection_id))


async def _named_organization(conn: AsyncConnection, name: str) -> Organization:
    """The oldest one of this name."""
    wanted = (
        select(organizations.c.id).where(organizations.c.name == name).order_by(organizations.c.created_at).limit(1)
    )
    return await _read_organization(conn, str((await conn.execute(wanted)).scalar_one()))


async def _read_organization(conn: AsyncConnection, organization_id: str) -> Organization:
    admins = (
        select(users.c.id)
        .where(users.c.organization_id == organizations.c.id, users.c.role == "admin")
        .order_by(users.c.created_at, users.c.id)
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(
            organizations.c.id,
            organizations.c.name,
            admins.label("admin_id"),
            integration_connections.c.id.label("connection_id"),
        )
        .join_from(organizations, integration_connections)
        .where(organizations.c.id == organization_id)
        .order_by(integration_connections.c.created_at)
        .limit(1)
    )
    row = (await conn.execute(statement)).one()
    return Organization(str(row.id), row.name, str(row.admin_id), str(row.connection_id))


async def _upsert_user(conn: AsyncConnection, organization_id: str, email: str, name: str, role: str) -> User:
    values: dict[str, object] = {
        "organization_id": organization_id,
        "email": email,
        "email_key": email_key(email),
        "name": name,
        "name_key": name_key(name),
        "role": role,
    }
    statement = insert(users).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", "email_key"], set_={"name": name, "name_key": name_key(name)}
    )
    row = (await conn.execute(statement.returning(users.c.id, users.c.email, users.c.role))).one()
    return User(str(row.id), row.email, name, row.role)


def named(value: str, option: str) -> str:
    """A name without blanks around it. Raises WorkspaceError."""
    name = value.strip()
    if not name or "\0" in name or len(name) > LONGEST_KEY:
        raise WorkspaceError(
            f"{option} is empty, holds a NUL character or is longer than {LONGEST_KEY} characters",
            hint=f"Give {option} a text.",
        )
    return name
