"""Content words as stems: `decides` and `deciding` meet, `the` and `about` do not count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer

_STEMMER = snowballstemmer.stemmer("english")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
STOP_WORDS = frozenset(
    """
    a about actually after again all almost also always am an and another any anybody anyone anything are aren't
    around as at away back be because been before being but by can can't cannot could couldn't did didn't do does
    doesn't doing don't done each either else even ever every for from gave get gets getting give go goes going
    gonna good got gotta had hadn't has hasn't have haven't having he he'd he'll he's her here hers him his how i
    i'd i'll i'm i've if in into is isn't it it'd it'll it's its just kind know let let's like little ll lot made
    make makes many may maybe me mean might mine more most much must my myself no not now of off oh okay ok on one
    only onto or other our ours out over own pretty probably put quite rather re really right s said same say says
    see she she'd she'll she's should shouldn't since so some somebody someone something sort still such sure t than
    that that'd that's the their theirs them then there there's these they they'd they'll they're they've thing
    things think this those through to too um uh under until up upon us use ve very want wants was wasn't way we
    we'd we'll we're we've well went were weren't what what's when where which while who who's whom whose why will
    with without won't would wouldn't yeah yep yes yet you you'd you'll you're you've your yours
    """.split()
)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    return _SAME.get(found := str(_STEMMER.stemWord(word)), found)


_SAME = {"decis": "decid", "paid": "pay", "bought": "buy", "sold": "sell", "children": "child", "kid": "child"}


def words(folded: str) -> list[str]:
    """All words and numbers of a folded text, without the possessive ending."""
    return [word.removesuffix("'s") for word in _WORD.findall(folded)]


def stems(folded: str) -> frozenset[str]:
    """The stems of the content words of a folded text."""
    return frozenset(stem(word) for word in words(folded) if word not in STOP_WORDS)


def share(wanted: Iterable[str], found: frozenset[str]) -> float:
    """The share of `wanted` that is in `found`; 1 where nothing is wanted."""
    known = set(wanted)
    return len(known & found) / len(known) if known else 1.0
