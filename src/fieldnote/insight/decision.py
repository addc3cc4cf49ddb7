"""Who decides: the customer alone, both together, somebody who is not in the room, a board."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum

from fieldnote.insight.evidence import Quote
from fieldnote.insight.people import PARTNERS, RELATION, meant_by, mentioned, name_of
from fieldnote.insight.questions import Topic, affirms, answers, asks, denies, reply_to
from fieldnote.insight.roles import Talk, Turn


class Says(IntEnum):
    """What a turn says about a person's part in the decision; the higher outweighs the lower."""

    ASKED = 1
    """Is asked first: `I have to run it by my wife`."""
    AGREES = 2
    """Must agree: `nothing happens without her`."""
    DECIDES = 3
    """Decides: `my husband handles that`."""


_WHO = (
    rf"((?:my|our|the|her|his|their|a)\s+(?:[a-z]+\s+)?(?:{RELATION})\b(?:\s+[a-z]+(?=\s+(?:signs"
    rf"|has|handles|decides|makes))\b)?|she|he|they|hoa(?: board)?|corporate)"
)
_OBJ = rf"((?:my|our|the|her|his|their)\s+(?:[a-z]+\s+)?(?:{RELATION})\b|her|him|them|corporate)"
_LEAD = (
    r"(?:'s|'ll|'d| is| will| would| really| usually| always| actually| also| pretty much| just"
    r"| kind of| has to| have to| needs? to| wants? to| gonna| going to| gets? to| got to"
    r"|'s got to|'s gonna|'s the one who|'s the one that|'s really| is the one who"
    r"| is the one that| are the ones who|'s who)*"
)

