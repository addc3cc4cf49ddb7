"""The reps who do not use Siro, as the file names them, or a column of the CRM."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sqlalchemy import text

from fieldnote.bridge.session import Bridge
from fieldnote.config.people import IgnoredRows
from fieldnote.crm.types import Source, external_id
from fieldnote.errors import CrmError

log = logging.getLogger(__name__)


async def ignored_reps(bridge: Bridge) -> set[str]:
    """Their CRM ids and emails, in small letters: those of the file, and those that a person declared here.

    Never raises because of the CRM: then its column does not count.
    """
    async with bridge.engine.connect() as conn:
        declared = {str(one).casefold() for one in await conn.scalars(_DECLARED, {"connection": bridge.name})}
    return declared | await ignored_in_file(bridge)


async def ignored_in_file(bridge: Bridge) -> set[str]:
    """Those that the file names, or the CRM's column."""
    ignore = bridge.config.people.ignore
    if not isinstance(ignore, IgnoredRows):
        return {name.casefold() for name in ignore}
    try:
        return await asyncio.to_thread(_read, bridge, ignore)
    except CrmError as error:
        log.warning("ignored_reps_unknown", extra={"reason": error.message})
        return set()


def _read(bridge: Bridge, ignore: IgnoredRows) -> set[str]:
    """Every value of the column; one that comes twice is a problem of no stream here."""
    source = Source("people.ignore", ignore.column, ignore.query, ignore.table)
    found: set[str] = set()
    for page in bridge.crm.pages(source):
        found.update(problem.key for problem in page.problems if problem.key is not None)
        for row in page.rows:
            found.update(external_id(value) for name, value in row.items() if name.casefold() == _folded(ignore))
    return {name.casefold() for name in found}


def _folded(ignore: IgnoredRows) -> str:
    return ignore.column.strip('"`[]').casefold()


_DECLARED: Final = text("select rep_id from rep_choices where connection = :connection and ignored")
