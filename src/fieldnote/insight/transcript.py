"""Reads a transcript of any of the usual formats, told apart by what is in it.

- JSON: a list of utterances, or an object that holds one (`utterances`, `segments`, …), or JSON lines
- WebVTT and SRT, with voices or with `Speaker: text` in the cues
- lines of `Speaker: text`, with or without times
"""

from __future__ import annotations

import codecs
import re

from fieldnote.errors import TranscriptError
from fieldnote.insight.cues_format import TIMING, read_cues
from fieldnote.insight.json_format import read_json
from fieldnote.insight.lines_format import read_lines
from fieldnote.insight.utterances import Utterance, duration_of

__all__ = ["Utterance", "duration_of", "read_transcript"]

_FORMATS = "a transcript is JSON utterances, WebVTT, SRT or `Speaker: text` lines, as UTF-8"
_FOREIGN = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a Word document or a ZIP archive"), (b"RIFF", "a recording"),
    (b"ID3", "a recording"),
    (b"OggS", "a recording"), (b"fLaC", "a recording"), (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "rich text"),
)  # fmt: skip
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_transcript(data: bytes, *, name: str = "") -> list[Utterance]:
    """The utterances of a transcript, never none.

    `name` is the file's, for messages and nothing else. Raises TranscriptError.
    """
    name = name or "transcript"
    text = _decoded(data, name).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise TranscriptError(f"{name} is empty", hint=_FORMATS)
    found = _read(text, name)
    if not found:
        raise TranscriptError(f"{name} holds no words that anybody said", hint=_FORMATS)
    return found


def _read(text: str, name: str) -> list[Utterance]:
    start = text.lstrip()
    if start.startswith("{") or re.match(r"\[\s*(?:[\[{\"\]]|\d+\s*,|$)", start):
        return read_json(text, name)
    if start.startswith("WEBVTT") or any(TIMING.match(line) for line in start.split("\n", 40)[:40]):
        return read_cues(text, name)
    return read_lines(text)


def _decoded(data: bytes, name: str) -> str:
    for beginning, what in _FOREIGN:
        if data.startswith(beginning):
            raise TranscriptError(f"{name} is {what}, not a transcript", hint=_FORMATS)
    encoding = next((encoding for bom, encoding in _BOMS if data.startswith(bom)), None) or _guess(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TranscriptError(
            f"{name}:{line}: byte 0x{data[error.start]:02x} is not {encoding.upper().removesuffix('-SIG')} text",
            hint="save the file as UTF-8 and try again",
        ) from error
    if (at := text.find("\0")) >= 0:
        raise TranscriptError(f"{name}:{text.count(chr(10), 0, at) + 1}: this is binary data, not text", hint=_FORMATS)
    return text


def _guess(data: bytes) -> str:
    """UTF-16 without its mark has a zero in every other byte of plain text."""
    sample = data[:400]
    if len(data) % 2 == 0 and len(sample) >= 4:
        if sample[1::2].count(0) > len(sample) * 0.4 and sample[::2].count(0) == 0:
            return "utf-16-le"
        if sample[::2].count(0) > len(sample) * 0.4 and sample[1::2].count(0) == 0:
            return "utf-16-be"
    return "utf-8"
