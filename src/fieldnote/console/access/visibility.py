"""The view of one person. Every page, stream and audio address reads through `visible_to`."""

from __future__ import annotations

from dataclasses import dataclass

from fieldnote.bridge.board.sight import Sight
from fieldnote.console.access.roles import Role, Viewer


@dataclass(frozen=True, slots=True)
class Visible:
    """The reps whose visits a person sees, and the recordings whose words."""

    reps: frozenset[str] | None
    """CRM ids of reps; None: all, also visits and recordings without a rep."""
    private_words: bool
    """Whether the words and the audio of recordings that are private, or may be, are shown."""

    @property
    def sight(self) -> Sight:
        """The same, for the reads of the board."""
        return Sight(self.reps, self.private_words)

    @property
    def rep_list(self) -> list[str] | None:
        """The reps as a query binds them."""
        return None if self.reps is None else sorted(self.reps)

    def has(self, rep_id: str | None) -> bool:
        """Whether visits of this rep are seen. Those without a rep are for who sees all."""
        return self.reps is None or (rep_id is not None and rep_id in self.reps)

    def words_of(self, is_private: bool | None) -> bool:
        """Whether the words of a recording are shown. `is_private` is None until Siro says."""
        return self.private_words or is_private is False


def visible_to(viewer: Viewer) -> Visible:
    """This person's view."""
    return Visible(viewer.rep_ids, private_words=viewer.role is Role.ADMIN)
