"""A note that a person can read, made of what was said: who and what, their words, the four fields, next steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.budget_cues import QUOTES
from fieldnote.insight.extract import Extraction
from fieldnote.insight.money import Money
from fieldnote.insight.roles import Talk, Turn, talk_of
from fieldnote.insight.times import find_times
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import sentences, word_count

_FEWEST, _MOST = 80, 180
"""Words of a note, where the conversation has as much to say."""
_QUOTE = (5, 32)
"""Words of a sentence that is worth quoting."""

_WISHES = tuple(
    (weight, re.compile(pattern))
    for weight, pattern in (
        (
            3.0,
            (
                r"\b(?:i|we)(?:'d| would|'m| are|'re)? (?:really |just |also )?(?:want|wanna|need|love|like"
                r"|looking|hoping|prefer|rather|knock)\b(?! (?:that|it|him|her|them|the|this)\b)"
            ),
        ),
        (
            2.0,
            (
                r"\b(?:replace|remodel|new|bigger|install|fix|add|change|update|convert|upgrade|get rid|tear"
                r"|redo|walk-in|island|shower|deck|roof|windows?|siding|gutters?|furnace|heat pump|kitchen"
                r"|bath\w*|patio|fence|panels?|unit)\b"
            ),
        ),
        (
            2.0,
            (
                r"\b(?:leak\w*|rotten|rotted|cold|drafty|fog|old|broken|out since|stain|mold|cracked|hail"
                r"|came (?:down|off)|sticks|worst|dated|original|too small|bill was|holes|died|dripping)\b"
            ),
        ),
        (1.0, r"(?:\b\w[\w']*\W+){7}"),
        (-2.0, r"\b(?:budget|spend|expensive|money|email|confirm|deposit)\b"),
        (
            -3.0,
            (
                r"\b(?:paid|bought|neighbo\w+|sister|brother|cousin|buddy|friend|dog|kids|vacation|soccer"
                r"|lunch|coffee|game)\b"
            ),
        ),
        (-2.0, r"\?\s*$|^(?:ha|oh|ooh|wow|okay|ok|sure|right|yeah|no|hi|hey|hello|sorry)\b[^a-z]*"),
    )
)
_OPEN_QUESTION = re.compile(
    r"\b(?:what(?:'s| is| are| do| would| don't|'d) (?:going on|not working|you (?:want|like"
    r"|change|love|guys want|picturing|looking|hoping (?!to spend|to pay))|wrong|the plan"
    r"|the project|bothering|happening|brings)|tell me (?:what|about)|what brings|what has you"
    r"|walk me through|what are we)"
)
_SUBJECTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"\b(?:{pattern})\b"))
    for name, pattern in (
        ("shingles", r"shingles?"),
        ("leaks and water damage", r"leak\w*|drip\w*|stain|water damage"),
        ("hail and insurance", r"hail|insur\w+|adjuster|claim|deductible"),
        ("gutters", r"gutters?|downspouts?"),
        ("cabinets", r"cabinets?"),
        ("countertops", r"counters?|countertops?|quartz|granite"),
        ("appliances", r"appliances?|fridge|stove"),
        ("tile", r"tiles?|porcelain"),
        ("the shower", r"shower"),
        ("windows and glass", r"windows?|panes?|glass"),
        ("siding", r"siding|vinyl|fiber cement|hardie|cedar"),
        ("heating and cooling", r"furnace|heat pump|air handler|seer|thermostat|cooling|ac"),
        ("decking", r"deck\w*|composite"),
        ("the railing", r"railing"),
        ("solar panels", r"panels?|kilowatts?"),
        ("samples and colors", r"samples?|colou?rs?|swatch\w*"),
        ("warranty", r"warrant\w+"),
        ("financing", r"financ\w+|interest|monthly|payment|apr|rate"),
        ("rebates and discounts", r"rebates?|discounts?|tax credit|promo\w*"),
        ("deposit", r"deposit|down payment|percent down"),
        ("permits", r"permits?|inspection|engineer"),
        ("the HOA", r"hoa|architectural board"),
        ("dust and cleanup", r"dust|clean ?up|magnet|zip walls?|mess"),
        ("noise", r"noise|loud|decibels?"),
        ("energy bills", r"(?:gas|electric|utility|power|energy) bills?"),
        ("trade-in", r"trade-in|trade"),
        ("other quotes", r"quotes|bids|estimates"),
        ("crew and schedule", r"crews?|schedul\w+|booking|booked|lead time"),
        ("turf and yard", r"turf|lawn|yard"),
        ("the fence", r"fence|gate"),
        ("flooring", r"floors?|flooring|hardwood"),
    )
)
_PROMISE = re.compile(
    r"\b(?:i'll|i will|we'll|we will|i'm going to|i'm gonna|let me) (?:go ahead and |also |just "
    r"|then |definitely |have (?:\w+ )?)?(?:send|email|e-mail|call|text|bring|drop|write|come|stop"
    r"|check|book|order|schedule|draw|put (?:you|that|it)|pencil|get (?:you|the|that|back|it)"
    r"|follow|find|see you|type|fill|leave|talk|ask|look|run|sign|think|measure|stage|pull|have)\b"
    r"|\b(?:next step is|you (?:sign|let me know)|can you (?:send|email|call)|see you (?:on|then"
    r"|at|tomorrow|next|mon|tues|wednes|thurs|fri|satur|sun))\b"
)
_MEETING = re.compile(
    r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|tonight|next week"
    r"|this (?:afternoon|evening))\b.{0,30}\b(?:at|around|by|before|after|works?|good|okay|it is"
    r"|noon|morning|evening)\b|\b(?:eleven|ten|nine|eight|seven|six|five|four|three|two|one"
    r"|noon)(?: (?:thirty|fifteen))? (?:it is|works)"
)
_NOT_A_STEP = re.compile(
    r"\b(?:i'll (?:be honest|tell you|say|take|have to inform|never)|let me (?:ask|just|see|show"
    r"|have a look|look)|let me put|we'll (?:see|find)|if i|i'll show)\b"
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence as it stands in the transcript."""

    turn: Turn
    text: str
    folded: str
    order: int


