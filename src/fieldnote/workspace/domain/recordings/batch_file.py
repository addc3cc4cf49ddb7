"""A history of recordings as a file: one a line, as JSON.

::

    {"id": "r-1", "user": "john@acme.test", "startedAt": "2026-02-15T14:00:00Z", "durationSeconds": 3300,
     "title": "Smith kitchen", "latitude": 43.6, "longitude": -116.2, "appointmentId": "appt-456",
     "opportunityId": null, "transcript": null}

The whole file is checked before any line is stored.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from fieldnote.config import nearest
from fieldnote.errors import TranscriptError, WorkspaceError
from fieldnote.insight import LARGEST_TRANSCRIPT, Transcript, Utterance, load_transcript, read_file
from fieldnote.matching import Place
from fieldnote.workspace.domain.recordings.recordings import NewRecording, check

_FILES: Final = (".json", ".jsonl", ".sbv", ".srt", ".txt", ".vtt")
"""Endings of file names; a transcript of one line with such an ending is the name of a file."""
_MOST_NAMED: Final = 50
"""Bad lines, or warnings, that are printed at most."""
_LONGEST_LINE: Final = LARGEST_TRANSCRIPT
"""Characters."""


@dataclass(frozen=True, slots=True)
class Line:
    """A recording of the file."""

    number: int
    """From 1; empty lines count."""
    new: NewRecording


def _to_text(value: object) -> object:
    """An id as the CRM means it: a whole number without `.0`, a text without blanks around it."""
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(f"is not an id: {value}")
    return str(int(value)) if isinstance(value, int | float) else value.strip() if isinstance(value, str) else value


def _to_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is true or false, not a number")  # noqa: TRY004 - pydantic translates a ValueError only
    return value


def _to_moment(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"is not a time as text: {str(value)[:40]}")  # noqa: TRY004 - pydantic translates a ValueError only
    return value


_Id = Annotated[str, BeforeValidator(_to_text)]
_Number = BeforeValidator(_to_number)


class _Given(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )

    user: Annotated[_Id, Field(min_length=1)]
    started_at: Annotated[AwareDatetime, BeforeValidator(_to_moment)]
    id: _Id | None = None
    duration_seconds: Annotated[float, _Number, Field(gt=0, le=86_400, allow_inf_nan=False)] | None = None
    title: Annotated[str, Field(coerce_numbers_to_str=True)] | None = None
    latitude: Annotated[float, _Number, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, _Number, Field(ge=-180, le=180)] | None = None
    appointment_id: _Id | None = None
    opportunity_id: _Id | None = None
    transcript: Any = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude belong together")
        if self.duration_seconds is None and not self.transcript:
            raise ValueError("durationSeconds is missing, and there is no transcript")
        return self


def read_batch(path: Path) -> Iterator[Line]:
    """The recordings of a file that `check_batch` found good. Raises WorkspaceError."""
    for number, text in _lines(path):
        yield Line(number, _recording(text, path)[0])


def check_batch(path: Path, warn: Callable[[str], None]) -> dict[str, int]:
    """Return the users that a file names, each with its first line.

    `warn` gets a line for each thing in a transcript that is not read. Raises WorkspaceError that names every bad
    line, at most fifty, by its number.
    """
    users, wrong, warnings = dict[str, int](), list[str](), list[str]()
    for number, text in _lines(path):
        try:
            new, unread = _recording(text, path)
        except (WorkspaceError, TranscriptError) as error:
            wrong.append(f"{path}:{number}: {error.message}")
        else:
            users.setdefault(new.user_email, number)
            warnings += [f"{path}:{number}: {message}" for message in unread]
    if wrong:
        raise bad_lines(wrong)
    for message in warnings[:_MOST_NAMED]:
        warn(message)
    if len(warnings) > _MOST_NAMED:
        warn(f"… and {len(warnings) - _MOST_NAMED} more warnings")
    return users


def bad_lines(wrong: Sequence[str]) -> WorkspaceError:
    """A problem of a file, of which nothing is stored."""
    more = [f"… and {len(wrong) - _MOST_NAMED} more bad lines"] if len(wrong) > _MOST_NAMED else []
    return WorkspaceError("\n".join([*wrong[:_MOST_NAMED], *more]), hint="Fix these lines; nothing was stored.")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            number = 0
            while text := file.readline(_LONGEST_LINE + 1):
                number += 1
                if len(text) > _LONGEST_LINE:
                    raise WorkspaceError(
                        f"{path}:{number}: line longer than {_LONGEST_LINE:,} characters",
                        hint="Write one recording on a line, or name a file under transcript.",
                    )
                if text.strip():
                    yield number, text
    except UnicodeDecodeError as error:
        raise WorkspaceError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read: {error.strerror or error}", hint="Check --batch.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, object]:
    """A JSON object; of two values under one key, neither is known to be right. Raises WorkspaceError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise WorkspaceError(f"has the key {twice[:60]!r} twice")
    return found


