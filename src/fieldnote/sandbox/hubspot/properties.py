"""HubSpot's properties: the standard ones of each object, and how a value is taken."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fieldnote.sandbox.clock import iso, parse_time

Json = dict[str, Any]
MOST_TEXT: Final = 65_536


class Invalid(ValueError):
    """A request that the API refuses: its text is the message."""

    def __init__(self, message: str, *, code: str = "", name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        """The property that it is about."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object."""

    name: str
    type: str = "string"
    field_type: str = "text"
    label: str = ""
    options: tuple[str, ...] = ()
    read_only: bool = False
    own: bool = False
    """Made by the portal, not by HubSpot."""
    unique: bool = False

    def as_json(self) -> Json:
        """As `/crm/v3/properties` gives it."""
        options = [
            {"label": text.capitalize(), "value": text, "displayOrder": number, "hidden": False}
            for number, text in enumerate(self.options)
        ]
        return {
            "name": self.name, "label": self.label or self.name, "type": self.type, "fieldType": self.field_type,
            "description": "", "groupName": "sandbox", "options": options, "hidden": False, "archived": False,
            "hubspotDefined": not self.own, "calculated": False, "hasUniqueValue": self.unique, "formField": False,
            "displayOrder": -1,
            "modificationMetadata": {
                "archivable": self.own, "readOnlyDefinition": not self.own, "readOnlyValue": self.read_only,
            },
        }  # fmt: skip

    def taken(self, value: Any) -> str | None:
        """A value as HubSpot keeps it: text, and blank text clears."""
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            value = "true" if value else "false"
        if not isinstance(value, str | int | float):
            raise self._invalid("is not a text")
        text = str(value)
        match self.type:
            case "number":
                return self._number(text)
            case "datetime":
                return self._time(text)
            case "bool" | "enumeration" if self.options or self.type == "bool":
                allowed = self.options or ("true", "false")
                parts = text.split(";") if self.field_type == "checkbox" else [text]
                if bad := [part for part in parts if part not in allowed]:
                    raise self._invalid(f"was not one of the allowed options: {bad[0]}", "INVALID_OPTION")
                return text
            case _:
                if len(text) > MOST_TEXT:
                    raise self._invalid(f"is longer than {MOST_TEXT}", "PROPERTY_TOO_LONG")
                return text

    def _number(self, text: str) -> str:
        try:
            number = float(text)
        except ValueError:
            raise self._invalid(f"was not a valid number: {text}", "INVALID_DOUBLE") from None
        if not math.isfinite(number):
            raise self._invalid(f"was not a valid number: {text}", "INVALID_DOUBLE")
        return text

    def _time(self, text: str) -> str:
        try:
            return iso(
                datetime.fromtimestamp(int(text) / 1000, UTC) if text.lstrip("-").isdecimal() else parse_time(text)
            )
        except (ValueError, OverflowError, OSError):
            raise self._invalid(f"was not a valid date: {text}", "INVALID_DATE") from None

    def _invalid(self, problem: str, code: str = "INVALID_VALUE") -> Invalid:
        return Invalid(f"Property {self.name} {problem}", code=code, name=self.name)


@dataclass(slots=True)
class ObjectType:
    """Meetings, deals, contacts, companies or notes."""

    name: str
    number: str
    """The id of the type, as associations show it."""
    cursor: str
    """The property that HubSpot moves with every change."""
    created: str
    required: tuple[str, ...] = ()
    properties: dict[str, Property] = field(default_factory=dict)

    def add(self, *properties: Property) -> None:
        """Give it further properties."""
        self.properties |= {one.name: one for one in properties}


def _texts(names: str) -> list[Property]:
    return [Property(name) for name in names.split()]


def _times(names: str, *, read_only: bool = False) -> list[Property]:
    return [Property(name, "datetime", "date", read_only=read_only) for name in names.split()]


ACTIVITIES: Final = ("Sales visit", "Service call", "Follow-up")
"""The portal's own meeting types."""
OUTCOMES: Final = ("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED")


def object_types() -> dict[str, ObjectType]:
    """The objects of a new portal."""
    last = "hs_lastmodifieddate"
    types = {
        "meetings": ObjectType("meetings", "0-47", last, "hs_createdate", ("hs_timestamp",)),
        "deals": ObjectType("deals", "0-3", last, "createdate"),
        "contacts": ObjectType("contacts", "0-1", "lastmodifieddate", "createdate"),
        "companies": ObjectType("companies", "0-2", last, "createdate"),
        "notes": ObjectType("notes", "0-46", last, "hs_createdate", ("hs_timestamp",)),
    }
    for kind in types.values():
        kind.add(
            Property("hs_object_id", "number", "number", read_only=True), *_texts("hubspot_owner_id"),
            *_times(f"{kind.cursor} {kind.created}", read_only=True),
        )  # fmt: skip
    types["meetings"].add(
        Property("hs_activity_type", "enumeration", "select", options=ACTIVITIES),
        *_texts("hs_attachment_ids hs_attendee_owner_ids hs_internal_meeting_notes hs_meeting_body"),
        *_texts("hs_meeting_external_url hs_meeting_location hs_meeting_title"),
        *_times("hs_meeting_start_time hs_meeting_end_time hs_timestamp"),
        Property("hs_meeting_outcome", "enumeration", "select", options=OUTCOMES),
    )
    types["deals"].add(
        Property("amount", "number", "number"), *_texts("dealname deal_currency_code pipeline dealstage"),
        *_texts("closed_lost_reason closed_won_reason"), *_times("closedate"),
        *[Property(f"hs_is_closed{end}", "bool", "booleancheckbox", read_only=True) for end in ("", "_won", "_lost")],
        Property("hs_merged_object_ids", read_only=True),
    )  # fmt: skip
    types["contacts"].add(
        *_texts("firstname lastname email phone mobilephone address city state zip country lifecyclestage"),
        *_texts("hs_additional_emails"), Property("hs_merged_object_ids", read_only=True),
    )  # fmt: skip
    types["companies"].add(
        *_texts("name domain phone address address2 city state zip country"),
        Property("hs_merged_object_ids", read_only=True),
    )
    types["notes"].add(*_texts("hs_note_body hs_attachment_ids"), *_times("hs_timestamp"))
    return types