def summarize(
    utterances: Sequence[Utterance],
    extractions: Sequence[Extraction],
    *,
    title: str | None = None,
    customer: str | None = None,
    rep_name: str | None = None,
) -> str:
    """What the customer wants, what was discussed, the four fields and the next steps, as plain text.

    80 to 180 words where so much was said; sentences in quotes stand as they were spoken.
    """
    talk = talk_of(utterances, rep_name)
    said = _sentences(talk)
    steps = _next_steps(talk, said)
    fixed = [_heading(title, customer, rep_name), *_discussed(talk), _facts(extractions), _steps_text(steps)]
    room = _MOST - word_count(" ".join(part for part in fixed if part))
    wishes = _within(_wishes(talk, said, steps), room, enough=_FEWEST - (_MOST - room))
    if wishes:
        fixed.insert(1, "In the customer's words: " + " ".join(f'"{wish.text}"' for wish in wishes))
    return "\n".join(part for part in fixed if part)


def next_steps(utterances: Sequence[Utterance], *, rep_name: str | None = None) -> list[str]:
    """What was promised or agreed for later, as it was spoken, in that order; at most four."""
    talk = talk_of(utterances, rep_name)
    return [step.text for step in _next_steps(talk, _sentences(talk))]


def _sentences(talk: Talk) -> list[_Sentence]:
    found: list[_Sentence] = []
    for turn in talk.turns:
        for span in sentences(turn.text):
            text = span.of(turn.text).strip()
            found.append(_Sentence(turn, text, span.of(turn.folded).strip(), len(found)))
    return found


