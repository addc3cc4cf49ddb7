"""An answer, read strictly: whatever does not fit is a problem that the model may repair once."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from fieldnote.insight.bounds import LONGEST_VALUE
from fieldnote.insight.definitions import Definition

_Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_VALUE)]
_FENCE = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")


class AnsweredField(BaseModel):
    """One field's value."""

    model_config = ConfigDict(extra="ignore")

    name: str
    value: _Value
    evidence: Annotated[list[int], Field(max_length=50)]
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_VALUE)] = ""


class AnsweredStatement(BaseModel):
    """One sentence of the summary."""

    model_config = ConfigDict(extra="ignore")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    evidence: Annotated[list[int], Field(max_length=50)]


class Answered(BaseModel):
    """A whole answer."""

    model_config = ConfigDict(extra="ignore")

    fields: Annotated[list[AnsweredField], Field(max_length=200)]
    summary: Annotated[list[AnsweredStatement], Field(max_length=60)] = []


class Unusable(Exception):
    """The problem with an answer, in words for the model; it quotes no value."""


def read_answer(text: str, definitions: Sequence[Definition], known: Collection[int]) -> Answered:
    """The answer; raises Unusable where it does not fit the schema, the definitions or the utterances."""
    try:
        found = Answered.model_validate_json(_FENCE.sub("", text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise Unusable(f"{place}: {first['type']}") from error
    names = {one.name for one in definitions}
    for at, one in enumerate(found.fields):
        if one.name not in names:
            raise Unusable(f"fields.{at}.name is not one of the wanted fields")
        if not set(one.evidence) <= set(known):
            raise Unusable(f"fields.{at}.evidence names an utterance that does not exist")
    return found
