"""Registers a CRM's webhooks with its API: where events go, and the subscriptions that there should be.

Subscriptions that people made stay as they are. One that was turned off is turned on again.
"""

from __future__ import annotations

import logging
from typing import Any

from fieldnote.bridge.session import Bridge
from fieldnote.config import CRM_HOOK, RegistrationCall, WebhookRegistration
from fieldnote.crm.rest.calls import Calls
from fieldnote.crm.rest.templates import filled, json_of, search
from fieldnote.errors import CrmRefused

log = logging.getLogger(__name__)


def wanted_registration(bridge: Bridge) -> WebhookRegistration | None:
    """The webhook to register; None where the file has no token for it, or no receiver would listen."""
    webhooks = bridge.config.crm.webhooks
    listens = webhooks is not None and webhooks.secret is not None and bridge.config.receiver.public_url is not None
    registration = webhooks.registration if webhooks is not None and listens else None
    return registration if registration is not None and registration.token is not None else None


def register(bridge: Bridge) -> int:
    """Bring the registration up to date; the number of subscriptions that were added or turned on."""
    registration, config = wanted_registration(bridge), bridge.config
    if registration is None or registration.token is None:
        return 0
    client = {**((config.crm.rest or {}).get("client") or {}), "auth": registration.token.get_secret_value()}
    calls = Calls(client, None, config.crm.limits)
    try:
        return _register(calls, registration, f"{str(config.receiver.public_url).rstrip('/')}{CRM_HOOK}")
    finally:
        calls.close()


def _register(calls: Calls, registration: WebhookRegistration, address: str) -> int:
    _call(calls, registration.target, address=address)
    items = search(registration.items, _call(calls, registration.list), "crm.webhooks.registration.items")
    if not isinstance(items, list):
        raise CrmRefused("the CRM's answer has no list of subscriptions", hint="Check crm.webhooks.registration.items.")
    changed = 0
    for wanted in registration.wanted:
        there = next((one for one in items if _is(one, wanted)), None)
        if there is None:
            _call(calls, registration.add, subscription={**wanted, "active": True})
        elif there.get("active") is False:
            _call(calls, registration.enable, id=there.get("id"))
        else:
            continue
        changed += 1
    log.info("webhooks_registered", extra={"changed": changed})
    return changed


def _is(there: Any, wanted: dict[str, Any]) -> bool:
    return isinstance(there, dict) and all(str(there.get(name)) == str(value) for name, value in wanted.items())


def _call(calls: Calls, call: RegistrationCall, **values: object) -> Any:
    path = str(filled(call.path, values)) if values else call.path
    body = None if call.body is None else filled(call.body, values)
    return json_of(calls.ask(call.method, path, reads=call.method == "GET", body=body))
