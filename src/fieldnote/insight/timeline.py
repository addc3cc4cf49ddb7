"""When the customer wants it: of all dates in a conversation, the one that the project is wanted for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from fieldnote.insight import dates
from fieldnote.insight.budget_cues import CORRECTION
from fieldnote.insight.evidence import Quote
from fieldnote.insight.questions import Topic, affirms, answers, asks, denies, reply_to
from fieldnote.insight.roles import Talk, Turn
from fieldnote.insight.times import Kind, When, find_times
from fieldnote.insight.words import Span, clause_around, score, sentence_around, word_count

_ENOUGH = 2.5
_NEAR_BEST = 2.0
_ANSWER = (3.5, 2.0, 1.0)


def _cues(*pairs: tuple[float, str]) -> tuple[tuple[float, re.Pattern[str]], ...]:
    return tuple((weight, re.compile(pattern)) for weight, pattern in pairs)


# Before the bar stands what was said before the phrase of time, behind it what was said after.
_WANTED = _cues(
    (
        3.0,
        (
            r"\b(?:could|can) (?:you|we|y'all|you guys|they|it) (?:do|start|get|have|fit|finish|install"
            r"|be done|schedule)\b"
        ),
    ),
    (2.5, r"\bif (?:that's |it's |at all )?possible\b|\bif you can\b|\bif we can\b"),
    (2.5, r"\bit(?:'d| would|'ll| will|'s going to|'s gonna| has to| needs to) (?:probably |have to |need to )?be \|"),
    (
        2.5,
        (
            r"\b(?:i|we)(?:'d| would|'m|'re)? (?:really |just |probably )?(?:want|wanna|need|like|love"
            r"|hoping|prefer)\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:want|wanna|need|like|love|hop(?:e|ing)|aim(?:ing)?|shooting|looking|prefer|planning"
            r"|trying|wish|rather|expect(?:ing)?) (?:for |to |you |you guys |somebody |someone |us "
            r"|on )*(?:really |just |probably |maybe |definitely )*(?:have |get |see |getting |having |be "
            r"|do |start |starting |install |finish |for |replace |put )*(?:it|this|that|them|everything"
            r"|the (?:work|project|whole thing|job|thing|roof|kitchen|bath\w*|deck|windows|siding|gutters"
            r"|system|unit|fence|floors?)|all (?:of )?(?:this|that|it)|started|done|going|finished"
            r"|something|in|installed|moving|ready)\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:done|finished|installed|completed?|in place|wrapped up|ready|up and running|working"
            r"|built|put in|put on|replaced|taken care of|started|fixed|underway|handled|on the roof"
            r"|in here)\b"
        ),
    ),
    (
        3.0,
        (
            r"\b(?:has|have|got|needs?|'s got|must|had)(?:ta| to)? be\b|\bwould be (?:ideal|great|perfect"
            r"|good|best|nice|better|awesome|fine|amazing|wonderful|my preference)\b|\bworks (?:best"
            r"|better|for)\b|\b(?:is|sounds) (?:good|fine|perfect|ideal|great|best)\b"
        ),
    ),
    (
        2.5,
        (
            r"\b(?:no later than|at the latest|deadline|latest|time ?line|time ?frame|target|goal|ideally"
            r"|goal is|hoping|shooting for|aiming for|looking at|thinking|sometime)\b"
        ),
    ),
    (
        2.0,
        (
            r"\b(?:i'd|we'd|i would|we would|let's|we could|i could|i guess|i think|i was thinking"
            r"|we were thinking|probably|maybe) (?:do|start|say|go|wait|want|begin|like|shoot|aim|plan"
            r"|probably|hold off)\b|\bstart(?:ing)? (?:in|on|it)\b|\bbreak ground\b|\bthat's when\b"
            r"|\bwait (?:until|till)\b|\bhold off\b"
        ),
    ),
    (
        3.0,
        (
            r"\| *(?:thing|project|job|kind of thing|deal) (?:for|probably)|\b(?:it's|this is"
            r"|that's) (?:\w+ )?(?:a|an) *\|"
        ),
    ),
    (1.5, r"\bbefore\b|\bin time\b|\bso (?:before|by|after|in)\b|\bat the latest\b"),
)
_NOT_WANTED = _cues(
    (-5.0, r"\b(?:forget|skip|nix|scratch|never mind|not) (?:about )?(?:before )?\|"),
    (
        -5.0,
        (
            r"\b(?:bought|built|moved in|did|was|were|had|went|came|put (?:it|in|on|the)|installed in"
            r"|replaced (?:it|in|the)|started leaking|happened|filed|got (?:it|hit|here)|hit|last (?:year"
            r"|spring|summer|fall|winter|week|month)|ago|back in|since|used to|paid|broke|died|passed"
            r"|redid|remodeled|married|closed|patched|leaked|born|retired|won|told|said|quoted|sold"
            r"|worked)\b(?! (?:like|hoping|thinking))"
        ),
    ),
    (
        -4.0,
        (
            r"\b(?:warranty|guarantee|years? old|expire[sd]?|lease|birthday|anniversary|turns?|turning"
            r"|graduat\w+|retir(?:es|ing)|retire|deductible|interest|payment|a month|mortgage|appointment"
            r"|meeting|game|tournament|soccer|practice|class|doctor|flight|trip|traveling|travelling"
            r"|vacation|out of town|back (?:from|on|in)|away|closing on|hosting|visit(?:ing)?|arriv\w+"
            r"|coming (?:over|in|by|out|to)|flying|staying|starts? (?:college|a new job|school)|leaves?"
            r"|deploy\w*|surgery|knee|hip|doctor's)\b"
        ),
    ),
    (
        -5.0,
        (
            r"\b(?:call|text|email|talk|meet|see|come (?:back|by|over|out)|stop by|follow up|touch base"
            r"|check in|swing by|reach out|get back|let you know|drop(?: it)? off|send|hear from|(?:be|is"
            r"|'s|are|he's|she's|i'm|we're) (?:available|free|home|around)|another (?:quote|bid|guy"
            r"|company|one) (?:coming|on)|third one|quotes? coming|other (?:guy|quote|company|bid)"
            r"|someone coming|he's coming|she's coming|they're coming|i can do|show you|measure)\b"
        ),
    ),
    (
        -4.0,
        (
            r"\bnot (?:before|until|in|during|going to be|by|this|next|august|july|june|possible)\b"
            r"|\b(?:can't|cannot|won't|don't want|wouldn't|isn't|except|anything but|busy|gone|booked"
            r"|avoid|rather not|skip|doesn't work|too (?:late|soon|early|cold|hot|far))\b(?! wait)"
        ),
    ),
    (-3.0, r"\b(?:between|from) (?:the|my|our)\b"),
    (
        -3.0,
        (
            r"\b(?:takes?|last(?:s|ed)|for (?:two|three|four|five|six|seven|eight|ten|a|the next|\d+)"
            r"|every|each|per|without|years|how long|drag(?:s|ged)?|all (?:summer|winter|spring|fall)"
            r"|most of the|whole (?:summer|winter))\b"
        ),
    ),
    (
        -4.0,
        (
            r"\b(?:neighbo(?:u)?rs?|sister|brother|friend|cousin|buddy|coworker)(?:'s)? (?:had|got|did|was"
            r"|just|is|waited|house|roof)\b"
        ),
    ),
)
_SMALL_TALK = re.compile(
    r"\b(?:weather|game|season (?:ticket|opener)|snow(?:ed)? last|forecast|football|lake|fishing"
    r"|hunting)\b"
)
_AVAILABLE = re.compile(
    r"\b(?:our crews?|booking|booked|scheduling|we're (?:about|out|running)|crew is|lead time"
    r"|out about|earliest|we can (?:get|do|start|be)|i can|my crews?|permit|deliver(?:y|ed)"
    r"|install(?:ation)? takes|promotion|sale|offer|discount|prices? (?:go|are going)|warranty"
    r"|come back|call you)\b"
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    when: When
    points: float
    turn: Turn


def find_timeline(talk: Talk, day: date | None) -> tuple[str, tuple[Quote, ...]] | None:
    """When it is wanted, in words that people and date parsers read; None if nobody said."""
    waiting = answers(talk)
    found: list[_Candidate] = []
    for turn in talk.turns:
        times = _joined(turn, find_times(turn.folded, turn.text))
        found += _proposed(talk, turn, times) if turn.by_rep else _named(talk, turn, times, waiting[turn.index])
    good = [candidate for candidate in found if candidate.points >= _ENOUGH]
    chosen = _choose([c for c in good if c.when.kind is not Kind.NO_RUSH]) or _choose(good)
    if chosen is None:
        return None
    return dates.words(chosen.when, day), (Quote(chosen.turn.index, chosen.turn.text),)


def _choose(good: list[_Candidate]) -> _Candidate | None:
    """The clearest; among those that are about as clear the last, and the first in one turn."""
    best = max((candidate.points for candidate in good), default=0.0)
    near = [candidate for candidate in good if candidate.points >= best - _NEAR_BEST]
    if not near:
        return None
    last = near[-1].turn.index
    return max((c for c in near if c.turn.index == last), key=lambda c: (c.points, -c.when.start))


def _joined(turn: Turn, times: list[When]) -> list[When]:
    """`before the baby comes in June` is before June; `by March 15th, before the rains` is by March 15."""
    result: list[When] = []
    for when in times:
        before = result[-1] if result else None
        if before and before.kind is Kind.EVENT and _follows(turn, before, when):
            result[-1] = replace(when, start=before.start, side=before.side)
        else:
            result.append(when)
    return result


def _follows(turn: Turn, event: When, when: When) -> bool:
    between = turn.folded[event.end : when.start]
    said = turn.folded[when.start : when.end]
    return (
        when.kind in {Kind.MONTH, Kind.SEASON, Kind.DAY}
        and when.side == ""
        and re.fullmatch(r"[\s,]*(?:[a-z']+\s+){0,3}", between) is not None
        and re.match(r"(?:in|on|at|early|late|mid|this|next|the|sometime)\b", said) is not None
    )


def _named(talk: Talk, turn: Turn, times: list[When], waiting: dict[Topic, int]) -> list[_Candidate]:
    """The times in a customer's turn."""
    calm = 2.5 if any(when.kind is Kind.NO_RUSH for when in times) else 0.0  # "no hurry, maybe next year"
    found = [
        _Candidate(when, _points(talk, turn, when, waiting) + (calm if when.kind is not Kind.NO_RUSH else 0.0), turn)
        for when in times
    ]
    return [
        candidate
        for position, candidate in enumerate(found)
        if not any(
            CORRECTION.search(turn.folded, candidate.when.end, later.when.start + 1) and later.points >= 0
            for later in found[position + 1 :]
        )
    ]


