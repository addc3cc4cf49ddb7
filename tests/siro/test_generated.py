"""The generated files are up to date."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from fieldnote.siro import AsyncSiro, Siro
from scripts import generate
from scripts.reference import contract, method_of

pytestmark = pytest.mark.slow


def test_nothing_generated_is_out_of_date() -> None:
    assert [str(path) for path in generate.stale()] == []


def test_both_clients_offer_the_same_with_the_same_signatures() -> None:
    """The signatures, not only the text: a mistake of the generator fails here."""
    asynchronous, synchronous = AsyncSiro(token="t"), Siro(token="t")
    for endpoint in contract():
        theirs = inspect.signature(_callable(method_of(endpoint, asynchronous))).parameters
        ours = inspect.signature(_callable(method_of(endpoint, synchronous))).parameters
        assert [(p.name, p.kind, p.default) for p in theirs.values()] == [
            (p.name, p.kind, p.default) for p in ours.values()
        ]


def _callable(method: object) -> Callable[..., Any]:
    assert callable(method)
    assert (method.__doc__ or "").strip(), method
    return method
