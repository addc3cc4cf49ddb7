"""What was said, as data: a transcript's utterances, the four fields of the quickstart, a summary.

::

    utterances = read_transcript(path.read_bytes(), name=path.name)
    extractions = extract(utterances, rep_name="John Sales", started_at=started_at)
    note = summarize(utterances, extractions, customer="Smith")

Pure and offline: rules over the words that people use, no model. What was not said is left out.
"""

from fieldnote.insight.answers import answers
from fieldnote.insight.evidence import Quote, find_quote
from fieldnote.insight.extract import FIELDS, Extraction, extract
from fieldnote.insight.summarize import next_steps, summarize
from fieldnote.insight.transcripts import LARGEST_FILE as LARGEST_TRANSCRIPT
from fieldnote.insight.transcripts import Transcript, load_transcript, read_file, read_transcript
from fieldnote.insight.utterances import Utterance, duration_of

__all__ = [
    "FIELDS",
    "LARGEST_TRANSCRIPT",
    "Extraction",
    "Quote",
    "Transcript",
    "Utterance",
    "answers",
    "duration_of",
    "extract",
    "find_quote",
    "load_transcript",
    "next_steps",
    "read_file",
    "read_transcript",
    "summarize",
]
