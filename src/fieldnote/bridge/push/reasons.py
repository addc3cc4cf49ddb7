"""Reasons that differ only in ids, numbers and quoted values are one kind: it is printed once, with a count. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.push.entries import Problem
from fieldnote.bridge.push.states import SentState

_REQUEST: Final = re.compile(r" \(request [^)]*\)$")
_VARYING: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*")


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Records with one kind of problem."""

    state: SentState
    count: int
    keys: tuple[str, ...]
    """The first of them."""
    reason: str
    """Of the first one."""
    hint: str | None


def kind_of(reason: str, key: str) -> str:
    """The reason without the parts that vary from record to record."""
    text = re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", "…", _REQUEST.sub("", reason)) if key else reason
    return _VARYING.sub("…", text)


def group(problems: Iterable[Problem], *, shown: int = 5) -> list[ProblemGroup]:
    """The problems by kind, the most frequent first."""
    kinds: dict[tuple[SentState, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.state, kind_of(problem.reason, problem.key)), []).append(problem)
    groups = [
        ProblemGroup(state, len(found), tuple(item.key for item in found[:shown]), found[0].reason, found[0].hint)
        for (state, _), found in kinds.items()
    ]
    return sorted(groups, key=lambda item: -item.count)
