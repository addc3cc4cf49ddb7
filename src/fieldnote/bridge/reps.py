"""Maps the CRM's reps to Siro's users: by a person's choice, else by email, else by full name.

A recording belongs to a Siro user, an appointment to a rep of the CRM. Without a mapping, no recording
of that rep is ever linked, so check this first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text

from fieldnote.bridge.session import Bridge
from fieldnote.matching.people import email_key, name_key
from fieldnote.siro.errors import Forbidden, NotFound
from fieldnote.siro.models import User


class MappingMethod(StrEnum):
    """How a rep was found among Siro's users."""

    OVERRIDE = "override"
    """By a person's choice in Siro."""
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
    """The number of rows that name them."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A rep, and the Siro user that they are mapped to."""

    rep: Rep
    method: MappingMethod
    user: User | None
    why: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "externalId": self.rep.external_id,
            "email": self.rep.email,
            "name": self.rep.name,
            "records": self.rep.records,
            "way": self.method.value,
            "siroUserId": self.user.id if self.user else None,
            "siroEmail": self.user.email if self.user else None,
            "siroName": self.user.full_name if self.user else None,
            "why": self.why,
        }


def match(rep: Rep, users: Sequence[User], overrides: Mapping[str, str]) -> Mapped:
    """Map a rep to a user. Two users that fit are none: a guess would accuse the wrong person."""
    by_id = {user.id: user for user in users}
    by_email = _unique(users, lambda user: email_key(user.email)).get(email_key(rep.email) or "-")
    key = name_key(rep.name)
    namesakes = [user for user in users if key and name_key(user.full_name) == key]
    natural = by_email or (namesakes[0] if len(namesakes) == 1 else None)
    chosen = by_id.get(overrides.get(rep.external_id, ""))
    if chosen is not None and (natural is None or chosen.id != natural.id):
        return Mapped(rep, MappingMethod.OVERRIDE, chosen, "mapped by a person")
    if by_email is not None:
        return Mapped(rep, MappingMethod.EMAIL, by_email, "same email")
    if natural is not None:
        return Mapped(rep, MappingMethod.NAME, natural, "same full name")
    return Mapped(rep, MappingMethod.NONE, None, _why_nobody(rep, key, namesakes))


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
    """The Siro user that each rep is mapped to by a person, by the CRM's id; None where neither side has a mapping.

    A choice that was made here counts before Siro's.
    """
    in_siro, here = await _overrides_in_siro(bridge), await _chosen_here(bridge)
    return None if in_siro is None and not here else (in_siro or {}) | here


async def _chosen_here(bridge: Bridge) -> dict[str, str]:
    async with bridge.engine.connect() as conn:
        rows = await conn.execute(_CHOSEN, {"connection": bridge.name})
        return {row.rep_id: row.user_id for row in rows}


async def _overrides_in_siro(bridge: Bridge) -> dict[str, str] | None:
    """None where Siro does not say."""
    found: dict[str, str] = {}
    complete = False
    try:
        async for item in bridge.remote.client.external_users.list():
            if "user_id" in item.model_fields_set:
                complete = True
                if item.external_id and item.user_id:
                    found[item.external_id] = item.user_id
    except (NotFound, Forbidden):
        return None
    return found if complete else None


_CHOSEN: Final = text("""
    select rep_id, user_id from rep_choices where connection = :connection and user_id is not null
""")
