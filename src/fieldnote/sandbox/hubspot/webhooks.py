"""HubSpot's webhooks: subscriptions, events, and the signature of version 3."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from typing import TYPE_CHECKING, Any, Final

from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.hubspot.properties import Invalid, Json
from fieldnote.sandbox.store import Change, ChangeKind, Missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldnote.sandbox.hubspot import HubSpotStandIn

_NAMES: Final = {"contacts": "contact", "companies": "company", "deals": "deal", "meetings": "object"}
_KINDS: Final = {
    ChangeKind.CREATED: "creation", ChangeKind.ARCHIVED: "deletion", ChangeKind.RESTORED: "restore",
    ChangeKind.PURGED: "deletion",
}  # fmt: skip
_ENDS: Final = ("propertyChange", "creation", "deletion", "merge", "restore", "associationChange")
_OBJECTS: Final = ("contact", "company", "deal", "ticket", "product", "line_item", "object")
EVENT_TYPES: Final = {
    *(f"{name}.{end}" for name in _OBJECTS for end in _ENDS), "contact.privacyDeletion", "conversation.creation",
    "conversation.deletion", "conversation.newMessage", "conversation.privacyDeletion", "conversation.propertyChange",
} - {"product.associationChange"}  # fmt: skip


class Subscriptions:
    """The events that an app gets."""

    def __init__(self, crm: HubSpotStandIn) -> None:
        self._crm = crm
        self._ids = itertools.count(1)
        self._events = itertools.count(1)
        self.all: dict[str, Json] = {}
        self.settings: Json | None = None

    def set_target(self, body: Any) -> Json:
        """Where events go."""
        throttling = body.get("throttling") if isinstance(body, dict) else None
        if not isinstance(throttling, dict) or not isinstance(throttling.get("maxConcurrentRequests"), int):
            raise Invalid("targetUrl and throttling are required")
        address = body.get("targetUrl")
        if not isinstance(address, str) or not address.startswith(("https://", "http://127.0.0.1")):
            raise Invalid("targetUrl must be https")
        now = iso(self._crm.clock.now())
        limit = {"maxConcurrentRequests": throttling["maxConcurrentRequests"]}
        made = self.settings["createdAt"] if self.settings else now
        self.settings = {"targetUrl": address, "throttling": limit, "createdAt": made, "updatedAt": now}
        self._crm.webhooks.address = address
        return self.settings

    def drop_target(self) -> None:
        """Events go nowhere."""
        self.settings = None
        self._crm.webhooks.address = None

    def add(self, body: Any) -> Json:
        """A new subscription."""
        kind = body.get("eventType") if isinstance(body, dict) else None
        if kind not in EVENT_TYPES:
            raise Invalid("eventType is not valid")
        made: Json = {
            "id": str(next(self._ids)), "eventType": kind, "active": bool(body.get("active")),
            "createdAt": iso(self._crm.clock.now()),
        }  # fmt: skip
        made |= {name: str(body[name]) for name in ("propertyName", "objectTypeId") if body.get(name)}
        if str(kind).endswith("propertyChange") and "propertyName" not in made:
            raise Invalid("propertyName is required")
        self.all[made["id"]] = made
        return made

    def change(self, key: str, body: Any) -> Json:
        """Turn one on or off."""
        if key not in self.all:
            raise Missing(key)
        if isinstance(body, dict) and isinstance(body.get("active"), bool):
            self.all[key] |= {"active": body["active"], "updatedAt": iso(self._crm.clock.now())}
        return self.all[key]

    def drop(self, key: str) -> None:
        """End one."""
        self.all.pop(key, None)

    def heard(self, change: Change) -> None:
        """Queue the events of a change."""
        name = _NAMES.get(change.table)
        if name is None:
            return
        if change.kind is ChangeKind.CHANGED:
            for property_name, value in change.fields.items():
                self._queue(name, "propertyChange", change, propertyName=property_name, propertyValue=value or "")
        else:
            self._queue(name, _KINDS[change.kind], change)

    def _queue(self, name: str, end: str, change: Change, **more: str) -> None:
        for one in self.all.values():
            if not one["active"] or one["eventType"] != f"{name}.{end}":
                continue
            if name == "object" and one.get("objectTypeId") not in {None, self._crm.types[change.table].number}:
                continue
            if end == "propertyChange" and one.get("propertyName") != more.get("propertyName"):
                continue
            event = {
                "eventId": next(self._events), "subscriptionId": int(one["id"]), "portalId": 1, "appId": 1,
                "occurredAt": int(change.at.timestamp() * 1000), "subscriptionType": f"{name}.{end}",
                "attemptNumber": 0, "objectId": int(change.id), "changeSource": "CRM", "sourceId": "sandbox", **more,
            }  # fmt: skip
            self._crm.webhooks.add(event)


def signature(secret: str, method: str, address: str, body: bytes, timestamp: str) -> str:
    """Version 3: HMAC-SHA256 over method, address, body and time, in base64."""
    signed = method.encode() + address.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def signed_headers(crm: HubSpotStandIn, secret: str, address: str, body: bytes) -> Mapping[str, str]:
    """The body of a delivery."""
    timestamp = str(int(crm.clock.now().timestamp() * 1000))
    proof = signature(secret, "POST", address, body, timestamp)
    return {"X-HubSpot-Signature-v3": proof, "X-HubSpot-Request-Timestamp": timestamp}
