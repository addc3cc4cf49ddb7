"""Erasure: everything that a recording, a customer or a person left in the workspace, with a receipt.

All rows go in one transaction. Audio goes before the row that names it: if the command is killed, run it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.erasure_receipt import Remaining
from fieldnote.errors import WorkspaceError
from fieldnote.matching.people import email_key
from fieldnote.phones import whole_phone_key
from fieldnote.printable import number_of
from fieldnote.workspace.audit import Operator, commanded
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.erasure_sql import (
    ACCOUNT,
    CRM_TABLES,
    ERASE_CRM,
    ERASE_RECORDINGS,
    ERASE_USER,
    JOBS,
    NAMED_RECORDING,
    PERSON,
    PROTECTED,
    RECORDINGS_OF,
    USER,
)
from fieldnote.workspace.domain.matching.linking import hold_links
from fieldnote.workspace.domain.organizations import Organization
from fieldnote.workspace.domain.recordings.audio_files import delete_of_recordings
from fieldnote.workspace.tenancy import inside


@dataclass(frozen=True, slots=True)
class Receipt:
    """The erased data, and the remaining data."""

    forgotten: str
    """recording, account or person, and which."""
    at: datetime
    by: str
    recordings: list[str]
    """Ids. The rows stay, without anything that was said or that names a customer."""
    protected: list[str]
    """Ids of recordings marked doNotDelete, which were left."""
    erased: dict[str, int]
    """Rows by table; `audio` counts files, `jobs` waiting jobs."""
    remains: list[Remaining]


@dataclass(slots=True)
class _Found:
    """The subject of an erasure."""

    records: dict[str, list[str]] = field(default_factory=lambda: {table: [] for table in CRM_TABLES})
    """Ids by table of the CRM."""
    recordings: list[str] = field(default_factory=list)
    user: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (any(self.records.values()) or self.recordings or self.user)


async def forget(
    workspace: Workspace,
    organization: Organization,
    *,
    by: Operator,
    recording: str | None = None,
    account: str | None = None,
    person: str | None = None,
    even_protected: bool = False,
    dry_run: bool = False,
) -> Receipt:
    """Erase a recording (id or key), a customer's account (id or the CRM's id), or a person.

    A person is a customer, by email, phone or id, or a user, by email. `even_protected`: recordings marked doNotDelete
    too. A dry run changes nothing and reports the same. Raises WorkspaceError if nothing is known of it.
    """
    kind, named = _which(recording, account, person)
    async with inside(workspace.engine, organization.id, alone=True) as conn:
        found = await _find(conn, kind, named)
        if found.is_empty:
            raise WorkspaceError(f"no data stored for {kind} {named!r}", hint="Check the id; its case matters.")
        for one in sorted(found.recordings):
            await hold_links(conn, one)
        protected = [] if even_protected else await _ids(conn, PROTECTED, ids=found.recordings)
        erasing = [one for one in found.recordings if one not in protected]
        erased = await _erase(conn, workspace, organization.id, found, erasing, dry_run=dry_run)
        if dry_run:
            await conn.rollback()
        else:
            targets = [*erasing, *(one for ids in found.records.values() for one in ids), *filter(None, [found.user])]
            await commanded(conn, organization.id, by, f"forget {kind}", targets)
    shown = by.name if by.acting_as is None else f"{by.acting_as} ({by.name})"
    remains = _remains(kind, protected, found)
    return Receipt(f"{kind} {named}", datetime.now(UTC), shown, erasing, protected, erased, remains)


def _which(recording: str | None, account: str | None, person: str | None) -> tuple[str, str]:
    given = [(kind, named.strip()) for kind, named in (("recording", recording), ("account", account),
                                                       ("person", person)) if named is not None]  # fmt: skip
    if len(given) != 1 or not given[0][1] or "\0" in given[0][1]:
        raise WorkspaceError("specify one of --recording, --account and --person", hint="For example --recording ID.")
    return given[0]


async def _find(conn: AsyncConnection, kind: str, named: str) -> _Found:
    found = _Found()
    if kind == "recording":
        found.recordings = await _ids(conn, NAMED_RECORDING, named=named)
        return found
    values = {"named": named, "email": email_key(named), "phone": whole_phone_key(named)}
    rows = await conn.execute(ACCOUNT if kind == "account" else PERSON, values)
    for row in rows:
        found.records[row.kind].append(row.id)
    contact = values if kind == "person" else {"email": None, "phone": None}
    found.recordings = await _ids(conn, RECORDINGS_OF, **found.records, phone=contact["phone"])
    if kind == "person":
        users = await _ids(conn, USER, email=values["email"])
        found.user = users[0] if users else None
    return found


async def _erase(
    conn: AsyncConnection,
    workspace: Workspace,
    organization_id: str,
    found: _Found,
    recordings: Sequence[str],
    *,
    dry_run: bool,
) -> dict[str, int]:
    erased: dict[str, int] = {}
    erased["audio"] = await delete_of_recordings(conn, workspace, recordings, dry_run=dry_run)
    for name, statement in ERASE_RECORDINGS.items():
        erased[name] = int((await conn.execute(statement, {"ids": list(recordings)})).rowcount)
    for name, statement in ERASE_CRM.items():
        erased[name] = int(
            (
                await conn.execute(statement, {"ids": found.records["engagements" if name == "briefs" else name]})
            ).rowcount
        )
    if found.user is not None:
        for name, statement in ERASE_USER.items():
            erased[name] = erased.get(name, 0) + int((await conn.execute(statement, {"id": found.user})).rowcount)
    # Requests and jobs may not delete jobs; their owner may.
    await conn.execute(text("set local role none"))
    jobs = {"ids": list(recordings), "organization": organization_id}
    erased["jobs"] = int((await conn.execute(JOBS, jobs)).rowcount)
    return {name: count for name, count in erased.items() if count}


async def _ids(conn: AsyncConnection, statement: TextClause, **values: object) -> list[str]:
    return [str(one) for one in (await conn.execute(statement, values)).scalars()]


def _remains(kind: str, protected: Sequence[str], found: _Found) -> list[Remaining]:
    remains = [
        Remaining(
            "the CRM", "its own records, notes and fields", "you erase them there; a push brings back what is left"
        ),
        Remaining("bridges", "values, quotes and landed tables", "`fieldnote forget` there"),
        Remaining("receivers of webhooks", "ids that were sent", "their owners delete them"),
        Remaining("backups", "everything, as of their time", "the backups' retention ends"),
        Remaining("the audit", "ids of records and users, and who acted", "its retention ends"),
    ]
    if protected:
        remains.append(
            Remaining(
                "the workspace",
                f"{number_of(len(protected), 'recording')} marked doNotDelete",
                "--even-protected erases them",
            )
        )
    if kind == "person":
        remains.append(Remaining("other conversations", "what others said of this person", "you name those recordings"))
    if found.user is not None:
        remains.append(
            Remaining("the workspace", "recordings that this user made, and their times", "you name those recordings")
        )
    return remains
