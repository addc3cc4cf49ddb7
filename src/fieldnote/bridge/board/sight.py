"""Which rows of the board a person sees. Every read of the console takes a `Sight`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Sight:
    """The part of a connection that one person sees."""

    reps: frozenset[str] | None
    """CRM ids of reps; None: all. A row without a rep is seen by those who see all."""
    private_words: bool
    """Whether words of private recordings are seen, and those of which it is not known."""

    @property
    def values(self) -> dict[str, Any]:
        """The bound value of the conditions below."""
        return {"reps": None if self.reps is None else sorted(self.reps)}

    def reads(self, *, is_private: bool | None) -> bool:
        """Whether the words of a recording are seen. Not known is private."""
        return self.private_words or is_private is False


EVERYTHING: Final = Sight(reps=None, private_words=True)
"""For the command line: its user can read the database anyway."""


def of_records(alias: str) -> str:
    """The SQL condition on rows of `board_records`."""
    return f"(cast(:reps as text[]) is null or {alias}.rep_id = any(cast(:reps as text[])))"


def of_recordings(alias: str) -> str:
    """The SQL condition on rows of `recordings` and `board_recordings`: those whom one of the reps recorded."""
    return f"""(cast(:reps as text[]) is null or {alias}.user_id = any(array(
        select own.user_id from board_reps own
         where own.connection = :connection and own.rep_id = any(cast(:reps as text[])))))"""  # noqa: S608
