"""Reads a transcript of any of the usual formats, told apart by what is in it."""

from __future__ import annotations

from fieldnote.insight.utterances import Utterance, duration_of

__all__ = ["Utterance", "duration_of", "read_transcript"]


def read_transcript(data: bytes, *, name: str = "") -> list[Utterance]:
    """The utterances of a transcript in JSON, WebVTT, SRT or `Speaker: text` lines, never none.

    `name` is the file's, for messages. Raises TranscriptError.
    """
    raise NotImplementedError
