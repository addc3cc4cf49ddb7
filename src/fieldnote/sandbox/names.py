"""The stand-ins by name. Each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from fieldnote.errors import ConfigError
from fieldnote.sandbox.app import StandIn
from fieldnote.sandbox.clock import Clock

SANDBOXES: Final = {
    "servicetitan": "ServiceTitanStandIn",
    "salesforce": "SalesforceStandIn",
    "hubspot": "HubSpotStandIn",
}


def open_sandbox(name: str, clock: Clock | None = None) -> StandIn:
    """The stand-in of this name, empty. Nothing listens yet."""
    if name not in SANDBOXES:
        raise ConfigError(f"unknown sandbox: '{name}'", hint=f"choose one of {', '.join(SANDBOXES)}")
    kind = getattr(import_module(f"fieldnote.sandbox.{name}"), SANDBOXES[name])
    made: StandIn = kind(clock)
    return made
