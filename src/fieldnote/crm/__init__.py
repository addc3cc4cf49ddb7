"""Drivers that read a CRM's changes and write its fields and notes; `open_driver` gives the file's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.crm.types import Driver

if TYPE_CHECKING:
    from fieldnote.config import CrmSettings

__all__ = ["Driver", "open_driver"]


def open_driver(settings: CrmSettings) -> Driver:
    """The driver for the `crm` section of a file. Nothing is connected yet."""
    from fieldnote.crm.sql import SqlDriver  # noqa: PLC0415 - `mapping` reads `crm.types` without a database library

    write_url = settings.write_url.get_secret_value() if settings.write_url else None
    zone = settings.timezone if isinstance(settings.timezone, str) else None
    return SqlDriver(settings.url.get_secret_value(), write_url=write_url, timezone=zone)
