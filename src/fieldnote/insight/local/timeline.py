"""When the customer wants the work: of all dates in a conversation, the one that the project is wanted for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import affirms, answers, denies, is_hypothetical, is_near_the_sale, reply_to
from fieldnote.insight.local.topics import Topic, asks_about
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.times import Kind, When
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import clause_around

_BEFORE_THAT = re.compile(r"\bbefore\b[^.?!;]{2,50}, ?(?:and )?(?:that's|which is|it's|so) $")
"""`before I go up to the lake, that's Memorial Day`"""
_FAR = 99
_DATED = {Kind.MONTH, Kind.SEASON, Kind.DAY, Kind.HOLIDAY}
_WORK = (
    r"(?:done|finished|installed|completed?|in place|wrapped up|ready|up and running|working|built|put in|put on"
    r"|replaced|taken care of|started|fixed"
    r"|underway|handled|in by|it in|them in|it up|it on|painted|poured|usable|use it|swimming|moved in|clean|closed in)"
)
_WANTED = re.compile(
    r"\b(?:i|we|she|he|they|i'd|we'd|i'm|we're|i'll|we'll)(?: \w+){0,2} (?:want|wants|need|needs|like|love|hoping|hope"
    r"|prefer|looking|shooting|aiming|planning|thinking)\b"
    rf"|\b{_WORK}\b|\b(?:has|have|needs?|got|must|gotta) (?:to )?(?:be|get) \b|\bit(?:'d| would) (?:\w+ )?have to be\b"
    r"|\bno later than\b|\bnot later than\b|\bat the latest\b"
    r"|\b(?:can|could) (?:you|we|they|it|y'all|you guys) (?:\w+ ){0,2}(?:do|start|get|have|be|finish|install|come|fit"
    r"|make it)\b|\bdeadline\b|\btime ?line\b|\bideal(?:ly)?\b"
    r"|\b(?:make it|do it|start|starting|begin|wait|waiting|hold off|push|put it off|do it|do this|get it done"
    r"|get this done)\b"
)
_WISHED = re.compile(
    r"\b(?:want|like|prefer|need|love|rather|hoping for|shooting for|thinking)"
    r"(?: to (?:do|have|get|start|finish|begin))?(?: it| this| that| them| to)?(?: done| started| finished| installed)?"
    r"(?: in| for| by)?"
    r"(?: maybe| like| about| the| sometime in)* $"
    r"|\b(?:can|could) (?:you|we|they|y'all)(?: guys)? (?:do|start|get|have|install|finish|deliver)(?: it| this| that"
    r"| them| everything)?(?: done| started| in| by| on| maybe)* $"
    r"|\bprobably a $"
)
_CONCLUDES = re.compile(
    r"\bso (?:(?:maybe|like|probably|in|by|before|it'd be|it's got(?:ta)? (?:to )?be|it has to be|we're thinking"
    r"|let's say|definitely|next)\W+)*$"
)
_MUST = re.compile(
    r"\b(?:has|have|needs?|got|gotta|must|want it|want them|like it|like to have it|love it) (?:got )?(?:to )?(?:be "
    rf"|get )?(?:\w+ )?{_WORK}(?: by| in| before| like| maybe)* $"
)
_OTHERS = re.compile(
    r"(?:the|my|our|her|his|their|they|he|she|\w+'s)\b(?! (?:roof|house|kitchen|job|work|project|sooner|earlier"
    r"|faster))"
)
"""A clause about somebody or something else: `the bees wake up in April`."""
_PROMISES = re.compile(
    r"\bi(?:'ll| will|'m going to) (?:have|get|send|mail|call|text|email|let|talk|ask|do|sign|bring|pay)\b"
)
"""Something that the customer will do, not the work."""
_SCHEDULES = re.compile(
    r"\b(?:when (?:would|could|can|do|will|are|should)|so when"
    r"|(?:can|could) you (?:do|start|get)|crews?|start date"  # words: said
    r"|schedule|install|put you in)\b"
    rf"|\b{_WORK}\b"
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|came|bought|built|put it|went"
    r"|happened|hit|got|broke|died|passed|moved|paid|told|said"  # words: said
    r"|started leaking|ago|since|used to|last"
    r"|lived|waited|been|replaced|retired|sold|quit|left|saw|tested|married|born)\b"
)
_MEETING = re.compile(
    r"\b(?:call|text|email|talk|meet|see you|come (?:back|by|over|out)|stop by|follow up|touch base|check in|swing by"
    r"|reach out|get back to|let you know"
    r"|drop (?:it )?off|send|hear from|home|free|available|around|works nights|off (?:on|monday|tuesday)|appointment"
    r"|another (?:quote|bid|guy)|coming (?:on|over|by|out)"
    r"|flight|fly|trip|drive|vacation|game|practice|church|choir|doctor|surgery|birthday|visit|visiting|dinner|lunch"
    r"|school|class|meeting|board meets|closing"
    r"|adjuster|inspector|inspection|appraiser|measure|expire|expires|promotion|sale ends|warranty|interest|payment"
    r"|loan|cash|tax|guarantee)\b"
)
_OFFER = re.compile(
    r"\b(?:we're|we are|i'm|crew|crews|lead time|booking|booked"  # words: said
    r"|out about|weeks out|months out|takes|take|earliest"
    r"|could put you|can put you|put you in|could start"
    r"|can start|can get you|could get you|i've got|we've got|i have|we have|we could|we can|i can|i could|permit"
    r"|deliver)\b"
)
_HEDGED = re.compile(
    r"\b(?:forget|skip|not (?:in|until|before|till|during|going to)|can't|won't|don't want|doesn't have to|isn't"
    r"|wouldn't|except|anything but|rather not)\b"
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    when: When
    points: int
    sentence: Sentence
    question: Sentence | None = None


def find_timeline(talk: Talk) -> Extraction | None:
    """The clearest wish, the last one where several are as clear; None where nobody stated one."""
    found = _not_taken_back(talk, [*_stated(talk), *_agreed(talk)])
    if not found:
        return None
    best = max(one.points for one in found)
    near = [one for one in found if one.points >= best - 1]
    chosen = max(near, key=lambda one: (one.sentence.turn.index, one.points, -one.sentence.place, -one.when.start))
    quotes = {one.turn.index: Quote(one.turn.index, one.turn.text) for one in (chosen.question, chosen.sentence) if one}
    value = dates.words(_with_month(talk, chosen), talk.visit.day)
    steps = () if talk.visit.day is None else (f"date from the visit's day {talk.visit.day.isoformat()}",)
    ordered = tuple(quotes[index] for index in sorted(quotes))
    return Extraction("Timeline", value, ordered, min(0.95, 0.5 + 0.1 * chosen.points), operations=steps)


def _not_taken_back(talk: Talk, found: list[_Candidate]) -> list[_Candidate]:
    """Without what somebody takes back later: `forget Thanksgiving`."""
    kept = []
    for one in found:
        taken_back = re.compile(
            r"\b(?:forget|not|skip|scratch|never mind) (?:about )?(?:by |before "
            rf"|in )?{re.escape(one.when.name.lower())}\b"
        )
        if not any(taken_back.search(later.folded) for later in talk.sentences[one.sentence.place :]):
            kept.append(one)
    return kept


def _with_month(talk: Talk, chosen: _Candidate) -> When:
    """`Before the thirtieth` is of the month in which somebody named a thirtieth shortly before."""
    when = chosen.when
    if when.kind is not Kind.DAY or when.day is None:
        return when
    near = talk.sentences[max(0, chosen.sentence.place - 30) : chosen.sentence.place + 1]
    named = [one for sentence in near for one in sentence.times if one.kind is Kind.MONTH and one.day == when.day]
    return replace(when, kind=Kind.MONTH, name=named[-1].name, year=named[-1].year) if named else when


def _stated(talk: Talk) -> list[_Candidate]:
    asked = {one.sentence.place: one for one in answers(talk) if asks_about(one.question) is Topic.TIMELINE}
    found: list[_Candidate] = []
    for sentence in talk.sentences:
        if sentence.by_rep or not sentence.times or is_hypothetical(sentence) or not is_near_the_sale(talk, sentence):
            continue
        answer = asked.get(sentence.place)
        near = answer.distance if answer is not None else _FAR
        is_reply = near <= 3
        for when in _joined(sentence):
            points = (
                _points(talk, sentence, when, is_reply=is_reply) + (is_reply and near == 0) - (is_reply and near > 1)
            )
            if points >= 3:
                found.append(_Candidate(when, points, sentence, answer.question if answer and is_reply else None))
    return found


def _points(talk: Talk, sentence: Sentence, when: When, *, is_reply: bool) -> int:
    """How clearly a phrase says when the work is wanted; below 3 it is not believed."""
    folded = sentence.folded
    before, after = folded[max(0, when.start - 80) : when.start], folded[when.end : when.end + 50]
    is_wish = _WISHED.search(before) is not None
    if _PROMISES.search(before) and not is_reply:
        return 0
    if when.turn == "last" or when.name == "yesterday" or (when.bare and not (is_reply or is_wish)):
        return 0
    if not (is_reply or when.side or is_wish) and when.kind in {Kind.DAY, Kind.SPAN}:
        return 0
    if when.kind is Kind.EVENT and not is_reply and when.side == "after":
        return 0
    wanted = bool(_WANTED.search(f"{before} | {after}"))
    sided = when.side in {"before", "by", "within"}
    points = 3 * is_reply + 2 * wanted + is_wish + sided + 2 * (when.kind in {Kind.SOON, Kind.NO_RUSH})
    points += bool(_MUST.search(before)) or (when.kind is Kind.SOON and len(folded) < 40)
    if _CONCLUDES.search(before):  # "we're away in July, so August"
        return points + 2 if is_reply or wanted else 0
    clause = clause_around(folded, when.start + 1)
    own = f"{folded[clause.start : max(clause.start, when.start)]} | {folded[when.end : max(when.end, clause.end)]}"
    points -= 3 * bool(_PAST.search(own)) + 2 * bool(_MEETING.search(own)) + 3 * bool(_HEDGED.search(before[-25:]))
    points -= 3 * (not wanted and _OTHERS.match(own.lstrip(" ,")) is not None)
    if not (is_reply or wanted) and sided:
        points += 2 * _about_work(talk, sentence)
    return points if is_reply or wanted or points >= 3 else 0


def _about_work(talk: Talk, sentence: Sentence) -> bool:
    """Whether the sentences right before, or the next one, speak of getting the work done."""
    near = [*talk.sentences[max(0, sentence.place - 5) : sentence.place], *talk.sentences[sentence.place + 1 :][:1]]
    return any(_SCHEDULES.search(one.folded) for one in near)


def _agreed(talk: Talk) -> list[_Candidate]:
    """Times that the rep asks about and the customer says yes to."""
    found: list[_Candidate] = []
    for sentence in talk.sentences:
        if not sentence.by_rep or not sentence.times or not sentence.asks:
            continue
        reply = reply_to(talk, sentence)
        if reply is None or not affirms(reply.folded) or denies(reply.folded) or _OFFER.search(sentence.folded):
            continue
        if asks_about(sentence) is not Topic.TIMELINE and not re.search(rf"\b{_WORK}\b", sentence.folded):
            continue
        if _MEETING.search(sentence.folded) or _PAST.search(sentence.folded):
            continue
        when = sentence.times[-1]
        if when.turn != "last" and when.kind is not Kind.DAY and not reply.times:
            found.append(_Candidate(when, 3, reply, sentence))
    return found


def _joined(sentence: Sentence) -> list[When]:
    """`before the baby comes in June` is before June; `before Memorial Day` keeps its side."""
    result: list[When] = []
    for when in sentence.times:
        before = result[-1] if result else None
        if before and before.kind is Kind.EVENT and when.kind in _DATED and not when.side:
            between = sentence.folded[before.end : when.start]
            if re.fullmatch(r"[\s,]*(?:[a-z']+\s+){0,4}", between):
                result[-1] = replace(when, start=before.start, side=before.side)
                continue
        if not when.side and when.kind in _DATED and _BEFORE_THAT.search(sentence.folded[: when.start]):
            result.append(replace(when, side="before", bare=False))
        else:
            result.append(when)
    return result
