"""The rep and the customer, with a certainty: `forty thousand` from a customer is a budget, from the rep a price."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from fieldnote.insight.talk.role_features import FEATURES, INTRODUCES, role_features
from fieldnote.insight.talk.role_weights import WEIGHTS as OF_FEATURES
from fieldnote.insight.talk.role_words import WEIGHTS
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold


class Role(StrEnum):
    """A speaker's part in the conversation."""

    REP = "rep"
    """Sells."""
    CUSTOMER = "customer"
    """Buys, or decides with the buyer."""
    UNKNOWN = "unknown"
    """The words do not show it."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """The role of one speaker's label."""

    role: Role
    certainty: float
    """From 0 to 1; 1 where a name, a label or a person said so."""


_REP_LABEL = re.compile(
    r"\b(?:(?:sales|field|service|account)?\s*rep(?:resentative)?|sales(?:man|woman|person|people"
    r"|rep)?|seller|agent|advis[eo]r|consultant|designer"
    r"|estimator|contractor|tech(?:nician)?|inspector|specialist|plumber|roofer|electrician"
    r"|installer|closer|canvasser|project manager"
    r"|account manager|account executive|ae|sdr|dealer|host)\b"
)
_CUSTOMER_LABEL = re.compile(
    r"\b(?:customer|home\s?owner|client|buyer|prospect|lead|owner|husband|wife|spouse|caller"
    r"|resident|tenant|facility manager"
    r"|property manager|mother|father|mom|dad|son|daughter|guest)s?\b"
)
_INTRODUCTION = 6.0
_UNITS = re.compile(r"[a-z]+(?:'[a-z]+)?|\?")


def assign(
    utterances: Sequence[Utterance],
    rep_name: str | None = None,
    corrections: Mapping[str, Role] | None = None,
    *,
    customer: str | None = None,
) -> dict[str, Assigned]:
    """The role of each label: as corrected, by the rep's name, by the label itself, else by what each one says."""
    labels = list(dict.fromkeys(said.speaker for said in utterances))
    given = {label: Assigned(role, 1.0) for label, role in (corrections or {}).items() if label in labels}
    open_labels = [label for label in labels if label not in given]
    if not open_labels:
        return given
    if any(one.role is Role.REP for one in given.values()):
        return given | {label: Assigned(Role.CUSTOMER, 0.9) for label in open_labels}
    if len(labels) < 2:
        return given | {label: Assigned(Role.UNKNOWN, 0.0) for label in open_labels}
    named = _by_label(open_labels, rep_name)
    rest = [label for label in open_labels if label not in named]
    if named:
        return given | named | _beside_a_rep(utterances, rest, rep_name)
    return given | _by_talk(utterances, rest, rep_name, customer)


def _by_label(labels: Sequence[str], rep_name: str | None) -> dict[str, Assigned]:
    """The labels whose words show the role; the others, if a rep is among these and they are names, are customers'."""
    reps = {label for label in labels if rep_name and _same_person(label, rep_name)}
    reps = reps or {label for label in labels if _is_rep_label(label)}
    if len(reps) == len(labels):
        return {}
    found = {label: Assigned(Role.REP, 1.0) for label in reps}
    for label in labels:
        says_customer = _CUSTOMER_LABEL.search(fold(label)) is not None
        if label not in reps and (says_customer or (reps and not _GENERIC.search(fold(label)))):
            found[label] = Assigned(Role.CUSTOMER, 1.0)
    return found


_GENERIC = re.compile(r"\b(?:speaker|spk|person|participant|voice|unknown|channel|user|guest)\b|^\W*$|^[a-z]$|\d")


def _by_talk(
    utterances: Sequence[Utterance], labels: Sequence[str], rep_name: str | None, customer: str | None
) -> dict[str, Assigned]:
    """The label that talks most like a rep is one, the others are customers; unknown where it is not clear."""
    count = Counter(one.speaker for one in utterances)
    # A label of a few utterances is a third voice.
    major = [label for label in labels if count[label] >= MAJOR * len(utterances)]
    major = major if len(major) > 1 else list(labels)
    shares = dict(zip(major, _shares(utterances, major, rep_name, customer), strict=True))
    best = max(major, key=lambda label: shares[label])
    if shares[best] < _CLEAR:
        return {label: Assigned(Role.UNKNOWN, shares.get(label, 0.0)) for label in labels}
    return {
        label: Assigned(
            Role.REP if label == best else Role.CUSTOMER, shares[best] if label in major else shares[best] / 2
        )
        for label in labels
    }


