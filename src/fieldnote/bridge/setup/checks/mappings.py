"""CRM fields that Siro's own administrator chose for an extraction, and of which the file says nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Final

from fieldnote.bridge.pull.readiness import unknown_names
from fieldnote.bridge.recording import Model
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.checks.findings import Finding, bad, good, hint
from fieldnote.siro.errors import SiroError
from fieldnote.siro.models import CrmFieldRef

_LOOKED_BACK: Final = timedelta(days=30)
_SAMPLE: Final = 100
"""Recordings whose extractions are looked at."""
_MODELS: Final = {
    "opportunity": Model.OPPORTUNITY, "deal": Model.OPPORTUNITY, "job": Model.OPPORTUNITY, "project": Model.OPPORTUNITY,
    "engagement": Model.ENGAGEMENT, "appointment": Model.ENGAGEMENT, "event": Model.ENGAGEMENT,
    "meeting": Model.ENGAGEMENT, "activity": Model.ENGAGEMENT, "account": Model.ACCOUNT, "customer": Model.ACCOUNT,
    "company": Model.ACCOUNT, "contact": Model.CONTACT, "lead": Model.LEAD,
}  # fmt: skip
"""As what CRMs call their records, in Siro's words."""


async def check_mappings(bridge: Bridge) -> AsyncIterator[Finding]:
    """A line to add for each, as a proposal: nothing is written before a person says so."""
    pull = bridge.config.pull
    named = {
        name for target in (pull.targets() if pull is not None else {}).values() for name, _ in target.extractions()
    }
    try:
        chosen, seen = await _chosen(bridge)
    except SiroError as error:
        yield bad("mappings", error.message, error.hint)
        return
    for finding in _names(named, seen):
        yield finding
    for (name, model_name, field_name), model in sorted(chosen.items()):
        if name not in named:
            what = f"Siro's administrator chose {model_name}.{field_name} for the extraction '{name}'"
            yield hint("mappings", f"{what}, and the file does not use it", _line(name, field_name, model))


def _names(named: Collection[str], seen: Collection[str]) -> Iterator[Finding]:
    """The extractions that recordings have, and those of the file that none has."""
    if not seen:
        return
    yield good("extractions", f"seen in the last {_LOOKED_BACK.days} days: {', '.join(sorted(seen))}")
    for warning in unknown_names(named, seen):
        yield hint("extractions", warning, "Write the name as Siro has it, or wait for a recording that has it.")


async def _chosen(bridge: Bridge) -> tuple[dict[tuple[str, str, str], Model | None], set[str]]:
    """Extraction, model and field, each once, as the latest recordings have them; and the names of all extractions."""
    since = datetime.now(UTC) - _LOOKED_BACK
    found: dict[tuple[str, str, str], Model | None] = {}
    names: set[str] = set()
    seen = 0
    listing = bridge.remote.client.recordings.list(updated_since=since, show_entity_extractions=True)
    async with aclosing(listing.pages()) as pages:
        async for page in pages:
            for recording in page.items:
                for item in recording.entity_extractions or ():
                    names.add(item.name.strip())
                    for mapping in item.mappings or ():
                        if mapping.crm_model_name and mapping.crm_field_name:
                            key = item.name, mapping.crm_model_name, mapping.crm_field_name
                            found[key] = _model_of(mapping)
            seen += len(page.items)
            if seen >= _SAMPLE:
                break
    return found, names


def _model_of(mapping: CrmFieldRef) -> Model | None:
    """The kind of record that a CRM's own word means, with or without `__c`, prefix or plural."""
    words = (mapping.crm_model_name or "").casefold().removesuffix("__c").replace("_", " ").replace(".", " ").split()
    for word in reversed(words):
        for known in (word, word.removesuffix("s"), word.removesuffix("ies") + "y"):
            if known in _MODELS:
                return _MODELS[known]
    return None


def _line(name: str, field_name: str, model: Model | None) -> str:
    where = f"pull.{model.value}.fields" if model is not None else "the fields of that record"
    return f"add to {where}: {name}: {{to: {field_name}, as: text, policy: propose}}"