_PATTERNS: tuple[tuple[Says, re.Pattern[str]], ...] = tuple(
    (says, re.compile(pattern.replace("WHO", _WHO).replace("OBJ", _OBJ).replace("LEAD", _LEAD)))
    for says, pattern in (
        (
            Says.DECIDES,
            (
                r"\bWHOLEAD (?:handles?|decides?|makes? (?:all )?(?:the|that|those|these) (?:(?:final|big"
                r"|money|financial|house) )?(?:decisions?|calls?)|calls? the shots|controls? the|in charge"
                r"|wears? the pants|(?:has|have|got|gets) (?:the )?(?:final|last) (?:say|word|call)|runs the"
                r"|takes? care of (?:that|all that|the)|deals? with (?:that|the)|holds the|the (?:boss"
                r"|decision maker|decision-maker|primary|final word))"
            ),
        ),
        (
            Says.DECIDES,
            (
                r"\bWHOLEAD (?:the one )?(?:making|who makes|that makes) the (?:final )?(?:decision|call)"
                r"|\bWHO'?s? (?:really )?the one (?:you(?:'ve)? (?:gotta|got to|have to|need to) (?:convince"
                r"|sell|talk to)|that decides|who decides|making)"
            ),
        ),
        (
            Says.DECIDES,
            (
                r"\bWHO(?:'s)?(?: [a-z]+)? (?:has|have|got|'s got|holds?)(?: got)? (?:the "
                r"|a )?power of attorney|\b(?:it's|that's|it is|that is|it'd be|would be) (?:gonna be "
                r"|going to be |really |totally |all |actually )?(?:up to )?OBJ(?:'s)? (?:call|decision|choice"
                r"|house|money|department)\b|\b(?:up to|depends on|comes down to) OBJ(?! and i)\b"
            ),
        ),
        (
            Says.DECIDES,
            (
                r"\bWHOLEAD (?:signs off|votes|approves|has the (?:final )?(?:approval|authority)"
                r"|makes? the (?:final )?decision)\b"
            ),
        ),
        (
            Says.AGREES,
            (
                r"\bWHOLEAD (?:sign(?:s|ed)?|approve|okay|ok|agree|be on board|be (?:here|involved|part)"
                r"|go over|see (?:it|the|this|everything)|look (?:at|over)|weigh in|drive it|sign off|be okay"
                r"|be in|vote|give (?:the|his|her|their))\b"
            ),
        ),
        (
            Says.AGREES,
            (
                r"\b(?:without|unless) OBJ\b(?! (?:kitchen|bath|help|power|water|heat|roof|thing))"
                r"|\bunless WHO (?:says|agrees|approves|okays|signs|likes)|\b(?:go|goes|going|has to go"
                r"|have to go) (?:through|before|to) OBJ(?: first)?\b(?! (?:house|place|school))"
                r"|\bneeds? OBJ(?:'s)? (?:approval|sign-?off|okay|blessing|permission|signature|input)"
                r"|\b(?:the|that's) OBJ(?:'s)? (?:call|decision)|\bthe one who has to (?:approve|sign|okay)"
            ),
        ),
        (
            Says.ASKED,
            (
                r"\b(?:run|bring|take) (?:it|this|that|everything|the numbers|these) (?:by|past|to|home to"
                r"|back to) OBJ\b|\b(?:talk(?:ing)?|speak|check|consult|discuss|confer|go over|sit down|clear"
                r"|review|double check|huddle)(?:ed)? ?(?:it|this|that|about it|it over|this over|things"
                r"|things over|everything)? (?:to|with|by|past|over with) OBJ\b(?! (?:already|yesterday|last))"
                r"|\bask OBJ\b|\bsee what OBJ (?:says|thinks|wants)|\bshow (?:it|this|these"
                r"|that)? ?(?:to )?OBJ\b|\bget OBJ(?:'s)? (?:opinion|input|okay|blessing|thoughts|on board)"
                r"|\bhave OBJ (?:look|here|sign|see|approve)|\bWHO(?:'ll|'d| would| will"
                r"|'s going to)? (?:probably )?(?:want|need)s? to (?:see|look|know|weigh|go over|hear|be here"
                r"|talk|sign)"
            ),
        ),
    )
)
_JOINT = re.compile(
    r"\b(?:it's |it is |that's |it'd be |would be )?(?:both of us|the two of us|us both|we both"
    r"|both have to|both need to)\b(?! (?:work|like|love|want|grew|hate|have (?:jobs|colds"
    r"|allergies)))"
    r"|\bwe(?:'ll|'d| would| will| always| usually| like to| have to| kind of| make"
    r"| do)*(?: (?:make|decide|do|talk|sign|agree))+[^.?!]{0,30}\b(?:together|jointly|as a couple"
    r"|both|as a team)\b"
    r"|\b(?:together|jointly),? (?:we|she and i|he and i)\b"
    r"|\bneither of us\b[^.?!]{0,30}\bwithout\b|\b(?!(?:you|sister|brother|friend|neighbor|mom"
    r"|dad)\b)[a-z]+ and i (?:both |always |usually |just )?(?:decide|make|will|have to|need to"
    r"|together|sign)"
    rf"|\b(?:me|i|myself) and (?:my|the) (?:{RELATION})\b[^.?!]{{0,30}}(?:both|decide|together|sign"
    rf"|on board|make)|\bmy (?:{RELATION})(?: [a-z]+)? and (?:i|me|myself)\b(?! (?:bought|moved"
    rf"|were|are (?:looking|thinking|hoping)|have been|want|would like|went|saw|wanted|love|pooled"
    rf"|live|got|split the))[^.?!]{{0,40}}(?:both|decide|together|sign|own|make|would"
    rf"|already talked|agreed|talked about it|talked it over|$|\.)"
    r"|\bit's a (?:joint|team|family|mutual) (?:decision|effort|thing)|\bwe're (?:both"
    r"|the) (?:the )?(?:decision[- ]makers?|committee|on (?:the )?(?:title|deed))\b"
    r"|\byou're looking at (?:the committee|them|both)|\bwe (?:decide|make (?:that|those|these|all"
    r"|all our|our|the) decisions?) (?:on )?(?:things |stuff |everything |it |that )*(?:together"
    r"|as)"
)
_SOLE = re.compile(
    r"\b(?:it's |it is |that'd be |that's |would be |no,? )?(?:just|only) (?:me|myself"
    r"|one of me)\b(?!,? (?:and (?!(?:the|my|a) (?:cats?|dogs?|kids?|plants|goldfish))|or|being"
    r"|thinking))|\bi(?:'m| am) the (?:only|sole) (?:one|owner|decision[- ]maker|person)|\bi(?:'m"
    r"| am) the (?:decision[- ]maker|boss|one (?:who|that) (?:decides|makes|signs|has the))"
    r"|\b(?<!and )i (?:decide|make (?:all )?(?:the|my|those|these|that|all) (?:own )?(?:decisions?"
    r"|calls?)|call the shots|can sign|make my own decisions|get to decide|own (?:it|the (?:house"
    r"|place|building|home)) (?:outright|myself|alone|by myself))|\b(?:it's|that's) (?:my|all my"
    r"|100 percent my) (?:call|decision|house|choice|money)\b|\bup to me\b|\bmy call\b|\bi'?(?:ll"
    r"|'d)? ?(?:be the one|am the one)"
    r"|\bi do(?:n't)? (?:need (?:anybody|anyone)(?:'s|else)?|have to ask (?:anybody|anyone))"
    r"|\bnobody else\b|\bno one else\b|\b(?:it's|that's) all me\b|\bi live alone\b|\bby myself\b|\bso i decide\b"
    r"|\bon my own\b|\bi'm (?:a widow(?:er)?|divorced|single|widowed|a bachelor)\b|\b(?:she|he"
    r"|they) (?:doesn't|don't|won't) care\b|\b(?:leaves? (?:it|that|those|this|all of (?:it"
    r"|that)) (?:up )?to me|trusts me)"
)
_I_LEAD = re.compile(
    r"\bi (?:get|have|got|have got|'ve got) (?:the )?(?:last|final) (?:word|say|vote|call)"
    r"|\bi wear the pants"
)
_ME_TOO = re.compile(
    r"^(?:[-\s,.]|oh|well|um|uh|i guess|yeah|yep|that'd be|that would be)*(?:me|i do|i am|myself"
    r"|(?:just |all )?mine|both|both of us|us|us two|we both do|we do|we are|just me|the two of us|we decide)\b"
)
_RELATION_ANSWER = re.compile(
    rf"^(?:[-\s,.]|oh|well|um|uh|no|yeah|that's|that'd be|that would be|probably|honestly|it's"
    rf"|really|actually)*(?:my|our|the|her|his) (?:[a-z]+ )?(?:{RELATION})\b(?! and (?:i|me))"
)
_OBJECT_OF_WORK = re.compile(r"\b(?:picks?|chooses?|likes?|hates?) (?:the|out) (?:color|tile|paint)")


