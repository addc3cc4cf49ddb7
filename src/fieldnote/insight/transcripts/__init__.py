"""Reads a transcript file of any supported format, chosen by its content: docs/transcripts.md lists them.

::

    transcript = load_transcript(path.read_bytes(), name=path.name)
    transcript.utterances   # never empty
    transcript.warnings     # what was not read, for the person who gave the file
"""

from fieldnote.insight.transcripts.bounds import LARGEST_FILE
from fieldnote.insight.transcripts.reader import (
    Transcript,
    load_transcript,
    read_file,
    read_transcript,
)
from fieldnote.insight.transcripts.text import UNSTORABLE

__all__ = ["LARGEST_FILE", "UNSTORABLE", "Transcript", "load_transcript", "read_file", "read_transcript"]
