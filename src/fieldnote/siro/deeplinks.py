"""Links that open the Siro app and start a recording.

Two forms are documented. The app's own, `siro://record?appointmentId=…&title=…&opportunityId=…`, carries ids
of the CRM; the web's, `https://app.siro.ai/record?action=start&…`, carries more.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

WEB = "https://app.siro.ai/record"


class Action(StrEnum):
    """The action of the app."""

    START = "start"
    """Begin to record."""
    STOP = "stop"
    """End the recording."""
    RESTART = "restart"
    """End the recording and begin another."""


@dataclass(frozen=True, slots=True)
class AppLink:
    """`siro://record?…`. The ids are the CRM's."""

    appointment_id: str | None = None
    title: str | None = None
    opportunity_id: str | None = None

    def url(self) -> str:
        """The link, without the parts that are None."""
        names = {
            "appointmentId": self.appointment_id,
            "title": self.title,
            "opportunityId": self.opportunity_id,
        }
        return "siro://record" + _query(names)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a link. Raises ValueError if it is another kind of address."""
        given = _read(url, "siro", "record", "")
        return cls(given.get("appointmentId"), given.get("title"), given.get("opportunityId"))


@dataclass(frozen=True, slots=True)
class WebLink:
    """`https://app.siro.ai/record?…`."""

    action: Action = Action.START
    title: str | None = None
    conversation_type: str | None = None
    redirect_url: str | None = None
    """Where the app goes afterwards."""
    integration_connection_id: str | None = None
    """Siro's id of the connection that `crm_objects` belong to."""
    crm_objects: str | None = None
    """The CRM records to link, as Siro's documentation writes them."""

    def url(self) -> str:
        """The link, without the parts that are None."""
        names = {
            "action": self.action.value,
            "title": self.title,
            "conversationType": self.conversation_type,
            "redirectUrl": self.redirect_url,
            "integrationConnectionId": self.integration_connection_id,
            "crmObjects": self.crm_objects,
        }
        return WEB + _query(names)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a link. Raises ValueError if it is another kind of address, or asks for an unknown action."""
        given = _read(url, "https", "app.siro.ai", "/record")
        return cls(
            Action(given.get("action", Action.START)),
            given.get("title"),
            given.get("conversationType"),
            given.get("redirectUrl"),
            given.get("integrationConnectionId"),
            given.get("crmObjects"),
        )


def _query(names: dict[str, str | None]) -> str:
    # Blanks as %20: phones do not all read "+" as one.
    pairs = {name: value for name, value in names.items() if value is not None}
    return "?" + urlencode(pairs, quote_via=quote, safe="") if pairs else ""


def _read(url: str, scheme: str, host: str, path: str) -> dict[str, str]:
    parts = urlsplit(url)
    if (parts.scheme, parts.hostname, parts.path.rstrip("/")) != (scheme, host, path):
        raise ValueError(f"not a link of the form {scheme}://{host}{path}?…")
    # The first of a name counts, as in a browser's URLSearchParams.
    return dict(reversed(parse_qsl(parts.query, keep_blank_values=True)))
