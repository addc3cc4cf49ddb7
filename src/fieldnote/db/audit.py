"""Events of what concerns everything on a machine, as a backup: in the audit of the bridge and of each organization.

Without a migration, as a backup comes before one. Where no database was made yet, there is no audit to write into.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from fieldnote.db.acts import EVERY, Act
from fieldnote.db.embedded import server_status
from fieldnote.db.engine import Application, conninfo, database_url, has_own_url
from fieldnote.db.home import home
from fieldnote.errors import DatabaseError

_BRIDGE: Final = """
insert into bridge.audit_events (connection, action, targets, operator, acting_as, outcome)
values (%(every)s, %(action)s, %(targets)s, %(operator)s, %(acting_as)s, %(outcome)s) returning id
"""
_END: Final = "update bridge.audit_events set outcome = %s where id = %s"
_WORKSPACE: Final = """
insert into workspace.audit_events (organization_id, action, targets, operator, acting_as, outcome)
select id, %(action)s, %(targets)s, %(operator)s, %(acting_as)s, coalesce(%(outcome)s, 'done')
  from workspace.organizations
"""


@contextmanager
def audited_everywhere(act: Act, *, replaces: bool = False) -> Iterator[None]:
    """Keep what is done inside, with its outcome. `replaces`: it replaces the database, so the event comes after it.

    Raises DatabaseError where the event cannot be written; nothing is done then.
    """
    begun = None if replaces else _write(act, None)
    try:
        yield
    except BaseException as error:
        _end(act, begun, f"failed: {type(error).__name__}", replaces=replaces)
        raise
    _end(act, begun, "done", replaces=replaces)


def _end(act: Act, begun: int | None, outcome: str, *, replaces: bool) -> None:
    if replaces:
        _write(act, outcome)
    elif begun is not None:
        with _opened(Application.BRIDGE) as connection:
            connection.execute(_END, (outcome, begun))


def _write(act: Act, outcome: str | None) -> int | None:
    """The number of the bridge's event; None: the bridge has no tables."""
    values = {
        "every": EVERY,
        "action": act.action,
        "targets": [one.replace("\0", "?") for one in act.targets],
        "operator": act.operator,
        "acting_as": act.acting_as,
        "outcome": outcome,
    }
    number: int | None = None
    if _is_there(Application.BRIDGE):
        with _opened(Application.BRIDGE) as connection:
            if _has_audit(connection, Application.BRIDGE):
                row = connection.execute(_BRIDGE, values).fetchone()
                number = None if row is None else int(row[0])
    if _is_there(Application.WORKSPACE):
        with _opened(Application.WORKSPACE) as connection:
            if _has_audit(connection, Application.WORKSPACE):
                connection.execute(_WORKSPACE, values)
    return number


def _is_there(application: Application) -> bool:
    return has_own_url(application) or (os.name == "posix" and server_status(home()).built)


@contextmanager
def _opened(application: Application) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(conninfo(application, database_url(application))) as connection:
            yield connection
    except psycopg.Error as error:
        raise DatabaseError(
            f"the audit of the {application.value} cannot be written: {type(error).__name__}",
            hint="Start its database, then run the command again.",
        ) from error


def _has_audit(connection: psycopg.Connection, application: Application) -> bool:
    found = connection.execute("select to_regclass(%s) is not null", (f"{application.value}.audit_events",)).fetchone()
    return found == (True,)