def _recording(text: str, path: Path) -> tuple[NewRecording, tuple[str, ...]]:
    """The recording of a line, and warnings about its transcript."""
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise WorkspaceError("is not JSON; a line is one object") from None
    if not isinstance(value, dict):
        raise WorkspaceError("is not an object in braces")
    try:
        given = _Given.model_validate(value)
    except ValidationError as error:
        raise WorkspaceError("; ".join(map(_problem, error.errors(include_url=False, include_input=False)))) from None
    transcript = _transcript(given.transcript, path)
    new = _new(given, transcript.utterances)
    check(new)
    return new, transcript.warnings


def _new(given: _Given, utterances: Sequence[Utterance]) -> NewRecording:
    seconds, latitude, longitude = given.duration_seconds, given.latitude, given.longitude
    return NewRecording(
        user_email=given.user,
        utterances=utterances,
        started_at=given.started_at,
        duration=None if seconds is None else timedelta(seconds=seconds),
        title=given.title,
        place=None if latitude is None or longitude is None else Place(latitude, longitude),
        appointment_id=given.appointment_id,
        opportunity_id=given.opportunity_id,
        key=given.id,
    )


def _transcript(transcript: Any, path: Path) -> Transcript:
    """Read a transcript: utterances or an object with them, a text in any known format, or the name of a file."""
    if transcript in (None, "", [], {}):
        return Transcript([], ())
    if isinstance(transcript, list | dict):
        return load_transcript(json.dumps(transcript), name="transcript")
    if not isinstance(transcript, str):
        raise WorkspaceError("transcript is neither text, a list nor an object")
    if "\n" in transcript or not transcript.casefold().endswith(_FILES):
        return load_transcript(transcript, name="transcript")
    try:
        return load_transcript(read_file(_beside(path, transcript)), name=transcript)
    except OSError as error:
        raise WorkspaceError(f"transcript {transcript!r} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # U+0000 or half of a surrogate pair in a file's name
        raise WorkspaceError(f"transcript {transcript!r} is not a file's name") from error


def _beside(path: Path, name: str) -> Path:
    """A file in the folder of the batch file, or below it. Raises WorkspaceError, ValueError."""
    folder = path.parent.resolve()
    found = (folder / name).resolve()
    if not found.is_relative_to(folder):
        raise WorkspaceError(f"transcript {name!r} is outside the folder of the batch file")
    return found


def _problem(error: ErrorDetails) -> str:
    where = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        known = [to_camel(name) for name in _Given.model_fields]
        return f"{where} is not a known field{nearest(where, known)}"
    if error["type"] == "value_error":
        return f"{where} {error['ctx']['error']}".strip()
    if error["type"] == "timezone_aware":
        return f"{where} has no time zone; write it as 2026-02-15T14:00:00Z or …-07:00"
    return f"{where} is missing" if error["type"] == "missing" else f"{where} is wrong: {error['msg']}"
