"""Who the CRM's reps are in Siro: by a person's word, else by email, else by full name, else nobody.

A recording belongs to a Siro user, an appointment to a rep of the CRM. Where the two do not meet, nothing of that
rep is ever linked, so this is the first thing to look at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fieldnote.bridge.session import Bridge
from fieldnote.matching.people import email_key, name_key
from fieldnote.siro.errors import Forbidden, NotFound
from fieldnote.siro.models import User


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
