"""Who decides: the customer alone, both together, or somebody else whose word is needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import Answer, affirms, answers, is_hypothetical, reply_to
from fieldnote.insight.local.topics import Topic, asks_about
from fieldnote.insight.readers.people import PARTNERS, RELATION, name_of
from fieldnote.insight.stems import words
from fieldnote.insight.talk.turns import Sentence, Talk, Turn
from fieldnote.insight.words import fold


class _Part(IntEnum):
    """What a sentence says about somebody's part; the higher outweighs the lower."""

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
_WHO = rf"(?P<who>{_NP}|she|he|they|the hoa|hoa|corporate)"
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
    r"|\b(?:go|goes|going|run) (?:through|before|past|by) (?P<through>the (?:hoa )?board|the hoa|the committee"
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


def find_decision_maker(talk: Talk) -> Extraction | None:
    """The clearest statement, the last one where several are as clear; None where nobody said."""
    found = _statements(talk)
    if not found:
        return None
    chosen = _clearest(talk, found)
    value = _phrase(talk, chosen, found)
    turns = [one.turn for one in (chosen.question, chosen.sentence) if one is not None]
    if chosen.who == "both":
        turns += _other_customer(talk, chosen.sentence.turn)
    quotes = {turn.index: Quote(turn.index, turn.text) for turn in turns}
    ordered = tuple(quotes[index] for index in sorted(quotes))
    return Extraction("Decision Maker", value, ordered, 0.6 + 0.08 * chosen.part) if value else None


def _clearest(talk: Talk, found: list[_Statement]) -> _Statement:
    best = max(one.part for one in found)
    chosen = [one for one in found if one.part == best][-1]
    both = [one for one in found if one.who == "both"]
    present = {fold(_first(label)) for label in talk.customers}
    # "Both of us. Well, Marisol decides": she is one of the two who are there.
    return both[-1] if both and fold(chosen.who) in present else chosen


def _other_customer(talk: Talk, turn: Turn) -> list[Turn]:
    """The nearest turn of the second customer, who is named in the value."""
    named = [label for label in talk.customers[:2] if label != turn.speaker]
    others = [one for one in talk.turns if one.speaker in named]
    return sorted(others, key=lambda one: abs(one.index - turn.index))[:1] if len(named) == 1 else []


def _statements(talk: Talk) -> list[_Statement]:
    asked = {one.sentence.place: one for one in answers(talk) if asks_about(one.question) is Topic.DECISION}
    found: list[_Statement] = []
    for sentence in talk.sentences:
        if not sentence.by_rep and not is_hypothetical(sentence):
            found += _in_sentence(talk, sentence, asked.get(sentence.place))
        elif sentence.by_rep and asks_about(sentence) is Topic.DECISION:
            found += _confirmed(talk, sentence)
    return found


def _in_sentence(talk: Talk, sentence: Sentence, answer: Answer | None) -> list[_Statement]:
    folded, found = sentence.folded, list[_Statement]()
    if _TAKEN_BACK.search(folded):
        return []
    if _OTHER_MATTER.search(folded) and answer is None and not re.search(r"\bdecides\b", folded):
        return []
    for part, pattern in ((_Part.DECIDES, _DECIDES), (_Part.AGREES, _AGREES), (_Part.ASKED, _ASKED)):
        for match in pattern.finditer(folded):
            said = next((value for value in match.groups() if value), None)
            if said is None or _DENIED.search(folded[: match.start()]):
                continue
            if who := _person(talk, sentence, said):
                found.append(_Statement(part, who, sentence, name=_named(talk, sentence, who)))
    if named := _NAME_DECIDES.search(sentence.text):
        found.append(_Statement(_Part.DECIDES, named["name"], sentence, name=named["name"]))
    if _LAST_WORD.search(folded) and len(talk.customers) > 1:
        found.append(_Statement(_Part.DECIDES, _first(sentence.turn.speaker), sentence))
    if _BOTH.search(folded):
        found.append(_Statement(_Part.BOTH, "both", sentence))
    elif _ALONE.search(folded) and not found:
        found.append(_Statement(_Part.ALONE, "alone", sentence))
    if not found and answer is not None and answer.distance <= 1:
        found += _reply(talk, sentence, answer)
    return found


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
    if said in {"hoa", "the hoa"}:
        return "HOA"
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
