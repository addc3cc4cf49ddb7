"""Where an application's database is, and an engine for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from fieldnote.errors import ConfigError

DATABASE = "fieldnote"
_DRIVERS = ("postgres", "postgresql", "postgresql+psycopg")
_SHARED_VARIABLE = "FIELDNOTE_DATABASE_URL"
_MINUTES: Final = 60_000  # milliseconds, as PostgreSQL counts its time-outs
# A transaction is short by design: one that idles for minutes has lost its process, and holds locks that
# others wait for.
_DEFAULTS: Final[Mapping[str, str | int]] = {
    "idle_in_transaction_session_timeout": 5 * _MINUTES,
    "lock_timeout": 1 * _MINUTES,
    # Our statements touch few rows. Compiling one takes thirty times as long as running it, and on tables that nobody
    # has analyzed yet PostgreSQL believes that it is worth it.
    "jit": "off",
}


class Application(StrEnum):
    """The owner of a PostgreSQL schema, its migrations and its job queue. The value is the schema's name."""

    BRIDGE = "bridge"
    """Push, pull and their ledger."""
    WORKSPACE = "workspace"
    """The Siro-compatible server."""
    CONSOLE = "console"
    """The web pages: their users, sessions and the record of what people did."""

    @property
    def has_queue(self) -> bool:
        """Whether it defers jobs of its own."""
        return self is not Application.CONSOLE

    @property
    def variable(self) -> str:
        """The environment variable that points this application at a database of its own."""
        return f"FIELDNOTE_{self.value.upper()}_DATABASE_URL"


def database_url(application: Application, *, home: Path | None = None) -> str:
    """The application's database, as a `postgresql://` URL with its password.

    From `FIELDNOTE_BRIDGE_DATABASE_URL` or `FIELDNOTE_WORKSPACE_DATABASE_URL`, else `FIELDNOTE_DATABASE_URL`,
    else the embedded server of the home, which is started if it does not run. The console has a variable too; without
    it, it uses the bridge's database, or the workspace's where the bridge has none. Blocking: from asynchronous
    code call it by `asyncio.to_thread`. With `home` given, the environment's URLs count all the same.
    """
    for variable in _variables(application):
        named = os.environ.get(variable, "").strip()
        if named:
            return plain_url(named, where=variable)
    from fieldnote.db.embedded import ensure_server  # noqa: PLC0415 - its wheel need not be there otherwise
    from fieldnote.db.home import home as default_home  # noqa: PLC0415

    return ensure_server(default_home() if home is None else home).url(DATABASE)


def has_own_url(application: Application) -> bool:
    """Whether the environment names the application's database, so that the embedded server is not used."""
    return any(os.environ.get(variable, "").strip() for variable in _variables(application))


def _variables(application: Application) -> tuple[str, ...]:
    """The environment variables that may give the URL, the first one first."""
    if application is not Application.CONSOLE:
        return application.variable, _SHARED_VARIABLE
    return application.variable, Application.BRIDGE.variable, _SHARED_VARIABLE, Application.WORKSPACE.variable


def plain_url(url: str, *, where: str = "the database URL") -> str:
    """`url` as libpq reads it (`postgresql://…`). Raises `ConfigError`, which never shows the URL itself."""
    parsed = _parse(url, where)
    return _render(parsed, hide_password=False)


def masked_url(url: str) -> str:
    """`url` with `***` for its password."""
    return _render(_parse(url, "the database URL"), hide_password=True)


def _render(url: URL, *, hide_password: bool) -> str:
    """The URL as libpq reads it: a blank is `%20`, where SQLAlchemy writes `+`."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=hide_password)
    address, mark, query = text.partition("?")
    return f"{address}{mark}{query.replace('+', '%20')}"


def _parse(url: str, where: str) -> URL:
    hint = "Give it as postgresql://user:password@host:5432/database (special characters percent-encoded)."
    try:
        parsed = make_url(url)
        query_is_plain = all(isinstance(value, str) for value in parsed.query.values())
    except (ArgumentError, ValueError):
        # Without `from`: SQLAlchemy's message quotes the URL, password and all.
        raise ConfigError(f"{where} is not a database URL", hint=hint) from None
    if parsed.drivername not in _DRIVERS:
        raise ConfigError(f"{where} names {parsed.drivername!r}: it must be PostgreSQL", hint=hint)
    if not parsed.database or not query_is_plain:
        raise ConfigError(f"{where} names no database, or an option twice", hint=hint)
    return parsed


def connection_options(application: Application, url: str) -> dict[str, str]:
    """libpq's arguments beside `url`: the application's own schema as search path, UTC, time-outs, a name.

    Options that the URL itself carries are kept.
    """
    query = _parse(url, "the database URL").query
    # Of a setting given twice the last counts: the URL's win over our defaults, but not its search path.
    ours = {"search_path": application.value, "timezone": "UTC"}
    given = [option for option in (query.get("options"),) if isinstance(option, str)]
    options = " ".join([*_settings(_DEFAULTS), *given, *_settings(ours)])
    defaults = {"connect_timeout": "10", "application_name": f"fieldnote-{application.value}"}
    return {
        **{name: value for name, value in defaults.items() if name not in query},
        "options": options,
    }


def conninfo(application: Application, url: str) -> str:
    """`url` and its `connection_options` as psycopg takes them."""
    return make_conninfo(plain_url(url), **connection_options(application, url))


def _settings(values: Mapping[str, str | int]) -> list[str]:
    return [f"-c {name}={value}" for name, value in values.items()]


async def open_engine(application: Application, url: str, *, pool_size: int = 5) -> AsyncEngine:
    """An engine on the application's schema, with every migration applied first. Dispose of it when done.

    Raises `DatabaseError` if the database cannot be reached, or was migrated by a newer Fieldnote.
    """
    from fieldnote.db.migrate import upgrade  # noqa: PLC0415 - it imports this module

    await asyncio.to_thread(upgrade, application, url)
    return create_async_engine(
        _parse(url, "the database URL").set(drivername="postgresql+psycopg"),
        connect_args=connection_options(application, url),
        pool_size=pool_size,
        max_overflow=2 * pool_size,
        pool_pre_ping=True,  # the database may have been restarted since the connection was last used
        hide_parameters=True,  # an error's text must not carry what a customer said
    )