@dataclass(slots=True)
class _Findings:
    """What was said so far."""

    others: dict[str, Says] = field(default_factory=dict)
    joint: bool = False
    sole: str | None = None
    """The label of a customer who said to decide alone."""
    limit: str = ""
    quotes: list[Quote] = field(default_factory=list)

    def add(self, turn: Turn) -> None:
        if all(quote.index != turn.index for quote in self.quotes):
            self.quotes.append(Quote(turn.index, turn.text))


def find_decision_maker(talk: Talk) -> tuple[str, tuple[Quote, ...]] | None:
    """Who decides, in a short phrase; None if nobody said."""
    waiting, found = answers(talk), _Findings()
    for turn in talk.turns:
        if turn.by_rep:
            _from_question(talk, turn, found)
        else:
            _from_customer(talk, turn, waiting[turn.index], found)
    value = _phrase(talk, found)
    return (value, tuple(found.quotes)) if value else None


def _from_customer(talk: Talk, turn: Turn, waiting: dict[Topic, int], found: _Findings) -> None:
    text = turn.folded
    joint, sole = bool(_JOINT.search(text)), bool(_SOLE.search(text) or _I_LEAD.search(text))
    if Topic.DECISION in waiting and (short := _ME_TOO.match(text)):
        joint |= re.search(r"\b(?:us|we|both)\b", short[0]) is not None
        sole |= not joint and not re.match(r"\W*(?:oh|well|no|yeah)*\W*i (?:am|do)\b.*\bbut\b", text)
    people = _people(talk, turn)
    if waiting.get(Topic.DECISION) == 0 and not people and (answer := _RELATION_ANSWER.match(text)):
        people[name_of(mentioned(answer[0])[-1])] = Says.DECIDES
    if joint or sole or people:
        found.add(turn)
    found.joint |= joint
    found.sole = turn.speaker if sole else found.sole
    if len(talk.customers) > 1 and _I_LEAD.search(text):
        people[turn.speaker] = Says.DECIDES
        found.add(turn)
    for person, says in people.items():
        found.others[person] = max(says, found.others.get(person, says))
    if people and (
        limit := re.search(r"\b(?:over|above|more than) ((?:\$ ?)?[\d,]+k?|[a-z-]+ (?:thousand|grand|hundred))\b", text)
    ):
        found.limit = limit[1]


def _people(talk: Talk, turn: Turn) -> dict[str, Says]:
    """The others whom a turn gives a part in the decision."""
    people: dict[str, Says] = {}
    for says, pattern in _PATTERNS:
        for match in pattern.finditer(turn.folded):
            if (
                (who := next(filter(None, match.groups()), None)) is None
                or _is_denied(turn.folded, match.start())
                or _OBJECT_OF_WORK.search(match[0])
            ):
                continue
            named = mentioned(who)
            person = name_of(named[-1]) if named else meant_by(talk, turn, who, match.start())
            if person and says > people.get(person, 0):
                people[person] = says
    return people


def _is_denied(folded: str, at: int) -> bool:
    return bool(
        re.search(
            r"\b(?:don't|do not|didn't|no need to|won't|not|doesn't) (?:need to |have to |really |want to )*$",
            folded[max(0, at - 30) : at],
        )
    )


