"""The facts about each field of Siro's models that a map needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fieldnote.siro.models import EngagementSync, OpportunitySync


class Shape(StrEnum):
    """How a value gets into a field."""

    ID = "id"
    """An id of the CRM: a whole number loses its decimals."""
    TEXT = "text"
    TEXTS = "texts"
    TIME = "time"
    """An instant."""
    LOCAL_TIME = "local time"
    """The time on the customer's clock, without a zone."""
    NUMBER = "number"
    BOOLEAN = "boolean"
    WORD = "word"
    """One of a few fixed words."""
    RECORD = "record"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a Siro model."""

    shape: Shape
    required: bool
    clearable: bool
    """Whether Siro takes null for it, which clears it."""
    words: tuple[str, ...] = ()
    model: type[BaseModel] | None = None


# The API documents most times, and all of these, as plain text; only their names say what they are.
_TIMES = {
    "startTime", "endTime", "deletedAt", "closedAt", "lastActivityAt", "remoteCreatedAt", "remoteUpdatedAt",
}  # fmt: skip
_IDS = {"externalId", "mergedToExternalId", "accountId", "engagementTypeId"}


@cache
def shape_of(model: type[BaseModel]) -> dict[str, FieldShape]:
    """The fields of a model by the names that they have on the wire."""
    return {
        field.alias or name: _shape(model, field.alias or name, field) for name, field in model.model_fields.items()
    }


def _shape(model: type[BaseModel], name: str, field: FieldInfo) -> FieldShape:
    kinds = list(_kinds(field.annotation))
    nested = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    many = any(kind in {list, tuple} for kind in kinds)
    words = tuple(word for kind in kinds for word in _words(kind))
    match (nested, many):
        case (None, True):
            shape = Shape.TEXTS
        case (None, False):
            shape = _scalar(name, kinds, words)
        case (_, True):
            shape = Shape.RECORDS
        case _:
            shape = Shape.RECORD
    return FieldShape(shape, field.is_required(), _clearable(model, name, shape), words, nested)


def _scalar(name: str, kinds: list[Any], words: tuple[str, ...]) -> Shape:
    if name in _TIMES:
        return Shape.TIME
    if name == "startTimeLocalized":
        return Shape.LOCAL_TIME
    if words:
        return Shape.WORD
    if bool in kinds:
        return Shape.BOOLEAN
    if float in kinds or int in kinds:
        return Shape.NUMBER
    return Shape.ID if name in _IDS else Shape.TEXT


def _clearable(model: type[BaseModel], name: str, shape: Shape) -> bool:
    """As the published contract has it: an engagement's own values, and every `deletedAt`."""
    if shape in {Shape.RECORD, Shape.RECORDS, Shape.TEXTS} or name == "externalId":
        return False
    if model is EngagementSync or name == "deletedAt":
        return True
    return model is OpportunitySync and name == "accountId"


def _kinds(annotation: Any) -> Iterator[Any]:
    """The plain types in an annotation, without `Optional`, `Annotated` and the like."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin is Literal:
        yield annotation
    elif origin is None:
        if annotation is not NoneType:
            yield annotation
    else:
        yield origin
        for argument in get_args(annotation):
            yield from _kinds(argument)


def _words(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from (str(member.value) for member in kind)
