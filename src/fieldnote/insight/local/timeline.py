"""When the customer wants the work: of all dates in a conversation, the one that the project is wanted for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import (
    Answer,
    affirms,
    answers,
    denies,
    is_hypothetical,
    is_near_the_sale,
    is_short,
    reply_to,
)
from fieldnote.insight.local.options import Option, likeliest, recurring, scored
from fieldnote.insight.local.topics import Topic, asks_about
from fieldnote.insight.local.turn_scores import Subject, TurnScores
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.times import Kind, When
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import clause_around

_BEFORE_THAT = re.compile(r"\bbefore\b[^.?!;]{2,50}, ?(?:and )?(?:that's|which is|it's|so) $")
"""`before I go up to the lake, that's Memorial Day`"""
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
class _Time:
    when: When
    sentence: Sentence
    answer: Answer | None
    offer: Sentence | None = None
    """The rep's sentence that the customer agreed to."""


def find_timeline(talk: Talk, scores: TurnScores) -> Extraction | None:
    """When the work is wanted; None where that is not clear."""
    return likeliest("Timeline", talk, timeline_options(talk, scores))


def timeline_options(talk: Talk, scores: TurnScores) -> list[Option]:
    """Every time that a customer names, and every time of the rep's that a customer agrees to."""
    replies = {one.sentence.place: one for one in answers(talk)}
    found: list[_Time] = []
    for sentence in talk.sentences:
        if not sentence.times:
            continue
        if not sentence.by_rep:
            times = [when for when in _joined(sentence) if not _is_past(sentence, when)]
            found += [_Time(when, sentence, replies.get(sentence.place)) for when in times]
            continue
        reply = reply_to(talk, sentence)
        if reply is not None and affirms(reply.folded) and not denies(reply.folded):
            found += [_Time(when, reply, None, sentence) for when in _joined(sentence)]
    written = [dates.words(_with_month(talk, one), talk.visit.day) for one in found]
    steps = () if talk.visit.day is None else (f"date from the visit's day {talk.visit.day.isoformat()}",)
    options = [
        Option(
            written[place],
            (one.sentence,) if (asked := one.offer or _question(one)) is None else (asked, one.sentence),
            {**_features(talk, one), **recurring(written, place)},
            steps,
        )
        for place, one in enumerate(found)
    ]
    return scored(talk, options, Subject.TIMELINE, scores)


_OLD_YEAR = re.compile(r"[\s,]*(?:of )?(?:19\d\d|20[01]\d)\b")


def _is_past(sentence: Sentence, when: When) -> bool:
    is_old = _OLD_YEAR.match(sentence.folded[when.end :]) is not None
    return is_old or when.turn == "last" or when.name == "yesterday"


def _is_on_time(answer: Answer | None) -> bool:
    return answer is not None and asks_about(answer.question) is Topic.TIMELINE


def _question(one: _Time) -> Sentence | None:
    is_near = one.answer is not None and _is_on_time(one.answer) and one.answer.distance <= 2
    return one.answer.question if one.answer is not None and is_near else None