def _shares(
    utterances: Sequence[Utterance], labels: Sequence[str], rep_name: str | None, customer: str | None
) -> list[float]:
    """The probability of each label to be the rep's."""
    weights = [OF_FEATURES[name] for name in FEATURES]
    features = [role_features(utterances, label, rep_name, customer) for label in labels]
    scores = [sum(weight * one for weight, one in zip(weights, own, strict=True)) for own in features]
    # Few words show little.
    trust = min(1.0, sum(len(one.text.split()) for one in utterances) / _ENOUGH)
    powers = [math.exp(trust * (score - max(scores))) for score in scores]
    return [power / sum(powers) for power in powers]


def _beside_a_rep(utterances: Sequence[Utterance], labels: Sequence[str], rep_name: str | None) -> dict[str, Assigned]:
    """Customers, but for one who clearly talks like a rep too."""
    first = fold(rep_name).split()[0] if rep_name and rep_name.split() else None
    said = {label: [fold(one.text) for one in utterances if one.speaker == label] for label in labels}
    points = {label: _points(texts, first) for label, texts in said.items()}
    whole = sum(map(len, said.values()))
    major = [label for label in labels if len(said[label]) * 10 >= whole]
    best = max(major, key=lambda label: points[label], default="")
    margin = points.get(best, 0.0) - max((points[label] for label in major if label != best), default=0.0)
    certainty = max(0.0, min(1.0, margin / 4))
    is_rep = best != "" and points[best] > 0 and margin > _ALSO_REP
    return {
        label: Assigned(
            Role.REP if is_rep and label == best else Role.CUSTOMER, certainty if label in major else certainty / 2
        )
        for label in labels
    }


MAJOR: Final = 0.12
"""The part of a conversation's utterances from which a label may be the rep's."""
_ENOUGH: Final = 100
"""Words of a conversation that show fully how its speakers talk."""
_CLEAR: Final = 0.6
"""The probability below which nobody is taken for the rep."""
_ALSO_REP: Final = 1.0
_FEW: Final = 6
"""Utterances below which a label's points are drawn to the middle."""


def _points(texts: Sequence[str], rep: str | None) -> float:
    """How much a speaker talks like a rep, for each utterance."""
    points = sum(rep_score(text) for text in texts)
    if rep is not None:
        introduction = re.compile(
            rf"\b(?:it's|i'm|this is|name's|name is|hi,?|hello,?|yes (?:ma'am|sir),?)? ?{re.escape(rep)},? (?:from"
            rf"|with|here)\b|\b(?:i'm|this is|my name is|name's) {re.escape(rep)}\b"
        )
        points += sum(_INTRODUCTION for text in texts[:6] if introduction.search(text))
    return points / max(_FEW, len(texts))


def _same_person(label: str, name: str) -> bool:
    """`Maria` and `Maria (rep)` are Maria Lopez; `Maria Smith` is not."""
    said, known = re.findall(r"[^\W\d_]+", fold(label)), re.findall(r"[^\W\d_]+", fold(name))
    if not said or not known or said[0] != known[0]:
        return False
    return len(said) == 1 or len(known) == 1 or said[1] == known[-1] or bool(_REP_LABEL.search(" ".join(said[1:])))


def _is_rep_label(label: str) -> bool:
    text = fold(label)
    return bool(_REP_LABEL.search(text)) and not _CUSTOMER_LABEL.search(text)


def rep_score(folded: str) -> float:
    """How much a text sounds like one who sells; below zero like one who buys."""
    units = _UNITS.findall(folded)
    known = set(units) | {f"{one} {other}" for one, other in pairwise(units)}
    points = sum(WEIGHTS.get(unit, 0.0) for unit in known)
    return points + (_INTRODUCTION if INTRODUCES.search(folded) else 0.0)
