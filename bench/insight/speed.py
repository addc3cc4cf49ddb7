"""The cost of a conversation: `uv run python -m bench.insight.speed`. Run it by hand, with nothing else at work."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from fieldnote.demo.conversations import CONVERSATIONS
from fieldnote.insight import Utterance, extract, read_transcript

ASKED: float = 0.25
"""Seconds that the extraction of a hundred utterances may take."""


def said(count: int) -> list[Utterance]:
    """The demo's conversations, one after the other, until there are so many utterances."""
    found: list[Utterance] = []
    while len(found) < count:
        for conversation in CONVERSATIONS:
            found += read_transcript(conversation.read("Dana"))
    return found[:count]


def seconds(utterances: list[Utterance]) -> float:
    """Of one extraction."""
    began = perf_counter()
    extract(utterances, rep_name="Dana")
    return perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for count in (100, 1_000, 10_000):
        utterances = said(count)
        print(f"{count:,} utterances: {min(seconds(utterances) for _ in range(rounds)):.3f} s, the best of {rounds}")
    hundred = said(100)
    kept = min(seconds(hundred) for _ in range(rounds)) < ASKED
    print(f"asked: 100 utterances under {ASKED} s: {'kept' if kept else 'MISSED'}")
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
