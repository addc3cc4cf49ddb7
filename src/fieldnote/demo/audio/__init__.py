"""The sound of two conversations of the demo, spoken by synthetic voices: `scripts/demo_audio.py` makes the files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from fieldnote.demo import names
from fieldnote.insight import Utterance

FOLDER: Final[Traversable] = files(__name__)
MEDIA_TYPE: Final = "audio/webm"
SPOKEN: Final = MappingProxyType({"roof_thackeray": 0, "roof_thackeray_again": 0})
"""Conversations with a sound, and the number of the rep who speaks in them."""


def rep_of(key: str) -> str:
    """The name of the rep in a conversation with a sound."""
    return names.REPS[SPOKEN[key]]


def sound_of(key: str, rep_name: str) -> Traversable | None:
    """The file of a conversation as this rep led it; None where there is none."""
    return FOLDER / f"{key}.webm" if key in SPOKEN and rep_of(key) == rep_name else None


def length_of(key: str) -> timedelta:
    """How long the file of a conversation is."""
    return timedelta(seconds=_times(key)[-1][1])


def with_times(key: str, said: Sequence[Utterance]) -> list[Utterance]:
    """The utterances of a conversation with the times at which the file says them."""
    pairs = zip(said, _times(key), strict=True)
    return [replace(utterance, start=start, end=end) for utterance, (start, end) in pairs]


def _times(key: str) -> list[tuple[float, float]]:
    """Start and end of each utterance in seconds."""
    loaded: list[tuple[float, float]] = json.loads((FOLDER / f"{key}.json").read_text(encoding="utf-8"))
    return loaded
