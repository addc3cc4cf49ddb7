"""Call a method by its signature, with values that the contract allows."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, Unpack, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import SecretStr

from fieldnote.siro import Listing
from fieldnote.siro.models import RequestModel, fields
from tests.siro.contract import Described


@cache
def hints_of(method: Any) -> dict[str, Any]:
    names = {**vars(fields), **vars(inspect.getmodule(method)), "Unpack": Unpack}
    return get_type_hints(method, globalns=names, include_extras=True)


def arguments(draw: st.DrawFn, method: Any, described: Described) -> tuple[list[Any], dict[str, Any], Any]:
    """Positional and keyword arguments that the signature asks for, and the body among them."""
    hints = hints_of(method)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    body: Any = None
    for parameter in inspect.signature(method).parameters.values():
        kind = hints[parameter.name]
        model = record_in(kind)
        if model is not None and parameter.kind is not parameter.VAR_KEYWORD:
            body = draw(described.requests)
            given_body = (
                [model.model_validate(each) for each in body] if isinstance(body, list) else model.model_validate(body)
            )
            positional.append(given_body)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            if parameter.default is parameter.empty or draw(st.booleans()):
                named[parameter.name] = draw(_values(kind, parameter.name))
        elif parameter.kind is not parameter.VAR_KEYWORD:
            positional.append(draw(_values(kind, parameter.name)))
    return positional, named, body


def record_in(kind: Any) -> type[RequestModel] | None:
    """The request model in an annotation such as `X | None` or `Iterable[X]`."""
    if isinstance(kind, type) and issubclass(kind, RequestModel):
        return kind
    return next((found for each in get_args(kind) if (found := record_in(each))), None)


@cache
def _values(kind: Any, name: str) -> st.SearchStrategy[Any]:
    """Values for a plain annotation."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return st.one_of([_values(each, name) for each in inner if each is not NoneType and not _is_loose(each, inner)])
    if origin is Annotated:
        return _values(inner[0], name)
    if origin is Literal:
        return st.sampled_from(inner)
    if inspect.isclass(origin) and issubclass(origin, Iterable):
        return st.lists(_values(inner[0], name), min_size=1, max_size=2)
    if inspect.isclass(kind) and issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(min_size=1, max_size=8).filter(lambda text: text not in {".", ".."} and text.isprintable()),
        bool: st.booleans(),
        int: st.integers(1, 100),
        float: st.floats(0, 100),
        datetime: st.datetimes(timezones=st.just(UTC)),
        SecretStr: st.just(SecretStr("s")),
    }
    return plain[kind]


def _is_loose(kind: Any, others: tuple[Any, ...]) -> bool:
    """Text beside an enum or an instant is their spelling, not any text."""
    return kind is str and any(
        each is datetime or (inspect.isclass(each) and issubclass(each, StrEnum)) for each in others
    )


def called(method: Any, positional: list[Any], named: dict[str, Any]) -> Any:
    answer = method(*positional, **named)
    return next(iter(answer.pages())) if isinstance(answer, Listing) else answer
