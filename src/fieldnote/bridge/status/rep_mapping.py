"""The CRM's reps beside Siro's users, as `fieldnote users` lists them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import source_of, stream_settings
from fieldnote.bridge.reps import Mapped, Rep, match, overrides_of
from fieldnote.bridge.session import Bridge
from fieldnote.errors import MappingError
from fieldnote.siro.models import User

_CHILDREN = ("engagementUsers", "opportunityUsers")


@dataclass(frozen=True, slots=True)
class RepMapping:
    """All reps, and the users whom no rep is taken for."""

    mapped: tuple[Mapped, ...]
    without_rep: tuple[User, ...]
    overrides_known: bool
    """Whether Siro says which reps a person has mapped by hand."""


async def map_reps(bridge: Bridge, *, limit: int | None = None) -> RepMapping:
    """Look at the rows of all streams (or the first `limit` of each), and at Siro's users."""
    reps = await asyncio.to_thread(collect_reps, bridge, limit)
    users = await bridge.remote.users()
    overrides = await overrides_of(bridge)
    found = tuple(match(rep, users, overrides or {}) for rep in sorted(reps.values(), key=lambda rep: rep.external_id))
    taken = {item.user.id for item in found if item.user}
    rest = tuple(user for user in users if user.id not in taken)
    return RepMapping(found, rest, overrides is not None)


def collect_reps(bridge: Bridge, limit: int | None = None) -> dict[str, Rep]:
    """The reps that rows name, by the CRM's id. Rows that cannot be mapped are another command's matter."""
    reps: dict[str, Rep] = {}
    for name, mapper in mappers_of(bridge).items():
        left = limit
        for page in bridge.crm.pages(source_of(name, stream_settings(bridge, name)), size=min(1000, limit or 1000)):
            for row in page.rows:
                try:
                    _note(reps, mapper.map(row).wire)
                except MappingError:
                    continue
            left = None if left is None else left - len(page.rows)
            if left is not None and left <= 0:
                break
    return reps


def _note(reps: dict[str, Rep], record: Mapping[str, Any]) -> None:
    for children in _CHILDREN:
        for child in record.get(children) or ():
            rep = reps.setdefault(child["externalId"], Rep(child["externalId"]))
            rep.email, rep.name = child.get("email") or rep.email, child.get("name") or rep.name
            rep.records += 1