_ASKS_FOR_OTHERS = re.compile(r"\b(?:anyone|anybody|someone|somebody|who) else\b|\banyone\b|\banybody\b|\bwho\b")
_ASKS_BOTH = re.compile(
    r"\b(?:both|two) of you\b|\byou two\b|\byou (?:guys )?both\b|\byou and (?:your )?[a-z]+\b"
    r"|\byou (?:guys )?.{0,20}together\b|\byou're both\b|\bas a (?:team|couple|family)\b"
)
_ASKS_ALONE = re.compile(
    r"\b(?:just|only) you\b|\byour (?:own )?(?:house|decision|call)\b|\bby yourself\b|\bon your own\b"
    r"|\byou (?:the|are the|'re the) (?:only|sole|decision)|\byou make the call\b|\byou the one\b|\bonly owner\b"
    r"|\byou're the (?:only|decision)"
)


def _from_question(talk: Talk, turn: Turn, found: _Findings) -> None:
    """`So it's the two of you that decide?` `Yeah.` Or `Anyone else involved?` `No.`"""
    reply = reply_to(talk, turn.index)
    if reply is None or Topic.DECISION not in asks(turn):
        return
    text = turn.folded
    if _ASKS_FOR_OTHERS.search(text):
        if denies(reply) and not mentioned(reply.folded) and found.sole is None:
            found.sole = reply.speaker
            found.add(reply)
        return
    if not affirms(reply) or denies(reply):
        return
    if _ASKS_BOTH.search(text):
        found.joint = True
    elif _ASKS_ALONE.search(text):
        found.sole = reply.speaker
    elif people := [person for person in mentioned(text) if re.search(rf"\byour {person}\b", text)]:
        found.others.setdefault(name_of(people[-1]), Says.AGREES)
    else:
        return
    found.add(reply)


# --- the phrase -----------------------------------------------------------------------------------------


def _phrase(talk: Talk, found: _Findings) -> str:
    ranked = sorted(found.others.items(), key=lambda item: -item[1])
    if found.joint:
        return _together(talk, ranked, found)
    if ranked:
        return _with_others(talk, ranked, found)
    if found.sole is not None:
        alone = len(talk.customers) < 2
        return "Customer alone, the sole decision maker" if alone else f"{found.sole}, the sole decision maker"
    return ""


def _together(talk: Talk, ranked: list[tuple[str, Says]], found: _Findings) -> str:
    both = "Both homeowners present" if len(talk.customers) > 1 else "Both decide together"
    partner = next((person for person, _ in ranked if person in PARTNERS), None) or _partner(talk, found.quotes)
    if len(talk.customers) > 1:
        both += ", decide together"
    elif partner:
        both = f"Customer and {partner} decide together"
    first = ranked[0] if ranked else None
    return f"{both}, {first[0]} is primary" if first and first[1] is Says.DECIDES else both


def _partner(talk: Talk, quotes: list[Quote]) -> str | None:
    """The other of the two: as wife or husband, else by name, as in `Dale and I decide`."""
    said = [
        p
        for turn in talk.turns
        if not turn.by_rep
        for p in mentioned(turn.folded)
        if p in PARTNERS and re.search(rf"\bmy {p}\b", turn.folded)
    ]
    if said:
        return name_of(said[-1])
    joined = [
        p
        for quote in quotes
        for p in mentioned(quote.text.lower())
        if re.search(rf"\bmy {p} and (?:me|i|myself)\b", quote.text.lower())
    ]
    if joined:
        return name_of(joined[-1])
    names = [match[1] for quote in quotes for match in re.finditer(r"\b([A-Z][a-z]+) and I\b", quote.text)]
    return next((name for name in names if name not in {"And", "She", "He", "You", "They", "So", "But"}), None)


def _with_others(talk: Talk, ranked: list[tuple[str, Says]], found: _Findings) -> str:
    person, says = ranked[0]
    name = person[:1].upper() + person[1:]
    limit = f" over {found.limit}" if found.limit else ""
    words = {
        Says.DECIDES: f"{name} decides{limit}",
        Says.AGREES: f"{name} must agree{limit}",
        Says.ASKED: f"Customer, after talking with {person}",
    }[says]
    if found.sole is not None and says is not Says.ASKED:
        words = f"Customer decides, {person} must agree" if says is Says.AGREES else words
    elif found.sole is not None:
        words = f"Customer decides, after talking with {person}"
    return words if _is_present(talk, person) or person not in PARTNERS else f"{words}, not present"


def _is_present(talk: Talk, person: str) -> bool:
    if len(talk.customers) > 1:
        return True
    return any(
        re.search(
            rf"\b(?:this is my {person}|my {person} (?:is|'s) (?:right here|here|upstairs|in the))\b", turn.folded
        )
        for turn in talk.turns
        if not turn.by_rep
    )
