"""The connection behind a request."""

from __future__ import annotations

from fastapi import Request

from fieldnote.bridge import Bridge
from fieldnote.console.context import console_of
from fieldnote.errors import FieldnoteError


class NotConnected(Exception):
    """This console has no connection: it is beside a workspace alone."""


class Missing(FieldnoteError):
    """There is no such thing, or this person may not see it: both get the same answer."""


def connected(request: Request) -> Bridge:
    """The console's connection. Raises `NotConnected`."""
    bridge = console_of(request).bridge
    if bridge is None:
        raise NotConnected
    return bridge


def not_found(kind: str, key: str) -> Missing:
    """An error for a page of its own address: 404."""
    return Missing(f"no {kind} has this id: {key}", hint="Check the address, or search for it under Journey.")
