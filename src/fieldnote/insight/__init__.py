"""Facts from a conversation, each with its evidence: fields by definition, a summary, answers to prompts.

::

    utterances = read_transcript(path.read_bytes(), name=path.name)
    extractions = extract(utterances, rep_name="John Sales", started_at=started_at)
    note = summarize(utterances, extractions, customer="Smith")

`extract` is the local method: offline and deterministic. A fact that nobody said is left out.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fieldnote.insight.evidence import Quote, find_quote
from fieldnote.insight.utterances import Utterance, duration_of

if TYPE_CHECKING:
    from fieldnote.insight.definitions import DEFAULTS, FIELDS, Definition, FieldType, read_definitions
    from fieldnote.insight.extraction import Extraction, Method
    from fieldnote.insight.local.embeddings import Embedder
    from fieldnote.insight.local.extract import extract, extract_from
    from fieldnote.insight.summary.answers import answers
    from fieldnote.insight.summary.compose import Summary, next_steps, summarize, summarize_talk
    from fieldnote.insight.talk.roles import Role
    from fieldnote.insight.talk.turns import Talk, talk_of
    from fieldnote.insight.transcripts import LARGEST_FILE as LARGEST_TRANSCRIPT
    from fieldnote.insight.transcripts import Transcript, load_transcript, read_file, read_transcript
    from fieldnote.insight.visit import Visit

__all__ = [
    "DEFAULTS",
    "FIELDS",
    "LARGEST_TRANSCRIPT",
    "Definition",
    "Embedder",
    "Extraction",
    "FieldType",
    "Method",
    "Quote",
    "Role",
    "Summary",
    "Talk",
    "Transcript",
    "Utterance",
    "Visit",
    "answers",
    "duration_of",
    "extract",
    "extract_from",
    "find_quote",
    "load_transcript",
    "next_steps",
    "read_definitions",
    "read_file",
    "read_transcript",
    "summarize",
    "summarize_talk",
    "talk_of",
]

# The bridge uses the evidence alone and need not wait for the readers, nor install their libraries.
_ROOMS = {
    **dict.fromkeys(("DEFAULTS", "FIELDS", "Definition", "FieldType", "read_definitions"), "definitions"),
    **dict.fromkeys(("Extraction", "Method"), "extraction"),
    "Embedder": "local.embeddings",
    **dict.fromkeys(("extract", "extract_from"), "local.extract"),
    "answers": "summary.answers",
    **dict.fromkeys(("Summary", "next_steps", "summarize", "summarize_talk"), "summary.compose"),
    "Role": "talk.roles",
    **dict.fromkeys(("Talk", "talk_of"), "talk.turns"),
    **dict.fromkeys(
        ("LARGEST_TRANSCRIPT", "Transcript", "load_transcript", "read_file", "read_transcript"), "transcripts"
    ),
    "Visit": "visit",
}


def __getattr__(name: str) -> Any:
    """Load the module of a name when it is first asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_ROOMS[name]}")
    value = getattr(home, "LARGEST_FILE" if name == "LARGEST_TRANSCRIPT" else name)
    globals()[name] = value
    return value