def _points(talk: Talk, turn: Turn, when: When, waiting: dict[Topic, int]) -> float:
    asked = waiting.get(Topic.TIMELINE)
    if when.turn == "last" or (when.bare and not _may_be_bare(turn, when, asked)):
        return -5.0
    clause, sentence = clause_around(turn.folded, when.start + 1), sentence_around(turn.folded, when.start)
    said = _without(turn.folded, clause, when)
    points = _ANSWER[asked] if asked is not None else 0.0
    points += max(min(4.5, score(said, _WANTED)), min(3.0, score(_without(turn.folded, sentence, when), _WANTED) - 0.5))
    points += score(_near(turn.folded, clause, when), _NOT_WANTED) - (
        2.0 if _SMALL_TALK.search(clause.of(turn.folded)) else 0.0
    )
    points += 1.0 if when.side in {"before", "by", "within"} else 0.0
    points += _kind_points(when, asked) + (3.0 if _repeats(talk, turn, when) else 0.0)
    if asked == 0 and sentence.start == 0:  # "October. Bob's retiring on the 30th."
        points += 2.0
    return points


def _repeats(talk: Talk, turn: Turn, when: When) -> bool:
    """`You mentioned summer?` `Next summer, yes.`"""
    question = talk.rep_before(turn.index)
    if question is None or "?" not in question.folded or denies(turn) or when.kind is Kind.DAY:
        return False
    return any(asked.name == when.name for asked in find_times(question.folded, question.text))


