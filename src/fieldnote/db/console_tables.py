"""The console's tables: its users, their sessions, and the record of what people did.

They have no customer's words and no CRM values. Acts are only ever added: triggers refuse a change.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NAME = String(63)


def _moment(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _user(*, primary_key: bool = False) -> Column[int]:
    reference = ForeignKey("users.id", ondelete="CASCADE")
    return Column("user_id", BigInteger, reference, primary_key=primary_key, nullable=False)


users: Final = Table(
    "users",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    # In lower case.
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", _NAME, nullable=False),
    # By argon2; null: signs in by a one-time link alone.
    Column("password_hash", Text),
    _now("created_at"),
    _moment("disabled_at"),
    UniqueConstraint("email"),
)

user_reps: Final = Table(
    "user_reps",
    metadata,
    _user(primary_key=True),
    Column("connection", _NAME, primary_key=True),
    Column("rep", Text, primary_key=True),
)
"""The CRM's ids of the reps that a coach or rep sees, in one connection."""

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _user(),
    _now("created_at"),
    _now("seen_at"),
    _moment("ends_at", nullable=False),
    Column("address", Text, nullable=False),
    Index("ix_sessions_user", "user_id"),
)

one_time_links: Final = Table(
    "one_time_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    _user(),
    _moment("ends_at", nullable=False),
)
"""Each signs one user in, once: its row is deleted by the sign-in."""

login_attempts: Final = Table(
    "login_attempts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    # As typed, in lower case, and hashed: a person may type a password here by mistake.
    Column("account", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    _now("tried_at"),
    Column("succeeded", Boolean, nullable=False),
    Index("ix_login_attempts_account", "account", "tried_at"),
    Index("ix_login_attempts_address", "address", "tried_at"),
)

acts: Final = Table(
    "acts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _now("acted_at"),
    # No foreign key: what a person did stays when the user is deleted.
    Column("user_id", BigInteger),
    # The user's email, or the operating system's user for a command.
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("act", _NAME, nullable=False),
    # The subjects of the act, as ids.
    Column("subject", Text, nullable=False),
    Column("detail", JSONB(none_as_null=True)),
    Index("ix_acts_acted_at", "acted_at"),
)
"""People's acts: each is written before it is done."""

act_results: Final = Table(
    "act_results",
    metadata,
    Column("act_id", BigInteger, ForeignKey("acts.id"), primary_key=True),
    _now("ended_at"),
    Column("succeeded", Boolean, nullable=False),
    Column("message", Text, nullable=False),
)
"""The outcome of each act. An act without a row was interrupted."""
