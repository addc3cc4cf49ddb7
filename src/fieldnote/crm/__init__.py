"""Drivers that read a CRM's changes and write its fields and notes; `open_driver` gives the file's.

An installed package adds a driver of its own by an entry point of the group `fieldnote.crm`: its name is what
`crm.driver` says in the file, and it names a callable that takes `CrmSettings` and a `Place` and gives a `Driver`.
The section's other keys are in `CrmSettings.options`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from fieldnote.crm.types import Driver, Place
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from fieldnote.config import CrmSettings

__all__ = ["Driver", "Place", "dialect_of", "open_driver"]

# Each driver is imported when it is opened: `mapping` reads `crm.types` without a database library.
# ruff: noqa: PLC0415


def open_driver(settings: CrmSettings, place: Place) -> Driver:
    """The driver for the `crm` section of a file. Nothing is connected yet."""
    match settings.driver:
        case "sql":
            return _sql(settings)
        case "files":
            from fieldnote.crm.files.driver import FilesDriver
            from fieldnote.crm.files.lines import Skip

            skip = {table: Skip(item.first, item.last, item.lines) for table, item in (settings.skip or {}).items()}
            return FilesDriver(place.folder / (settings.folder or Path()).expanduser(), place, skip=skip)
        case "rest":
            from fieldnote.crm.rest.driver import RestDriver

            return RestDriver(
                settings.rest or {},
                place,
                settings.writing,
                reading=settings.reading,
                limits=settings.limits,
                origins=settings.origins or (),
            )
        case name:
            return _added(name, settings, place)


def _sql(settings: CrmSettings) -> Driver:
    from fieldnote.crm.sql.driver import SqlDriver

    url = settings.url.get_secret_value() if settings.url else ""
    write_url = settings.write_url.get_secret_value() if settings.write_url else None
    zone = settings.timezone if isinstance(settings.timezone, str) else None
    return SqlDriver(url, write_url=write_url, timezone=zone)


def dialect_of(settings: CrmSettings) -> str:
    """The SQL that a stream's query is written in: `postgresql`, `mysql`, `sqlite` or `mssql`.

    What lands is read by PostgreSQL's, and a driver of another package is taken to do the same.
    """
    if settings.driver != "sql" or settings.url is None:
        return "postgresql"
    from fieldnote.crm.sql.text import parse_url

    return parse_url(settings.url.get_secret_value(), "crm.url").get_backend_name()


def _added(name: str, settings: CrmSettings, place: Place) -> Driver:
    from fieldnote.config import DRIVERS_GROUP

    found = list(entry_points(group=DRIVERS_GROUP, name=name))
    if len(found) != 1:
        count = f"{len(found)} installed packages add" if found else "no installed package adds"
        raise ConfigError(f"{count} a CRM driver called '{name}'", hint="install one, or remove all but one")
    try:
        opener = found[0].load()
    except (ImportError, AttributeError) as error:
        text = f"the CRM driver '{name}' cannot be loaded: {error}"
        raise ConfigError(text, hint=f"install {found[0].value.partition(':')[0]} again") from error
    driver: Driver = opener(settings, place)
    return driver
