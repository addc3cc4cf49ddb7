"""Reads the bytes of a transcript: its encoding, its format, its bounds."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from pathlib import Path

from fieldnote.errors import TranscriptError
from fieldnote.insight.transcripts.bounds import LARGEST_FILE, check_lines, check_size, within_bounds
from fieldnote.insight.transcripts.cues import is_timing, read_cues
from fieldnote.insight.transcripts.json_file import read_json
from fieldnote.insight.transcripts.lines import read_lines
from fieldnote.insight.transcripts.text import Warnings
from fieldnote.insight.utterances import Utterance

_LATEST_START = 4 * 3600.0
"""Seconds. A transcript whose first words come later counts from midnight or from 1970, not from its beginning."""

_FORMATS = "give JSON utterances, WebVTT, SRT or `Speaker: text` lines, as UTF-8; docs/transcripts.md lists them"
_FOREIGN = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a Word document or a ZIP archive"), (b"RIFF", "a recording"),
    (b"ID3", "a recording"), (b"OggS", "a recording"), (b"fLaC", "a recording"), (b"\xff\xfb", "a recording"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"), (b"{\\rtf", "rich text"), (b"\x1f\x8b", "a gzip archive"),
)  # fmt: skip
_FOREIGN_TEXT = (
    (re.compile(r"<\?xml|<tt[\s>]", re.IGNORECASE), "XML (perhaps TTML)"),
    (re.compile(r"<!doctype html|<html", re.IGNORECASE), "a web page"),
    (re.compile(r"\[script info\]", re.IGNORECASE), "ASS subtitles"),
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript as read."""

    utterances: list[Utterance]
    """Never empty."""
    warnings: tuple[str, ...]
    """The parts of the file that were not read, one sentence each."""


def read_file(path: Path) -> bytes:
    """The bytes of a transcript file. Raises TranscriptError if it is too large, OSError if it cannot be read."""
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    check_size(data, path.name)
    return data


def read_transcript(data: bytes, *, name: str = "") -> list[Utterance]:
    """The utterances of a transcript, never none. Raises TranscriptError."""
    return load_transcript(data, name=name).utterances


def load_transcript(data: bytes | str, *, name: str = "") -> Transcript:
    """The utterances of a transcript, and warnings about what was not read.

    `name` is the file's, for messages and nothing else. Raises TranscriptError.
    """
    warnings = Warnings(name or "transcript")
    text = data if isinstance(data, str) else _decode(data, warnings.name)
    check_size(text, warnings.name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise TranscriptError(f"{warnings.name} is empty", hint=_FORMATS)
    found = _read(text, warnings)
    if not found:
        raise TranscriptError(f"{warnings.name} has no words", hint=_FORMATS)
    found = within_bounds(_from_the_beginning(found, warnings), warnings.name)
    return Transcript(found, warnings.all())


def _read(text: str, warnings: Warnings) -> list[Utterance]:
    start = text.lstrip()
    if start.startswith("{") or re.match(r"\[\s{0,200}(?:[\[{\"\]]|\d{1,30}\s{0,9},|$)", start[:400]):
        return read_json(text, warnings, _read_text)
    return _read_text(text, warnings)


def _read_text(text: str, warnings: Warnings) -> list[Utterance]:
    start = text.lstrip()
    for pattern, what in _FOREIGN_TEXT:
        if pattern.match(start[:100]):
            raise TranscriptError(f"{warnings.name} is {what}, not a transcript", hint=_FORMATS)
    lines = text.split("\n")
    check_lines(lines, warnings.name)
    if start.startswith("WEBVTT") or any(map(is_timing, lines)):
        return read_cues(text, warnings)
    return read_lines(text, warnings)


def _from_the_beginning(found: list[Utterance], warnings: Warnings) -> list[Utterance]:
    """Times of day and dates become seconds since the first words."""
    first = min((one.start for one in found if one.start is not None), default=0.0)
    if first < _LATEST_START:
        return found
    warnings.add("times do not begin near zero; read as seconds since the first words")
    return [
        replace(
            one,
            start=None if one.start is None else round(one.start - first, 3),
            end=None if one.end is None else round(max(one.end - first, 0.0), 3),
        )
        for one in found
    ]


def _decode(data: bytes, name: str) -> str:
    check_size(data, name)
    for beginning, what in _FOREIGN:
        if data.startswith(beginning):
            raise TranscriptError(f"{name} is {what}, not a transcript", hint=_FORMATS)
    if data[4:8] == b"ftyp":
        raise TranscriptError(f"{name} is a recording, not a transcript", hint=_FORMATS)
    encoding = next((encoding for bom, encoding in _BOMS if data.startswith(bom)), None) or _guess_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TranscriptError(
            f"{name}:{line}: byte 0x{data[error.start]:02x} is not {encoding.upper().removesuffix('-SIG')} text",
            hint="save the file as UTF-8 and try again",
        ) from error
    if (at := text.find("\0")) >= 0:
        raise TranscriptError(
            f"{name}:{text.count(chr(10), 0, at) + 1}: this is binary data, not text (U+0000)",
            hint=f"remove the character if this is a text; {_FORMATS}",
        )
    return text


def _guess_encoding(data: bytes) -> str:
    """UTF-16 without its mark has a zero in every other byte of plain text."""
    sample = data[:400]
    if len(data) % 2 == 0 and len(sample) >= 4:
        if sample[1::2].count(0) > len(sample) * 0.4 and sample[::2].count(0) == 0:
            return "utf-16-le"
        if sample[::2].count(0) > len(sample) * 0.4 and sample[1::2].count(0) == 0:
            return "utf-16-be"
    return "utf-8"
