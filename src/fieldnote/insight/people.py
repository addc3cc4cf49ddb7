"""The people whom customers speak of, and whom `she` means."""

from __future__ import annotations

import re

from fieldnote.insight.roles import Talk, Turn

_SHE = (
    r"wife|girlfriend|mom|mother|mother-in-law|mother in law|daughter|sister|sister-in-law"
    r"|grandmother|grandma|aunt|niece|granddaughter|landlady|daughter-in-law|daughter in law"
)
_HE = (
    r"husband|hubby|boyfriend|dad|father|father-in-law|father in law|son|brother|brother-in-law"
    r"|grandfather|grandpa|uncle|nephew|grandson|son-in-law|son in law"
)
_THEY = (
    r"spouse|partner|fianc[e\u00e9]e?|better half|significant other|parents|folks|kids|landlord"
    r"|owner|owners|boss|manager|property manager|general manager|accountant|attorney|lawyer"
    r"|trustees?|roommate|business partner"
    r"|(?:hoa )?(?:board(?: of (?:trustees|directors))?|architectural (?:committee|board))"
    r"|hoa(?! (?:fees?|dues))|committee|condo association|association|council|cfo|ceo|coo"
    r"|vp(?: of \w+)?|president|controller|director(?: of \w+)?|purchasing(?: department)?"
    r"|procurement|corporate|head office|franchisor|facilities director|congregation|church board"
    r"|elders|in-laws"
)
RELATION = rf"(?:{_SHE}|{_HE}|{_THEY})(?!-in-law|[- ]in[- ]law)"
_PERSON = re.compile(rf"\b(?P<person>{RELATION})(?:'s)?\b")
PARTNERS = {
    "wife", "husband", "hubby", "spouse", "partner", "boyfriend", "girlfriend", "fiance", "fiancee",
    "fianc\u00e9", "fianc\u00e9e", "better half", "significant other",
}  # fmt: skip
_LOOK_BACK = 8
_OF_ANOTHER = re.compile(r"(?:\b(?:her|his|their)|\w's)\s+$")


def mentioned(folded: str) -> list[str]:
    """The relations in a text, in order: `wife`, `CFO`."""
    return [match["person"] for match in _PERSON.finditer(folded)]


def name_of(person: str) -> str:
    """How a value writes a person: `wife`, `HOA board`, `CFO`."""
    known = {
        "hubby": "husband",
        "better half": "spouse",
        "hoa": "HOA board",
        "hoa board": "HOA board",
        "mom": "mother",
        "dad": "father",
    }
    if person in known:
        return known[person]
    if person in {"cfo", "ceo", "coo"}:
        return person.upper()
    return re.sub(r"\b(hoa|vp)\b", lambda match: match[0].upper(), person)


def meant_by(talk: Talk, turn: Turn, pronoun: str, before: int) -> str | None:
    """Who `he`, `she` or `they` is: the last fitting person that customers, or the rep's question, named."""
    one = (
        r"spouse|partner|fianc[e\u00e9]e?|better half|landlord|owner|boss|manager|accountant|attorney"
        r"|lawyer|cfo|ceo|president|controller"
    )
    fits = {"she": f"{_SHE}|{one}", "her": f"{_SHE}|{one}", "he": f"{_HE}|{one}", "him": f"{_HE}|{one}"}.get(
        pronoun, _THEY
    )
    pattern = re.compile(rf"\b(?:(?:my|our|the|her|his|your)\s+)?(?P<person>{fits})\b")
    for earlier in reversed(talk.turns[max(0, turn.index - _LOOK_BACK) : turn.index + 1]):
        text = earlier.folded[:before] if earlier.index == turn.index else earlier.folded
        if earlier.by_rep and re.search(r"\bmy (?:wife|husband|mom|dad|son|daughter)\b", text):
            continue
        found = [m["person"] for m in pattern.finditer(text) if not _OF_ANOTHER.search(text[: m.start("person")])]
        if found:
            return name_of(found[-1])
    return _other_in_room(talk, turn, pronoun) or _by_title(turn, pronoun)


def _by_title(turn: Turn, pronoun: str) -> str | None:
    """Of whom Mrs. Chen speaks as `he`, where nobody else was named."""
    label = turn.speaker.casefold()
    if pronoun in {"he", "him"} and re.match(r"(?:mrs|wife)\b", label):
        return "husband"
    return "wife" if pronoun in {"she", "her"} and re.match(r"(?:mr|husband)\b", label) else None


def _other_in_room(talk: Talk, turn: Turn, pronoun: str) -> str | None:
    """The other customer who speaks, by label: beside Mr. Smith, `she` is the wife."""
    others = [speaker for speaker in talk.customers if speaker != turn.speaker]
    for speaker in others:
        label = speaker.casefold()
        if pronoun in {"she", "her"} and re.match(r"mrs\b|ms\b|wife|mother|mom|daughter", label):
            return "wife" if re.match(r"mrs|ms|wife", label) else label
        if pronoun in {"he", "him"} and re.match(r"mr\b|husband|father|dad|son", label):
            return "husband" if re.match(r"mr\b|husband", label) else label
    named = [
        s
        for s in others
        if re.fullmatch(r"[A-Z][a-z]+(?: [A-Z][a-z]+)?", s) and not re.match(r"Customer|Homeowner|Client|Speaker", s)
    ]
    return named[0].split()[0] if len(others) == 1 and named else None