def _features(talk: Talk, one: _Time) -> dict[str, float]:
    when, sentence, answer = one.when, one.offer or one.sentence, one.answer
    folded = sentence.folded
    before, after = folded[max(0, when.start - 80) : when.start], folded[when.end : when.end + 50]
    clause = clause_around(folded, when.start + 1)
    own = f"{folded[clause.start : max(clause.start, when.start)]} | {folded[when.end : max(when.end, clause.end)]}"
    share = sentence.place / max(1, len(talk.sentences))
    known = [
        f"is a {when.kind.value}",
        "is a day of a month" * (when.kind is Kind.MONTH and when.day is not None),
        f"turn {when.turn}" * bool(when.turn),
        "before or by" * (when.side in {"before", "by", "within"}),
        "after" * (when.side == "after"),
        "in part" * bool(when.part),
        "bare" * when.bare,
        "wished" * bool(_WISHED.search(before)),
        "wanted" * bool(_WANTED.search(f"{before} | {after}")),
        "must" * bool(_MUST.search(before)),
        "concludes" * bool(_CONCLUDES.search(before)),
        "promises" * bool(_PROMISES.search(before)),
        "past" * bool(_PAST.search(own)),
        "meeting" * bool(_MEETING.search(own)),
        "meeting near" * bool(_MEETING.search(folded)),
        "hedged" * bool(_HEDGED.search(before[-25:])),
        "of others" * bool(_OTHERS.match(own.lstrip(" ,"))),
        "about the work" * _about_work(talk, sentence),
        "schedules" * bool(_SCHEDULES.search(folded)),
        "near the sale" * is_near_the_sale(talk, sentence),
        "hypothetical" * is_hypothetical(sentence),
        "answers a question about it" * _is_on_time(answer),
        "right after that question" * bool(answer and _is_on_time(answer) and answer.distance == 0),
        "answers another question" * bool(answer and not _is_on_time(answer) and answer.distance == 0),
        "agreed" * (one.offer is not None),
        "agreed to a question" * bool(one.offer and one.offer.asks),
        "agreed to an offer" * bool(one.offer and _OFFER.search(folded)),
        "accepts" * bool(_ACCEPTS.search(folded)),
        "asks" * (sentence.asks and one.offer is None),
        "the rep repeats it" * _is_repeated(talk, one),
        "short" * (len(folded.split()) <= 5),
        "several times" * (len(sentence.times) > 1),
        "in a short talk" * is_short(talk),
        "answers a question about it in a short talk" * (is_short(talk) and _is_on_time(answer)),
        "wished in a short talk" * bool(is_short(talk) and (_WISHED.search(before) or _MUST.search(before))),
        "taken back" * _is_taken_back(talk, one),
        "early" * (share < 0.2),
        "late" * (share > 0.5),
        "at the end" * (share > 0.85),
    ]
    return {name: 1.0 for name in known if name}


_ACCEPTS = re.compile(
    r"\b(?:put (?:me|us) down|pencil|works|that's (?:fine|good|perfect|when)|let's (?:do|say|make)|make it|do it|good"
    r"|fine|perfect|deal|then)\b"
)


def _is_repeated(talk: Talk, one: _Time) -> bool:
    """Whether the rep says the same time in the next turns."""
    index = one.sentence.turn.index
    near = [later for turn in talk.turns[index + 1 : index + 4] if turn.by_rep for later in turn.sentences]
    return any(when.name == one.when.name and when.day == one.when.day for later in near for when in later.times)


def _is_taken_back(talk: Talk, one: _Time) -> bool:
    """`Forget Thanksgiving.`"""
    pattern = re.compile(
        r"\b(?:forget|not|skip|scratch|never mind) (?:about )?(?:by |before |in )?" + re.escape(one.when.name.lower())
    )
    return any(pattern.search(later.folded) for later in talk.sentences[one.sentence.place :])


def _with_month(talk: Talk, one: _Time) -> When:
    """`Before the thirtieth` is of the month in which somebody named a thirtieth shortly before."""
    when = one.when
    if when.kind is not Kind.DAY or when.day is None:
        return when
    near = talk.sentences[max(0, one.sentence.place - 30) : one.sentence.place + 1]
    months = [known for said in near for known in said.times if known.kind is Kind.MONTH and known.day is not None]
    same = [known for known in months if known.day == when.day]
    # "My cousin's wedding is August twenty-second ... so by the fifteenth."
    close = [known for said in near[-8:] for known in said.times if known in months and (known.day or 0) >= when.day]
    named = same or (close if when.side else [])
    return replace(when, kind=Kind.MONTH, name=named[-1].name, year=named[-1].year) if named else when


def _about_work(talk: Talk, sentence: Sentence) -> bool:
    """Whether the sentences right before, or the next one, speak of getting the work done."""
    near = [*talk.sentences[max(0, sentence.place - 5) : sentence.place], *talk.sentences[sentence.place + 1 :][:1]]
    return any(_SCHEDULES.search(one.folded) for one in near)


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
