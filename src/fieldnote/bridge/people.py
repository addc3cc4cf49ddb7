"""Who the CRM's reps are in Siro: by a person's word, else by email, else by full name, else nobody.

A recording belongs to a Siro user, an appointment to a rep of the CRM. Where the two do not meet, nothing of that
rep is ever linked, so this is the first thing to look at.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fieldnote.bridge.context import Bridge
from fieldnote.bridge.push.reading import source_of, stream_settings
from fieldnote.bridge.push.run import mappers_of
from fieldnote.errors import MappingError
from fieldnote.matching.people import email_key, name_key
from fieldnote.siro.errors import Forbidden, NotFound
from fieldnote.siro.models import User

_CHILDREN = ("engagementUsers", "opportunityUsers")


class Way(StrEnum):
    """By what a rep was found among Siro's users."""

    OVERRIDE = "override"
    """A person said so, in Siro."""
    EMAIL = "email"
    NAME = "name"
    """By full name; the emails differ, or one is missing."""
    NONE = "none"


@dataclass(slots=True)
class Rep:
    """A rep as the CRM's rows name them."""

    external_id: str
    email: str | None = None
    name: str | None = None
    records: int = 0
    """On how many rows they are."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A rep beside the Siro user that they are taken for."""

    rep: Rep
    way: Way
    user: User | None
    why: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "externalId": self.rep.external_id,
            "email": self.rep.email,
            "name": self.rep.name,
            "records": self.rep.records,
            "way": self.way.value,
            "siroUserId": self.user.id if self.user else None,
            "siroEmail": self.user.email if self.user else None,
            "siroName": self.user.full_name if self.user else None,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class People:
    """All reps, and the users whom no rep is taken for."""

    mapped: tuple[Mapped, ...]
    without_rep: tuple[User, ...]
    overrides_known: bool
    """Whether Siro told which reps a person has mapped by hand."""


async def people(bridge: Bridge, *, limit: int | None = None) -> People:
    """Look at the rows of all streams (or the first `limit` of each), and at Siro's users."""
    reps = await asyncio.to_thread(gather, bridge, limit)
    users = await bridge.remote.users()
    overrides = await overrides_of(bridge)
    found = tuple(match(rep, users, overrides or {}) for rep in sorted(reps.values(), key=lambda rep: rep.external_id))
    taken = {item.user.id for item in found if item.user}
    rest = tuple(user for user in users if user.id not in taken)
    return People(found, rest, overrides is not None)


def gather(bridge: Bridge, limit: int | None = None) -> dict[str, Rep]:
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


def match(rep: Rep, users: Sequence[User], overrides: Mapping[str, str]) -> Mapped:
    """Whom a rep is taken for. What fits two users fits nobody: a guess accuses the wrong person."""
    by_id = {user.id: user for user in users}
    by_email = _unique(users, lambda user: email_key(user.email)).get(email_key(rep.email) or "-")
    key = name_key(rep.name)
    namesakes = [user for user in users if key and name_key(user.full_name) == key]
    natural = by_email or (namesakes[0] if len(namesakes) == 1 else None)
    told = by_id.get(overrides.get(rep.external_id, ""))
    if told is not None and (natural is None or told.id != natural.id):
        return Mapped(rep, Way.OVERRIDE, told, "mapped by a person")
    if by_email is not None:
        return Mapped(rep, Way.EMAIL, by_email, "same email")
    if natural is not None:
        return Mapped(rep, Way.NAME, natural, "same full name")
    return Mapped(rep, Way.NONE, None, _why_nobody(rep, key, namesakes))


def _why_nobody(rep: Rep, key: str, namesakes: Sequence[User]) -> str:
    if len(namesakes) > 1:
        return f"{len(namesakes)} users have this name: give the rep the email of one of them"
    if not rep.email and not key:
        return "the rows give neither an email nor a full name"
    return "no user has this email or full name"


def _unique(users: Iterable[User], key: Any) -> dict[str, User]:
    groups: defaultdict[str, list[User]] = defaultdict(list)
    for user in users:
        groups[key(user)].append(user)
    return {name: found[0] for name, found in groups.items() if name and len(found) == 1}


async def overrides_of(bridge: Bridge) -> dict[str, str] | None:
    """Which Siro user each rep is mapped to, by the CRM's id; None where Siro does not tell."""
    found: dict[str, str] = {}
    told = False
    try:
        async for item in bridge.remote.client.external_users.list():
            if isinstance(item, dict) and "userId" in item:
                told = True
                if item.get("externalId") and item["userId"]:
                    found[str(item["externalId"])] = str(item["userId"])
    except (NotFound, Forbidden):
        return None
    return found if told else None
