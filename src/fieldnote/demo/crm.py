"""The contractor's CRM: a database of its own, built in one transaction.

The schema is one that such a company could have, not one that suits Fieldnote: integer keys, a trigger
that keeps `updated_at`, columns that nobody has filled yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    NullPool,
    Numeric,
    Table,
    Text,
    create_engine,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, OperationalError

from fieldnote.demo.contractor import ZONE, Contents, Story, Visit, make
from fieldnote.errors import CrmError, CrmRefused, CrmUnavailable

__all__ = [
    "CONFIG",
    "ZONE",
    "Change",
    "ContractorCrm",
    "Snapshot",
    "Story",
    "Visit",
    "build",
    "changes",
    "config_text",
    "correct",
    "make",
    "metadata",
    "snapshot",
]

CONFIG = "fieldnote.yaml"

metadata = MetaData()


def _changed() -> Column[Any]:
    return Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now())


reps = Table(
    "reps",
    metadata,
    Column("id", Integer, Identity(start=100), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("phone", Text),
    _changed(),
)

customers = Table(
    "customers",
    metadata,
    Column("id", Integer, Identity(start=3001), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("street", Text),
    Column("city", Text),
    Column("state", Text),
    Column("zip", Text),
    Column("country", Text),
    Column("latitude", Double),
    Column("longitude", Double),
    _changed(),
)

deals = Table(
    "deals",
    metadata,
    Column("id", Integer, Identity(start=9001), primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("rep_id", ForeignKey("reps.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("amount", Numeric(12, 2)),
    Column("closed_at", DateTime(timezone=True)),
    # The columns that conversations fill.
    Column("budget_max", Numeric(12, 2)),
    Column("timeline", Text),
    Column("start_by", Date),
    Column("decision_maker", Text),
    Column("objections", Text),
    _changed(),
    CheckConstraint("stage in ('lead', 'quoted', 'sold', 'dead')", name="deals_stage"),
)

appointments = Table(
    "appointments",
    metadata,
    Column("id", Integer, Identity(start=40001), primary_key=True),
    Column("rep_id", ForeignKey("reps.id"), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("deal_id", ForeignKey("deals.id")),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True)),
    Column("cancelled_at", DateTime(timezone=True)),
    _changed(),
    CheckConstraint("kind in ('visit', 'follow_up', 'call')", name="appointments_kind"),
)

deal_notes = Table(
    "deal_notes",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("deal_id", ForeignKey("deals.id"), nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("external_key", Text, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

_TABLES = (reps, customers, deals, appointments, deal_notes)

_TOUCH = """
create function touch_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end $$
"""
"""Many CRMs do this: every write moves `updated_at`, also a write by Fieldnote."""

NEW_KIND = "video estimate"
"""A kind of visit that the demo's file does not list."""
_BUILD_LOCK = 0x46_4E_44_45_4D_4F  # "FNDEMO"


@dataclass(frozen=True, slots=True)
class ContractorCrm:
    """A CRM that is whole, and what was recorded on the day before."""

    url: str
    day: date
    seed: int
    visits: tuple[Visit, ...]
    reps: tuple[tuple[str, str, str], ...]
    """Email and name of each."""
    counts: Mapping[str, int]
    """Rows made, by table."""
    built: Snapshot
    """The rows that Fieldnote can change, as they were built."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows that Fieldnote can change in the CRM, in a form that compares: two equal states are equal snapshots.

    Keys that the database gives and the times of writing are left out.
    """

    deals: Mapping[int, Mapping[str, str | None]]
    """By deal id: column to value as text."""
    notes: tuple[tuple[int, str | None, str], ...]
    """Deal id, external key and body, in order."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a deal that differs between two snapshots."""

    deal_id: int
    column: str
    before: str | None
    after: str | None


def build(url: str, *, day: date, seed: int, stories: Sequence[Story]) -> ContractorCrm:
    """Build the CRM in the database at `url`, unless it exists already.

    All in one transaction: a build that is killed leaves nothing, and two at once make one CRM. Raises
    CrmError if the database holds something else, or a CRM of another day or seed.
    """
    contents = make(day, seed, stories)
    with _transaction(url) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _BUILD_LOCK})
        if not _is_built(connection, _stamp(day, seed)):
            _fill(connection, contents, _stamp(day, seed))
        # A run before this one may have renamed it.
        connection.execute(update(appointments).where(appointments.c.kind == NEW_KIND).values(kind="visit"))
    counts = {table.name: len(getattr(contents, table.name)) for table in _TABLES}
    return ContractorCrm(
        url=url,
        day=day,
        seed=seed,
        visits=contents.visits,
        reps=tuple((rep["email"], rep["name"], rep["phone"]) for rep in contents.reps),
        counts=MappingProxyType(counts),
        built=_snapshot(
            contents.deals, ((n["deal_id"], n.get("external_key"), n["body"]) for n in contents.deal_notes)
        ),
    )