def _kind_points(when: When, asked: int | None) -> float:
    match when.kind:
        case Kind.SOON | Kind.NO_RUSH:
            return 3.0
        case Kind.DAY:
            return 0.0 if asked == 0 else -1.5
        case Kind.EVENT if when.side == "after" and asked is None:
            return -2.0
        case _:
            return 0.0


def _may_be_bare(turn: Turn, when: When, asked: int | None) -> bool:
    """A time without a word that shows it to be one is believed in an answer that says little else."""
    if asked is None:
        return False
    rest = turn.folded[when.end :]
    if when.kind is Kind.SPAN:
        return word_count(turn.folded) <= 10 and not re.match(r"\s*(?:old|of|warranty)", rest)
    return not re.match(r"\s+(?:system|coil|steel|cleaning|protection|off|down|apart|through|short)\b", rest)


def _near(folded: str, clause: Span, when: When) -> str:
    """The words close to a phrase: speech recognition may give a whole story as one clause."""
    before, after = (25, 12) if when.kind is Kind.SOON else (75, 45)
    return _without(folded, Span(max(clause.start, when.start - before), min(clause.end, when.end + after)), when)


def _without(folded: str, span: Span, when: When) -> str:
    """The words around a phrase with a bar in its place, so that `before we move` is not read as moving."""
    before = "before " if when.side in {"before", "by"} else ""
    around = (
        f"{folded[span.start : max(span.start, when.start)]} {before}| {folded[when.end : max(when.end, span.end)]}"
    )
    return " ".join(around.split())


def _proposed(talk: Talk, turn: Turn, times: list[When]) -> list[_Candidate]:
    """The times that a rep asks about and the customer says yes to."""
    reply = reply_to(talk, turn.index)
    if reply is None or not affirms(reply) or denies(reply) or not times:
        return []
    if find_times(reply.folded, reply.text) and not re.search(r"\b(?:that's|that'd|would|works)\b", reply.folded):
        return []
    found = []
    for when in times:
        sentence = sentence_around(turn.folded, when.start).of(turn.folded)
        about_it = Topic.TIMELINE in asks(turn) or any(
            Topic.TIMELINE in asks(t) for t in talk.turns[max(0, turn.index - 3) : turn.index] if t.by_rep
        )
        points = (3.0 if about_it else 0.0) + (1.0 if "?" in sentence else -1.0) + min(2.0, score(sentence, _WANTED))
        points -= 4.0 if _AVAILABLE.search(sentence) else 0.0
        points += (
            score(sentence, _NOT_WANTED[:1]) if not re.search(r"\byou (?:said|mentioned|told)\b", sentence) else 2.0
        )
        points -= 5.0 if when.turn == "last" or when.kind is Kind.DAY else 0.0
        found.append(_Candidate(when, min(points, 4.0), turn))
    return found
