"""Conversations in customers' homes, written for the demo: no real person said any of it.

Nothing in them depends on the day: "next spring" and "within three weeks" are right whenever they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from fieldnote.insight.readers.dates import words
from fieldnote.insight.readers.times import find_times
from fieldnote.insight.words import fold

REP = "{rep}"
"""Stands in the files where the rep's first name belongs."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, and what a person who listens to it would write down."""

    key: str
    file: str
    """Its file beside this module; the ending tells the format."""
    trade: str
    """The project, as a deal would be called: `roof replacement`."""
    customer_name: str
    """As the CRM would have it: first name and surname. The surname is spoken or is the speaker's."""
    expected: Mapping[str, str]
    """The four fields by their names; fields that were not mentioned are absent. Times are without a known day."""

    @property
    def path(self) -> Traversable:
        return files(__name__).joinpath(self.file)

    def read(self, rep_name: str = "Rep") -> bytes:
        """The transcript as a file would hold it, spoken by the rep of this name."""
        first = rep_name.split(maxsplit=1)[0] if rep_name.strip() else "Rep"
        return self.path.read_bytes().replace(REP.encode(), first.encode())

    def expected_at(self, started_at: datetime) -> dict[str, str]:
        """`expected` for a conversation of that day: seasons, months and years are numbers."""
        answers = dict(self.expected)
        if "Timeline" in answers and (times := find_times(fold(answers["Timeline"]))):
            answers["Timeline"] = words(times[0], started_at.date())
        return answers


def _conversation(key: str, ending: str, trade: str, customer_name: str, **expected: str) -> Conversation:
    answers = {name.replace("_", " "): value for name, value in expected.items()}
    return Conversation(key, f"{key}.{ending}", trade, customer_name, MappingProxyType(answers))


CONVERSATIONS: tuple[Conversation, ...] = (
    _conversation(
        "roof_thackeray", "txt", "roof replacement", "Ruth Thackeray",
        Budget="$24,000 - $28,000",
        Timeline="Next spring",
        Decision_Maker="Both homeowners decide together",
        Objections=(
            'Price too high: "That\'s more than we wanted to spend."; '
            'Wants to compare other quotes: "I also have to tell you we\'re getting two other quotes."'
        ),
    ),
    _conversation(
        "roof_thackeray_again", "txt", "roof replacement", "Ruth Thackeray",
        Budget="Up to $30,000",
        Timeline="Within 3 weeks",
        Decision_Maker="Both decide together: Dale and Mrs. Thackeray",
        Objections=(
            'Financing or the interest rate: "I don\'t want to finance at that."; '
            'Mess and dust: "The dog\'s got soft feet, I am worried about nails in the yard."'
        ),
    ),
    _conversation(
        "kitchen_villanueva", "txt", "kitchen remodel", "Marisol Villanueva",
        Budget="Around $62,000",
        Timeline="In about 6 weeks",
        Decision_Maker="Both decide together: Marisol and Hector",
        Objections=(
            'Mess and dust: "My big worry is the dust."'
        ),
    ),
    _conversation(
        "windows_kimura", "json", "window replacement", "Aiko Kimura",
        Budget="$275 per month",
        Timeline="Within 3 weeks",
        Decision_Maker="Husband decides",
        Objections=(
            'Financing or the interest rate: "No, that interest rate is too high for me."; '
            'Mess and dust: "The piano can\'t have dust."; '
            'Needs to think about it: "I need to think about it, too."'
        ),
    ),
    _conversation(
        "siding_jankowski", "vtt", "siding", "Stefan Jankowski",
        Budget="Up to $32,000",
        Timeline="By the end of next month",
        Decision_Maker="Mr. Jankowski alone",
        Objections=(
            '"I\'m not getting on a ladder and I\'m not paying some kid to."; '
            'Price too high: "That\'s over my budget."; '
            'HOA approval: "But the HOA has to approve the color, the architectural board."; '
            'Worried: "It took the man two months to get an answer, so that\'s what I\'m worried about, the HOA."'
        ),
    ),
    _conversation(
        "hvac_oduya", "srt", "heat pump", "Ngozi Oduya",
        Budget="$12,500",
        Timeline="As soon as possible",
        Decision_Maker="Ms. Oduya alone",
        Objections=(
            'Noise: "Is it loud?"'
        ),
    ),
    _conversation(
        "gutters_winslow", "txt", "gutter replacement", "Peter Winslow",
        Timeline="In 2 weeks",
        Decision_Maker="Mr. Winslow alone",
        Objections=(
            'Price: others are cheaper: "My brother in Omaha paid eleven hundred but that was ten years ago."; '
            'Bad experience with a contractor: "The last guy who did work here took a nine hundred dollar deposit '
            'for the fence and never came back."'
        ),
    ),
    _conversation(
        "deck_fontaine", "txt", "deck", "Simone Fontaine",
        Budget="$35,000",
        Decision_Maker="Both decide together: Luc and Simone",
        Objections=(
            'Worried: "If you take the old deck out there\'s a gap to the street, I\'m worried about the dog getting '
            'out."'
        ),
    ),
    _conversation(
        "bath_petrov", "txt", "bathroom remodel", "Nadia Petrov",
        Budget="$18,000 - $20,000",
        Timeline="Next month",
    ),
)  # fmt: skip


def load() -> tuple[Conversation, ...]:
    """All conversations; the first two are two visits on one deal."""
    return CONVERSATIONS
