"""The decision makers: the customer alone, both together, or somebody else whose word is needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import (
    Answer,
    affirms,
    answers,
    is_hypothetical,
    is_near_the_sale,
    is_short,
    reply_to,
)
from fieldnote.insight.local.options import Option, likeliest, recurring, scored
from fieldnote.insight.local.topics import Topic, asks_about
from fieldnote.insight.local.turn_scores import Subject, TurnScores
from fieldnote.insight.readers.people import PARTNERS, RELATION, name_of
from fieldnote.insight.stems import words
from fieldnote.insight.talk.turns import Sentence, Talk, Turn
from fieldnote.insight.words import fold


class _Part(IntEnum):
    """A sentence's statement about somebody's part; the higher outweighs the lower."""

    NAMED = 0
    ASKED = 1
    AGREES = 2
    ALONE = 3
    BOTH = 3
    DECIDES = 4


@dataclass(frozen=True, slots=True)
class _Statement:
    part: _Part
    who: str
    """`alone`, `both`, a relation or a name."""
    sentence: Sentence
    question: Sentence | None = None
    name: str = ""


_POSSESSIVE = r"(?:my|our|the|her|his)"
_NP = rf"{_POSSESSIVE} (?:\w+ )?(?:{RELATION})\b(?:,? [a-z]+(?=,? (?:has|handles|decides|makes|signs|votes)))?"
_WHO = rf"(?P<who>{_NP}|she|he|they|corporate)"
_LEAD = (
    r"(?:,|'s|'ll|'d|\b(?:is|are|will|would|really|usually|always|actually|also|pretty much|just|kind of|has to"
    r"|have to|needs? to|wants? to|gets? to|going to|gonna"
    r"|the one (?:who|that)|the one|the ones (?:who|that)|who|is who)\b|\s)*"
)
_DECIDES = re.compile(
    rf"\b{_WHO}{_LEAD}\b(?:handles? (?:the (?:money|bills|books|finances|budget)|all|that|this|it|those|these"
    r"|everything)|takes? care of (?:that|this|all|it|those|the (?:money|bills|finances))|decides?|deciding"
    r"|mak(?:e|es|ing) (?:\w+ ){1,3}(?:decisions?|calls?)|calls? the shots|in charge|wears? the pants|(?:has|have"
    r"|gets?|got) (?:the |a )?(?:\w+ )?(?:say|word|vote|power of attorney)|holds the purse|the (?:boss"
    r"|decision[- ]maker|brains)"
    r"|signs? (?:off|the|everything|it all)|approves? (?:anything|everything|it|all|every)|votes?\b"
    r"|looks at everything|runs the (?:money|budget|books|house)|you(?:'ve)? (?:gotta|got to|have to"
    r"|need to) (?:convince|sell|talk to))"
    r"|\b(?:it's|that's|it is|it'd be|it'll be|would be|will be) (?:really |all |actually |gonna be "
    rf"|totally )?(?P<whose>{_NP}|her|his|their)(?:'s)? (?:call|decision|choice|house|money|department)\b"
    rf"|\b(?:up to|depends on|comes down to) (?P<upto>{_NP}|her|him|them)\b"
)
_AGREES = re.compile(
    rf"\b{_WHO}{_LEAD}(?:has|have|had|needs?|must|got|gotta|wants?|will want|would have|'d have|going to want"
    r"|gonna want)(?: to)? (?:\w+ )?(?:sign|approve|okay|ok|agree|be on board|see (?:it|this|the|everything)"
    r"|look (?:at|over)|weigh in|vote|say yes|a say|be part)"
    rf"|\b(?:don't|can't|cannot|won't|nothing|not|wouldn't|never|neither|unless)\b[^.?!]{{0,45}}\b(?:without"
    rf"|unless) (?P<without>{_NP}|her|him)\b"
    rf"|\bneeds? (?P<needs>{_NP}|her|his)(?:'s)? (?:approval|okay|blessing|permission|signature|sign-?off)"
    r"|\b(?:go|goes|going|run) (?:through|before|past|by) (?P<through>the board|the committee"
    r"|the trustees|corporate)\b"
)
_ASKED = re.compile(
    r"\b(?:need|have|want|got|gotta|ought|should|'d|would|like|going|gonna|let me|i'll|we'll"
    rf"|i'm)\b(?: \w+){{0,3}} (?:talk|talking|speak|check|consult|discuss|go over|sit down|run|show|ask|huddle|bring"
    rf"|see what)\b(?: \w+){{0,5}}? (?P<asked>{_NP})\b"
    rf"|\b(?:ask|check with|talk to|talk with|run (?:it|this|that) (?:by|past)) (?P<ask>{_NP})\b(?= (?:first|about"
    r"|before)|[.,]|$)"
)
_BOTH = re.compile(
    r"\b(?:we|she and i|he and i|\w+ and i|both of us|the two of us|us two)(?:'ll|'d| \w+){0,5} (?:together|jointly"
    r"|as a team|as a couple)\b|\b(?:both of us|we both|us both) (?:\w+ ){0,2}(?:decide|do|sign|agree|have to|need to"
    r"|talked|make|own)"
    r"|\b(?:joint|team|family|mutual) (?:decision|effort|thing)\b|\bwe're both (?:the )?decision"
    r"|\bneither of us\b[^.?!]{0,40}\bwithout\b|\b(?:it's|it'd be|this is) (?:both of us|the two of us|us two"
    r"|her and me|him and me|me and (?:her|him|my \w+))\b"
    r"|\b(?:his|her) (?:house|home|place) (?:too|as much as mine)\b|\bas much (?:his|hers) as mine\b|\bmy (?:wife"
    r"|husband|partner) and i,? (?:\w+ )?(?:both|decide|sign|own|have to|will have to)|\bwe (?:always )?(?:decide"
    r"|talk about) (?:it|on things|things|these|everything)\b"
)
_ALONE = re.compile(
    r"\b(?:just|only) me\b(?!,? (?:and (?!the (?:cat|dog)s?\b)|or|being|who|that))|\bi(?:'m| am) the (?:only"
    r"|sole) (?:one|owner|decision"
    r"|person)|\bi(?:'m| am) the (?:decision[- ]maker|boss|decider|one (?:who|that) (?:decides|makes|signs))"
    r"|\bthe (?:decider|decision[- ]maker) (?:is )?right here\b"
    r"|\bi (?:decide|make (?:all )?(?:the|my|those|these|that) (?:own )?(?:decisions?|calls?)|call the shots"
    r"|don't (?:need|have) (?:to ask )?(?:anybody|anyone)(?:'s|else)?)\b|\b(?:it's|that's) (?:all )?(?:my"
    r"|mine to) (?:call|decision|decide)\b"
    r"|\bmy (?:own )?decisions?\b|\b(?:nobody|no one) else (?:to|decides|needs|has|but|in)\b|\bit's all me\b"
    r"|\bi don't have to ask\b|\bup to me\b|\bnobody asks\b|\bit's (?:just )?me\b(?=[.!]|$)|\bit's my (?:house"
    r"|money),? (?:and )?i (?:pay|decide)|\bi'm the llc\b"
)
_ALONE_REPLY = re.compile(
    r"^(?:(?:no|nope|oh|well|um|uh|yeah|yes|ha|honestly|just|it's|that's|that'd be|that would be)[,. ]*)*(?:me|myself"
    r"|just me|only me|i do|i am|it's me|that's me|all me|you're looking at (?:him|her|it)|nobody|no one"
    r"|by myself)\b(?!,? and)"
)
_BOTH_REPLY = re.compile(
    r"^(?:(?:no|nope|oh|well|um|uh|yeah|yes|ha|mm-?hmm?|it's|that's|it'd be|probably|really)[,. ]*)*(?:both of us"
    r"|we both|both|the two of us|us|us both|we do|we decide|together|(?:my (?:wife|husband|partner) and i"
    r"|me and my (?:wife|husband|partner)|[a-z]+ and i|me and [a-z]+)\b)"
)
_RELATION_REPLY = re.compile(
    r"^(?:(?:no|oh|well|um|uh|yeah|yes|just|that's|that'd be|it's|probably|really|honestly"
    rf"|only)[,. ]*)*(?P<who>{_POSSESSIVE} (?:\w+ )?(?:{RELATION}))\b(?!'s)"
)
_NAME_DECIDES = re.compile(
    r"\b(?P<name>[A-Z][a-z]+)(?:'s the one who)? (?:decides|makes the (?:\w+ )?(?:decisions?|calls?)"
    r"|has (?:the )?(?:final|last) (?:say|word)|signs (?:off|the)|wears the pants|calls the shots|handles the money)\b"
)
_LAST_WORD = re.compile(
    r"\bi (?:get|have|got|'ve got) (?:the )?(?:last|final) (?:word|say|vote|call)|\bi wear the pants"
)
_DENIED = re.compile(
    r"\b(?:don't|do not|didn't|no need to|won't|not|doesn't|never) (?:need to |have to |really |want to )*$"
)
_OTHER_MATTER = re.compile(
    r"\b(?:color|colour|paint|tile|handles|movie|dinner"  # words: said
    r"|restaurant|mailbox|kidding|joking|boss of everything)\b"
)
_TAKEN_BACK = re.compile(r"\bthinks? (?:she|he|they)\b|\bbut no\b|\b(?:manager|boss|office)\b.{0,30}\bif i can\b")


def find_decision_maker(talk: Talk, scores: TurnScores) -> Extraction | None:
    """The decision makers; None where that is not clear."""
    return likeliest("Decision Maker", talk, decision_options(talk, scores))


def decision_options(talk: Talk, scores: TurnScores) -> list[Option]:
    """Every statement about who decides."""
    found = _statements(talk, scores)
    who = [one.who for one in found]
    options: list[Option] = []
    for place, one in enumerate(found):
        evidence = [known for known in (one.question, one.sentence) if known is not None]
        if one.who == "both":
            evidence += [turn.sentences[0] for turn in _other_customer(talk, one.sentence.turn) if turn.sentences]
        strongest = max((other for other in found if other.who == one.who), key=lambda other: other.part)
        value = _phrase(talk, strongest, found)
        if value and not (value == "Customer alone" and len(talk.customers) > 1):
            options.append(Option(value, tuple(evidence), {**_features(talk, one), **recurring(who, place)}))
    return scored(talk, options, Subject.DECISION, scores)


def _features(talk: Talk, one: _Statement) -> dict[str, float]:
    sentence, share = one.sentence, one.sentence.place / max(1, len(talk.sentences))
    folded = sentence.folded
    who = one.who if one.who in {"alone", "both"} else "a partner" if PARTNERS.fullmatch(one.who) else "another"
    near = " ".join(turn.folded for turn in talk.turns[max(0, sentence.turn.index - 1) : sentence.turn.index + 2])
    known = [
        f"{who}, {one.part.name.lower()}",
        f"{who}, in a reply" * (one.question is not None),
        f"{who} of {'several' if len(talk.customers) > 1 else 'one'}",
        "named" * bool(one.name),
        "of a group" * bool(_GROUP.search(one.who)),
        "by words of deciding" * bool(_DECIDING.search(folded)),
        "deciding is spoken of" * bool(_DECIDING.search(near)),
        "joke near" * bool(_JOKE.search(near)),
        "another matter" * bool(_OTHER_MATTER.search(folded)),
        "hypothetical" * is_hypothetical(sentence),
        "negation" * bool(_NEGATION.search(folded)),
        "past" * bool(_PAST.search(folded)),
        "short" * (len(folded.split()) <= 5),
        "long" * (len(folded.split()) > 20),
        "in a short talk" * is_short(talk),
        "near the sale" * is_near_the_sale(talk, sentence),
        "early" * (share < 0.2),
        "late" * (share > 0.5),
    ]
    return {name: 1.0 for name in known if name}


_GROUP = re.compile(r"board|trustee|committee|vestry|council|hoa|corporate|owner|landlord|director|partners|elders")
_DECIDING = re.compile(r"\b(?:decid\w*|decision|sign\w*|vote\w*|approv\w*|final say|say yes|says yes|call|up to)\b")
_JOKE = re.compile(r"\b(?:kidding|joking|joke|ha|thinks? (?:she|he|they))\b")
_NEGATION = re.compile(r"\b(?:no|not|don't|doesn't|never|nobody|isn't)\b")
_PAST = re.compile(r"\b(?:was|were|did|used to|picked|chose|years ago|last)\b")


def _other_customer(talk: Talk, turn: Turn) -> list[Turn]:
    """The nearest turn of the second customer, who is named in the value."""
    named = [label for label in talk.customers[:2] if label != turn.speaker]
    others = [one for one in talk.turns if one.speaker in named]
    return sorted(others, key=lambda one: abs(one.index - turn.index))[:1] if len(named) == 1 else []


def _statements(talk: Talk, scores: TurnScores) -> list[_Statement]:
    asked = {one.sentence.place: one for one in answers(talk) if asks_about(one.question) is Topic.DECISION}
    found: list[_Statement] = []
    for sentence in talk.sentences:
        if not sentence.by_rep:
            stated = _in_sentence(talk, sentence, asked.get(sentence.place))
            is_likely = not is_short(talk) and scores.likelihood(Subject.DECISION, sentence.turn.index) >= _LIKELY
            found += stated or (_spoken_of(talk, sentence) if is_likely else [])
        elif asks_about(sentence) is Topic.DECISION:
            found += _confirmed(talk, sentence)
    return found


def _in_sentence(talk: Talk, sentence: Sentence, answer: Answer | None) -> list[_Statement]:
    folded, found = sentence.folded, list[_Statement]()
    for part, pattern in ((_Part.DECIDES, _DECIDES), (_Part.AGREES, _AGREES), (_Part.ASKED, _ASKED)):
        for match in pattern.finditer(folded):
            said = next((value for value in match.groups() if value), None)
            # `My sister decided on hers` is of something that was bought before.
            is_past = re.match(r"d\b", folded[match.end() :]) is not None
            if said is None or is_past or _DENIED.search(folded[: match.start()]):
                continue
            if (who := _person(talk, sentence, said)) and who != "HOA":
                found.append(_Statement(part, who, sentence, name=_named(talk, sentence, who)))
    if named := _NAME_DECIDES.search(sentence.text):
        found.append(_Statement(_Part.DECIDES, named["name"], sentence, name=named["name"]))
    if _LAST_WORD.search(folded) and len(talk.customers) > 1:
        found.append(_Statement(_Part.DECIDES, _first(sentence.turn.speaker), sentence))
    if _BOTH.search(folded):
        found.append(_Statement(_Part.BOTH, "both", sentence))
    elif _ALONE.search(folded) and not _NOT_ME.search(folded) and not found:
        found.append(_Statement(_Part.ALONE, "alone", sentence))
    if group := _GROUP_DECIDES.search(folded):
        found.append(_Statement(_Part.DECIDES, group["group"], sentence))
    if not found and answer is not None and answer.distance <= 1:
        found += _reply(talk, sentence, answer)
    if not found and _BOTH_PERHAPS.search(folded):
        found.append(_Statement(_Part.ASKED, "both", sentence))
    if not found and _ALONE_PERHAPS.search(folded) and not _NOT_ME.search(folded):
        found.append(_Statement(_Part.ASKED, "alone", sentence))
    return found


_LIKELY = 0.1
"""How likely a turn says who decides, for everybody whom it speaks of to count."""
_SPOKEN_OF = re.compile(rf"\b(?P<who>(?:{_POSSESSIVE}|a) (?:\w+ )?(?:{RELATION})|she|he|they|her|his)\b")
_US = re.compile(r"\b(?:both|us|together|jointly|we (?:\w+ )?(?:decide|sign|agree|talk|vote))\b")
_ME = re.compile(
    r"(?<!tell )(?<!give )(?<!leave )(?<!let )(?<!call )(?<!send )(?<!show )(?<!ask )(?<!to )(?<!for )\bme\b"
    r"|\b(?:mine|myself|i(?:'m|'ll| am| will| can)?(?: still| just)? (?:decid\w+|sign\w*|say|pay\w*))\b"
)
_YOU = re.compile(
    r"\byou(?:'re the one| still| can| just)? (?:decide|sign|say|pick)\b|\b(?:your|all) (?:call|decision|yours)\b"
    r"|\bup to you\b"
)
_NOT_ME = re.compile(r"\b(?:not|isn't|ain't|never|wasn't)\b[^.?!,]{0,12}\b(?:me|mine|my)\b")


def _spoken_of(talk: Talk, sentence: Sentence) -> list[_Statement]:
    """Everybody whom a sentence about the decision speaks of; learned weights choose among them."""
    folded = sentence.folded
    who = [_person(talk, sentence, match["who"].removeprefix("a ")) for match in _SPOKEN_OF.finditer(folded)]
    others = [label for label in talk.customers[:2] if label != sentence.turn.speaker]
    if _YOU.search(folded) and len(talk.customers) == 2 and _is_name(others[0]):
        who.append(_first(others[0]))
    who += ["both"] * bool(_US.search(folded))
    who += ["alone"] * bool(_ME.search(folded) and not _NOT_ME.search(folded))
    named = [(one, _named(talk, sentence, one)) for one in dict.fromkeys(who) if one and one != "HOA"]
    return [_Statement(_Part.NAMED, one, sentence, name=name) for one, name in named]


_GROUP_DECIDES = re.compile(
    r"\b(?:the|our|my) (?P<group>(?:\w+ )?(?:board|trustees|committee|vestry|council|association|director|owners?"
    r"|landlord|partners|elders|session|members))\b(?:'ll| will| has to| have to| would| all| gets to| get to|,)*"
    r" (?:votes?|decides?|approves?|signs?|says? yes|buys?|makes)\b"
)
_BOTH_PERHAPS = re.compile(
    r"^(?:\w+ )?both\b|\bboth of us\b|\btogether\b|\bus two\b|\bfifty[- ]fifty\b|\bwe(?:'re| are)? both\b"
    r"|\bwe(?:'ll)? talk\b|\bif (?:she|he) says yes\b|\b(?:me and|and me)\b"
)
_ALONE_PERHAPS = re.compile(
    r"\bup to me\b|\bjust me\b|\bso it's me\b|\bit's (?:me|mine)\b|\bmy (?:decision|call|house|money)\b"
    r"|\bi(?:'m)? decid\w+|\bi can decide\b|\bi'm signing\b|\bi run\b|\bi own\b|\bwithout (?:him|her)\b"
    r"|\bdoesn't (?:get|have) a (?:say|vote)\b"
)


def _reply(talk: Talk, sentence: Sentence, answer: Answer) -> list[_Statement]:
    """A few words that answer the question who decides."""
    folded = sentence.folded
    if _BOTH_REPLY.match(folded):
        return [_Statement(_Part.BOTH, "both", sentence, answer.question)]
    if _ALONE_REPLY.match(folded):
        return [_Statement(_Part.ALONE, "alone", sentence, answer.question)]
    if (match := _RELATION_REPLY.match(folded)) and (who := _person(talk, sentence, match["who"])):
        return [_Statement(_Part.DECIDES, who, sentence, answer.question, _named(talk, sentence, who))]
    return []


_ASKS_BOTH = re.compile(
    r"\b(?:both|two) of you\b|\byou two\b|\byou (?:guys )?both\b|\bjoint decision\b|\bdecide together\b"
)
_ASKS_ALONE = re.compile(
    r"\b(?:just|only) you\b|\byour (?:own )?(?:decision|call)\b|\bby yourself\b|\bon your own\b|\bup to you\b"
    r"|\byou(?:'re| are)? the (?:only|sole|decision)"
)


def _confirmed(talk: Talk, question: Sentence) -> list[_Statement]:
    """`So both of you decide?` `Yes.`"""
    reply = reply_to(talk, question)
    if reply is None or not affirms(reply.folded):
        return []
    if _ASKS_BOTH.search(question.folded):
        return [_Statement(_Part.BOTH, "both", reply, question)]
    if _ASKS_ALONE.search(question.folded):
        return [_Statement(_Part.ALONE, "alone", reply, question)]
    return []


def _person(talk: Talk, sentence: Sentence, said: str) -> str:
    """The relation that is meant; for a pronoun the one relation that was named shortly before."""
    words_said = said.removesuffix("'s")
    if match := re.search(rf"(?:{RELATION})$", words_said):
        return name_of(match[0])
    if said == "corporate":
        return said
    before = talk.sentences[max(0, sentence.place - 4) : sentence.place]
    text = " ".join([*(one.folded for one in before), sentence.folded.partition(said)[0]])
    named = [match[1] for match in re.finditer(rf"\b(?:your|{_POSSESSIVE}) (?:\w+ )?({RELATION})\b", text)]
    fits = _FITS.get(said)
    named = [one for one in named if fits is None or fits.search(one)]
    return name_of(named[-1]) if named else ""


_FITS = {
    **dict.fromkeys(
        ("she", "her"),
        re.compile(
            r"wife|girlfriend|partner|spouse|fianc|m[ou]m|mother|daughter|sister|boss|landlady|owner|manager|accountant"
        ),
    ),
    **dict.fromkeys(
        ("he", "him", "his"),
        re.compile(
            r"husband|hubby|boyfriend|partner|spouse|fianc|dad|father|son|brother|boss|landlord|owner|manager"
            r"|accountant"
        ),
    ),
    **dict.fromkeys(
        ("they", "them", "their"),
        re.compile(r"parents|kids|board|hoa|committee|trustees?|owners|council|elders|in-laws|corporate|association"),
    ),
}


def _named(talk: Talk, sentence: Sentence, who: str) -> str:
    """The name that was said with the relation: `my daughter Kristin`, `my daughter's ... Kristin.`"""
    text = sentence.turn.text
    if match := re.search(rf"\b{re.escape(who)},? ([A-Z][a-z]+)\b", text):
        return "" if match[1] in {"I", "And", "But", "So"} else match[1]
    following = sentence.turn.sentences[sentence.turn.sentences.index(sentence) + 1 :][:1]
    if following and re.fullmatch(r"[A-Z][a-z]+\.?", following[0].text):
        return following[0].text.rstrip(".")
    return ""


def _first(label: str) -> str:
    first = label.split(maxsplit=1)[0] if label.split() else "Customer"
    return label if fold(first).rstrip(".") in {"mr", "mrs", "ms", "miss", "dr"} else first


def _phrase(talk: Talk, chosen: _Statement, found: list[_Statement]) -> str:
    others = [one for one in found if one.who not in {"alone", "both"} and one is not chosen]
    if chosen.who == "alone":
        asked = next((one.who for one in reversed(others) if PARTNERS.fullmatch(one.who)), None)
        return f"Customer, after talking with {asked}" if asked else f"{_customer(talk, chosen)} alone"
    if chosen.who == "both":
        partner = next((one.who for one in found if PARTNERS.fullmatch(one.who)), None) or _partner(chosen)
        named = [_first(label) for label in talk.customers[:2] if _is_name(label)]
        if len(named) == 2:
            return f"Both decide together: {named[0]} and {named[1]}"
        return f"Customer and {partner}, both decide together" if partner else "Both homeowners decide together"
    name = f" {chosen.name}" if chosen.name and chosen.name != chosen.who else ""
    who = f"{chosen.who[:1].upper()}{chosen.who[1:]}{name}"
    if chosen.part is _Part.DECIDES:
        return f"{who} decides"
    return (
        f"Customer with {chosen.who}{name}: must agree"
        if chosen.part is _Part.AGREES
        else f"Customer and {chosen.who}{name}"
    )


def _partner(chosen: _Statement) -> str:
    match = re.search(r"\bmy (wife|husband|partner)\b", chosen.sentence.turn.folded)
    return match[1] if match else ""


def _customer(talk: Talk, chosen: _Statement) -> str:
    label = chosen.sentence.turn.speaker
    if _is_name(label):
        return label
    known = talk.visit.customer or ""
    return known if len(talk.customers) == 1 and known else "Customer"


def _is_name(label: str) -> bool:
    parts = words(fold(label))
    return (
        bool(parts)
        and label[:1].isupper()
        and not re.search(
            r"\d|speaker|customer|home ?owner|client|prospect|caller|buyer|lead|unknown|^(?:husband|wife|owner|guest)$",
            fold(label),
        )
    )