def _heading(title: str | None, customer: str | None, rep_name: str | None) -> str:
    people = " and ".join(name for name in (rep_name, customer) if name)
    about = f" about {title}" if title else ""
    return f"Conversation{' of ' if rep_name and customer else ' with ' if people else ''}{people}{about}."


def _wishes(talk: Talk, said: list[_Sentence], steps: list[_Sentence]) -> list[_Sentence]:
    """The customers' sentences that say most of what they want and why, the best first."""
    asked = {turn.index + 1 for turn in talk.turns if turn.by_rep and _OPEN_QUESTION.search(turn.folded)}
    points = [
        (
            sum(weight for weight, pattern in _WISHES if pattern.search(one.folded)) + 2.0 * (one.turn.index in asked),
            -one.order,
            one,
        )
        for one in said
        if not one.turn.by_rep and _QUOTE[0] <= word_count(one.folded) <= _QUOTE[1] and one not in steps
    ]
    return [one for worth, _, one in sorted(points, key=lambda point: point[:2], reverse=True) if worth >= 2]


def _within(ranked: list[_Sentence], room: int, *, enough: int) -> list[_Sentence]:
    """As many of the best as there is room for: three, or more while the note is short. In spoken order."""
    chosen: list[_Sentence] = []
    used = 4
    for one in ranked:
        length = word_count(one.folded)
        if used + length <= room and (len(chosen) < 3 or used < enough):
            chosen.append(one)
            used += length
    return sorted(chosen, key=lambda one: one.order)


def _discussed(talk: Talk) -> list[str]:
    """The subjects that came up more than once, and what the rep asked for it."""
    count = Counter(name for turn in talk.turns for name, pattern in _SUBJECTS if pattern.search(turn.folded))
    subjects = [name for name, times in count.most_common(6) if times > 1]
    prices = list(dict.fromkeys(str(price) for turn in talk.turns if turn.by_rep for price in _quoted(turn)))[:3]
    text = f"Discussed: {', '.join(subjects)}." if subjects else ""
    return [part for part in (text, f"Prices named by the rep: {', '.join(prices)}." if prices else "") if part]


_TOTALS = re.compile(
    r"\b(?:i'm at|we're at|you'd be at|you're at|comes (?:out )?to|installed|all in|all together"
    r"|total|package|would be|runs|i've got you at|that's the \w+ at|put the total|goes to)\b"
)


def _quoted(turn: Turn) -> list[Money]:
    return [
        price
        for price in turn.amounts
        if price.certain
        and not price.is_range
        and price.high >= 500
        and _TOTALS.search(turn.folded)
        and any(cue.search(turn.folded) for _, cue in QUOTES)
    ]


def _facts(extractions: Sequence[Extraction]) -> str:
    return "\n".join(f"{one.name}: {one.value}." for one in extractions)


def _next_steps(talk: Talk, said: list[_Sentence]) -> list[_Sentence]:
    """Promises and appointments of the second half: those with a time first, in spoken order."""
    late = [one for one in said if one.turn.index >= len(talk.turns) * 0.45 and word_count(one.folded) <= _QUOTE[1]]
    promised = [one for one in late if _PROMISE.search(one.folded) and not _NOT_A_STEP.search(one.folded)]
    met = [one for one in late if one not in promised and _MEETING.search(one.folded) and one.turn.by_rep]
    dated = [one for one in promised if find_times(one.folded, one.text)]
    ranked = [*dated[-3:], *met[-1:], *[one for one in promised if one not in dated][-2:]]
    return sorted(ranked[:4], key=lambda one: one.order)


def _steps_text(steps: list[_Sentence]) -> str:
    if not steps:
        return ""
    parts: list[str] = []
    for one in steps:
        who = one.turn.speaker or ("Rep" if one.turn.by_rep else "Customer")
        again = bool(parts) and steps[len(parts) - 1].turn.speaker == one.turn.speaker
        parts.append(f'"{one.text}"' if again else f'{who}: "{one.text}"')
    return "Next steps: " + " ".join(parts)
