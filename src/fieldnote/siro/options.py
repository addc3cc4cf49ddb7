"""The options of a client, or of some of its calls: `Siro(timeout=…)`, `siro.with_options(timeout=…)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Final, TypedDict

from fieldnote.errors import ConfigError
from fieldnote.siro.retries import RetryPolicy, Wait
from fieldnote.siro.settings import is_header_safe

WHOLE_CALL: Final = 180.0
"""Seconds for one attempt from end to end. An HTTP library's timeout starts again with every byte."""

_OURS: Final = frozenset({"authorization", "x-siro-auth-token", "content-type", "content-length", "host"})
"""Headers that the client sets itself."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer as `on_response` gets it, of any status."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By name, in upper or lower case."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How calls are made. Raises ConfigError for values that cannot work."""

    timeout: float | None = None
    """Seconds for one attempt, from connecting to the last byte; also the longest silence. None: 180, with at most 60
    of silence."""
    deadline: float | None = None
    """Seconds for one call with its retries and waits. None: no limit but the attempts of `policy`."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    on_wait: Callable[[Wait], None] | None = None
    """Called before each wait."""
    on_response: Callable[[Response], None] | None = None
    """Called with each answer, also before a retry."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with each call, beside the client's own."""

    def __post_init__(self) -> None:
        for name in ("timeout", "deadline"):
            seconds = getattr(self, name)
            if seconds is not None and not _is_duration(seconds):
                raise ConfigError(f"{name} must be above 0: {seconds!r}", hint=f"Give {name} in seconds, as in 30.0.")
        for name, value in self.headers.items():
            if name.lower() in _OURS:
                raise ConfigError(f"header cannot be set: {name}", hint="The client sets this header itself.")
            if not is_header_safe(name) or not value.isprintable() or not value.isascii():
                raise ConfigError(f"header is not valid: {name!r}", hint="Use printable ASCII characters.")

    @property
    def whole(self) -> float:
        """Seconds for one attempt."""
        return WHOLE_CALL if self.timeout is None else self.timeout


class OptionChanges(TypedDict, total=False):
    """The options that `with_options` takes; see `CallOptions`."""

    timeout: float | None
    deadline: float | None
    policy: RetryPolicy
    on_wait: Callable[[Wait], None] | None
    on_response: Callable[[Response], None] | None
    headers: Mapping[str, str]


def _is_duration(seconds: object) -> bool:
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and isfinite(seconds) and seconds > 0
