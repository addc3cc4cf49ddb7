"""A CRM driver for Fieldnote. `crm: {driver: jsoncrm, folder: data}` reads and writes `data/TABLE.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsoncrm.driver import JsonCrm

if TYPE_CHECKING:
    from fieldnote.config import CrmSettings
    from fieldnote.crm import Driver, Place

__all__ = ["JsonCrm", "open_driver"]


def open_driver(settings: CrmSettings, place: Place) -> Driver:
    """The driver for the `crm` section of a file. Its keys of its own are in `options`."""
    return JsonCrm(place.folder / str((settings.options or {}).get("folder", "data")))
