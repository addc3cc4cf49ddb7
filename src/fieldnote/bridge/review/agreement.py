"""How often people agree with what is proposed, over time, and when a field may move to its next stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text

from fieldnote.bridge.review.proposals import Agreement, agreement
from fieldnote.bridge.session import Bridge
from fieldnote.config import Policy

ENOUGH: Final = 20
"""Decisions from which a share says something."""
_NEXT: Final = {Policy.SHADOW: (Policy.PROPOSE, 0.8), Policy.PROPOSE: (Policy.UPDATE, 0.95)}
"""The next stage of a policy, and the share of agreement that speaks for it."""
WEEKS: Final = 12


@dataclass(frozen=True, slots=True)
class Week:
    """The decisions of one week."""

    monday: date
    agreed: int
    decided: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.agreed / self.decided


@dataclass(frozen=True, slots=True)
class FieldAgreement:
    """One field of the file: its decisions, and what they speak for."""

    counts: Agreement
    extraction: str | None
    policy: str | None
    """None: the file does not name the field any more."""
    weeks: tuple[Week, ...]
    """The oldest first; weeks without a decision are left out."""
    advice: str | None
    """A proposal in words; None: too few decisions, or nothing to propose."""


async def agreement_by_field(bridge: Bridge) -> list[FieldAgreement]:
    """The agreement of each field that ever had a proposal."""
    counted = await agreement(bridge)
    weeks: dict[tuple[str, str, str], list[Week]] = {}
    async with bridge.engine.connect() as conn:
        for row in await conn.execute(_WEEKS, {"connection": bridge.name, "weeks": WEEKS}):
            place = (row.model, row.table_name, row.column_name)
            weeks.setdefault(place, []).append(Week(row.monday, row.agreed, row.decided))
    found = []
    for counts in counted:
        extraction, policy = _settings(bridge, counts)
        own = tuple(weeks.get((counts.model, counts.table, counts.column), ()))
        found.append(FieldAgreement(counts, extraction, policy, own, advise(counts, policy, own)))
    return found


def advise(counts: Agreement, policy: str | None, weeks: Sequence[Week]) -> str | None:
    """Whether the field may move to its next stage, in words. Pure."""
    decided = counts.agreed + counts.changed + counts.rejected
    if policy not in {Policy.SHADOW, Policy.PROPOSE} or decided < ENOUGH or counts.share is None:
        return None
    following, enough = _NEXT[Policy(policy)]
    agreed = f"people agreed with {counts.agreed} of {decided} values"
    if counts.share >= enough and all(week.share >= enough - 0.1 for week in weeks[-2:]):
        return (
            f"{agreed[:1].upper()}{agreed[1:]}. The field may move from `{policy}` to `{following.value}` in the file."
        )
    return f"Keep `{policy}`: {agreed}; {enough:.0%} are needed for `{following.value}`."


def _settings(bridge: Bridge, counts: Agreement) -> tuple[str | None, str | None]:
    targets = bridge.config.pull.targets() if bridge.config.pull else {}
    target = targets.get(counts.model)
    if target is not None and target.table == counts.table:
        for name, settings in target.extractions():
            if settings.to == counts.column:
                return name, settings.policy.value
    return None, None


_WEEKS: Final = text("""
    select model, table_name, column_name, date_trunc('week', closed_at at time zone 'UTC')::date as monday,
           count(*) filter (where state in ('approved', 'matched')) as agreed, count(*) as decided
    from proposals
    where connection = :connection and state in ('approved', 'matched', 'edited', 'differed', 'rejected')
      and closed_at > now() - make_interval(weeks => :weeks)
    group by 1, 2, 3, 4 order by 1, 2, 3, 4
""")
