"""The file of `fieldnote workspace serve --faults`: what shall go wrong, how often, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fieldnote.config import read_as
from fieldnote.config.values import Share

LIBRARIES = ("python-requests*", "python-httpx*", "python-urllib*", "aiohttp*", "Go-http-client*")
"""User agents that Siro's edge refuses, as programs that did not name themselves have them."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _share_alone(value: object) -> object:
    """`5%` says the same as `{chance: 5%}`."""
    return value if isinstance(value, dict | BaseModel) else {"chance": value}


class Fault(_Section):
    """Something that goes wrong now and then."""

    chance: Share = 1.0
    """Of each time that it could happen."""
    times: int | None = Field(default=None, ge=1)
    """How often at most, for each organization."""


class CallFault(Fault):
    """Something that goes wrong with a call."""

    methods: tuple[str, ...] = ()
    """None named: any."""
    paths: tuple[str, ...] = ()
    """Such as `/v1/integrations/sync/*`; none named: any."""


class Latency(CallFault):
    """A pause before a call is worked on; its length is drawn too."""

    seconds: float = Field(default=1.0, ge=0, le=3600)
    up_to: float | None = Field(default=None, ge=0, le=3600)
    """Left out: `seconds` each time."""


class ServerError(CallFault):
    """An answer in the place of the work."""

    statuses: tuple[Annotated[int, Field(ge=500, le=599)], ...] = Field(default=(500, 502, 503), min_length=1)


class Late(Fault):
    """Something that comes, but not now."""

    seconds: float = Field(default=60.0, ge=0, le=7 * 86400)


class Reordered(Fault):
    """A message that waits until a later one was taken."""

    seconds: float = Field(default=10.0, ge=0, le=86400)
    """How long it waits at most."""


_Call = Annotated[CallFault | None, BeforeValidator(_share_alone)]
_Plain = Annotated[Fault | None, BeforeValidator(_share_alone)]


class CallFaults(_Section):
    """Faults in calls. Of the last five at most one happens to a call."""

    refused_agents: tuple[str, ...] = ()
    """User agents that get the edge's 403; `libraries` stands for LIBRARIES."""
    latency: Annotated[Latency | None, BeforeValidator(_share_alone)] = None
    reset_before: _Call = None
    """The connection breaks, and nothing was done."""
    rate_limited: _Call = None
    """429, and nothing was done."""
    server_error: Annotated[ServerError | None, BeforeValidator(_share_alone)] = None
    """5xx, and nothing was done."""
    reset_after: _Call = None
    """The connection breaks, and all was done."""

    @property
    def agents(self) -> tuple[str, ...]:
        """The patterns, without case."""
        found = [p for named in self.refused_agents for p in (LIBRARIES if named == "libraries" else (named,))]
        return tuple(pattern.casefold() for pattern in found)


class WebhookFaults(_Section):
    """Faults of a message on its way to an endpoint, when it is first sent. At most one happens."""

    dropped: _Plain = None
    """It is never sent."""
    late: Annotated[Late | None, BeforeValidator(_share_alone)] = None
    reordered: Annotated[Reordered | None, BeforeValidator(_share_alone)] = None
    doubled: _Plain = None
    """It comes twice, under one id."""


class SummaryFaults(_Section):
    """Faults in the results of a recording."""

    late: Annotated[Late | None, BeforeValidator(_share_alone)] = None
    """The summary lands after the rest, and does not move the recording's `updatedAt`."""


class ListFaults(_Section):
    """Faults in pages."""

    null_scores_over: int | None = Field(default=None, ge=0)
    """On pages of recordings with more items than this every `evaluationScore` is null."""
    repeated_pages: _Plain = None
    """The page before comes once more, with the same cursor."""


class FaultSet(_Section):
    """Faults in an organization."""

    calls: CallFaults = CallFaults()
    webhooks: WebhookFaults = WebhookFaults()
    summaries: SummaryFaults = SummaryFaults()
    lists: ListFaults = ListFaults()


def _off(value: object) -> object:
    return {} if value in ("off", False) else value


class FaultSettings(FaultSet):
    """A whole file: what goes wrong in every organization but those that are named."""

    seed: int = 0
    organizations: dict[str, Annotated[FaultSet, BeforeValidator(_off)]] = Field(default_factory=dict)
    """By name or id, in the place of the settings above; `off`: nothing."""


def read_faults(path: Path) -> FaultSettings:
    """Read and check the file. Raises ConfigError with every mistake in it."""
    return read_as(path, FaultSettings, option="--faults", example="seed: 1")