def snapshot(url: str) -> Snapshot:
    """The deals and notes as they are now."""
    with _transaction(url) as connection:
        rows = connection.execute(select(deals)).mappings().all()
        notes = connection.execute(select(deal_notes.c.deal_id, deal_notes.c.external_key, deal_notes.c.body))
        return _snapshot(rows, (tuple(row) for row in notes))


def correct(url: str, deal_id: int, column: str, words: str) -> None:
    """The act of a person who types `words` into a field of a deal."""
    with _transaction(url) as connection:
        connection.execute(update(deals).where(deals.c.id == deal_id).values({column: words}))


def rename_a_visit(url: str) -> None:
    """People add a kind of visit to the CRM, and give it to the last visit. The file does not list it."""
    with _transaction(url) as connection:
        connection.execute(text("alter table appointments drop constraint if exists appointments_kind"))
        if not connection.scalar(select(appointments.c.id).where(appointments.c.kind == NEW_KIND)):
            visits = select(appointments.c.id).where(
                appointments.c.kind == "visit", appointments.c.cancelled_at.is_(None)
            )
            last = visits.order_by(appointments.c.starts_at.desc(), appointments.c.id).limit(1).scalar_subquery()
            connection.execute(update(appointments).where(appointments.c.id == last).values(kind=NEW_KIND))


def _snapshot(rows: Iterable[Mapping[Any, Any]], notes: Iterable[tuple[Any, ...]]) -> Snapshot:
    columns = [column.name for column in deals.columns if column.name not in {"id", "updated_at"}]
    by_id = {row["id"]: {name: _as_text(row.get(name)) for name in columns} for row in rows}
    ordered = sorted(
        ((note[0], note[1], note[2]) for note in notes), key=lambda note: (note[0], note[1] or "", note[2])
    )
    return Snapshot(dict(sorted(by_id.items())), tuple(ordered))


def changes(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """The outcome of each deal's columns, by deal and column."""
    found = []
    for deal_id in sorted(before.deals.keys() | after.deals.keys()):
        old, new = before.deals.get(deal_id, {}), after.deals.get(deal_id, {})
        found += [
            Change(deal_id, name, old.get(name), new.get(name))
            for name in dict.fromkeys([*old, *new])
            if old.get(name) != new.get(name)
        ]
    return tuple(found)


def config_text() -> str:
    """The fieldnote.yaml of the demo. It takes SIRO_TOKEN and CRM_URL from the environment."""
    return files("fieldnote.demo").joinpath(CONFIG).read_text(encoding="utf-8")


def _fill(connection: Connection, contents: Contents, stamp: str) -> None:
    metadata.create_all(connection, checkfirst=False)
    for table in _TABLES:
        connection.execute(insert(table), getattr(contents, table.name))
    connection.execute(text(_TOUCH))
    for table in _TABLES:
        if "updated_at" in table.c:
            connection.execute(
                text(
                    f"create trigger touch before update on {table.name} "
                    "for each row execute function touch_updated_at()"
                )
            )
    # A comment takes no bound values; a stamp is a date and a number.
    connection.execute(text(f"comment on table deals is '{stamp}'"))


def _stamp(day: date, seed: int) -> str:
    return f"Fieldnote demo, day {day.isoformat()}, seed {int(seed)}"


def _is_built(connection: Connection, stamp: str) -> bool:
    """Whether this CRM exists. As it is built in one transaction, it is whole or absent."""
    names = {table.name for table in _TABLES}
    present = names.intersection(inspect(connection).get_table_names())
    if not present:
        return False
    comment = inspect(connection).get_table_comment("deals")["text"] if present == names else None
    if comment != stamp:
        what = (
            comment
            if comment and comment.startswith("Fieldnote demo")
            else f"other tables ({', '.join(sorted(present))})"
        )
        raise CrmError(
            f"the demo's CRM database holds {what}, and should hold '{stamp}'",
            hint="use the day and seed that it was built with, or an empty database",
        )
    return True


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise CrmUnavailable("the demo's CRM database cannot be reached", hint="is it still running?") from error
    except DBAPIError as error:
        raise CrmRefused("the demo's CRM database refused a statement") from error
    finally:
        engine.dispose()


def _as_text(value: object) -> str | None:
    """One spelling for one value, whether it comes from the maker or from the database."""
    match value:
        case None:
            return None
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return str(value)
