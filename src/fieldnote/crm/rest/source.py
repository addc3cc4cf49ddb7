"""A REST API configuration as a source of `dlt`'s, with what Fieldnote asks of each resource beside it.

- A resource with a primary key is merged by it, unless it says otherwise; one without is replaced as a whole.
- Times stay the text that the API gives. `dlt` would read a time without a zone as one of UTC.
- Pages that run in a circle, or are all the same, are an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import jmespath  # type: ignore[import-untyped]
from dlt.common.normalizers.json.helpers import normalize_identifier
from dlt.extract import DltSource
from dlt.sources.rest_api import rest_api_source

from fieldnote.config import ApiLimits, ReadResource, RestReading
from fieldnote.crm.rest.documents import PAGES, Documents, add_documents
from fieldnote.crm.rest.keyset import KeysetPaginator
from fieldnote.crm.rest.origins import Origins
from fieldnote.crm.rest.pace import Slots
from fieldnote.crm.rest.positions import Reached, beginning, filled
from fieldnote.crm.rest.records import Records, refuse_twin_tables
from fieldnote.crm.rest.session import ApiSession
from fieldnote.crm.types import Place
from fieldnote.errors import ConfigError, CrmUnavailable

SOURCE = "crm"
"""The source's name, under which its state is kept."""


@dataclass(slots=True)
class Opened:
    """A source, and what is known of it while it is read."""

    source: DltSource
    documents: list[Documents] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of a reading beside those of `crm.rest`."""

    reading: RestReading = field(default_factory=RestReading)
    limits: ApiLimits | None = None
    reached: dict[str, Reached] = field(default_factory=dict)
    """Positions to go on from, by resource."""
    skipped: frozenset[str] = frozenset()
    """Resources whose time has not come."""
    shared: Slots | None = None
    """Windows of calls that other processes share."""
    place: Place | None = None
    """The connection whose processes share the login's token; without one, the reading signs in for itself."""


def open_source(config: dict[str, Any], wanted: Wanted | None = None, origins: Iterable[str] = ()) -> Opened:
    """The source of a configuration; `origins` are those of `crm.origins`.

    Raises ConfigError, or dlt's own error, for a configuration that is not valid.
    """
    wanted = wanted or Wanted()
    config = deepcopy(config)
    _check_names(config, wanted.reading)
    config["resources"] = [one for one in config.get("resources") or [] if _name(one) not in wanted.skipped]
    tokens = {name: reached.value for name, reached in wanted.reached.items() if reached.is_token}
    client = _section(config, "client")
    api = ApiSession(config, wanted.limits, tokens, Origins.of(config, origins), wanted.shared, wanted.place)
    config["client"] = {**client, "session": api.session, "auth": api.auth}
    opened_warnings: list[str] = []
    config["resources"] = [_prepared(one, config, wanted, api, opened_warnings) for one in config["resources"]]
    if all(_name(one).endswith(PAGES) for one in config["resources"]):
        config.pop("resource_defaults", None)  # they are in each endpoint already
    source = rest_api_source(config, name=SOURCE)  # type: ignore[arg-type]
    opened = Opened(source, warnings=opened_warnings)
    source.schema.remove_type_detection("iso_timestamp")
    for name, disposition in _dispositions(config).items():
        if name in source.resources:
            source.resources[name].apply_hints(write_disposition=disposition)
    for name, settings in wanted.reading.resources.items():
        if f"{name}{PAGES}" in source.resources:
            one = Documents(name, settings, _selector(config, name), api.ask, before=wanted.reached.get(name))
            add_documents(source, one)
            opened.documents.append(one)
    return opened


def _name(resource: Any) -> str:
    return str(resource.get("name")) if isinstance(resource, dict) else str(resource)


def _check_names(config: dict[str, Any], reading: RestReading) -> None:
    names = {_name(one) for one in config.get("resources") or []}
    if unknown := sorted(set(reading.resources) - names):
        text = f"crm.reading.resources.{unknown[0]} is not a resource of crm.rest"
        raise ConfigError(text, hint=f"crm.rest.resources has {', '.join(sorted(names))}")


def _prepared(resource: Any, config: dict[str, Any], wanted: Wanted, api: ApiSession, warnings: list[str]) -> Any:
    """A resource with its placeholders filled, under the name of the one that asks for pages."""
    name = _name(resource)
    settings = wanted.reading.resources.get(name)
    if settings is None or not isinstance(resource, dict):
        return resource
    values: dict[str, Any] = {}
    if settings.since is not None:
        values["since"] = beginning(settings.since, wanted.reached.get(name))
    if settings.fields is not None:
        values["fields"] = ",".join(_fields(name, settings, api, warnings))
    values |= now_values()
    endpoint = filled(_endpoint(resource, config), values)
    if settings.keyset is not None:
        first = filled(settings.keyset.first, values)
        endpoint["paginator"] = KeysetPaginator(name, settings.keyset.model_copy(update={"first": first}))
    own = {key: value for key, value in resource.items() if key not in {"name", "endpoint", "primary_key"}}
    return {**own, "name": f"{name}{PAGES}", "endpoint": endpoint}


def _endpoint(resource: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """A resource's endpoint over that of the defaults; a parameter that is null is left out."""
    defaults = _section(config, "resource_defaults").get("endpoint") or {}
    own = resource.get("endpoint") or {}
    params = {**(defaults.get("params") or {}), **(own.get("params") or {})}
    merged = {"path": str(resource["name"]), **defaults, **own}
    if params:
        merged["params"] = {name: value for name, value in params.items() if value is not None}
    return merged


def now_values() -> dict[str, str]:
    """The time at which a reading begins: what is saved later belongs to the next one."""
    now = datetime.now(UTC)
    return {"now_ms": str(int(now.timestamp() * 1000)), "now": f"{now:%Y-%m-%dT%H:%M:%S}Z"}


def _fields(name: str, settings: ReadResource, api: ApiSession, warnings: list[str]) -> list[str]:
    """The fields that are wanted and that the login may see: one unknown name would fail the whole call."""
    asked = settings.fields
    assert asked is not None  # noqa: S101 - the caller has looked
    there = jmespath.search(asked.at, api.ask("GET", asked.path).json())
    if not isinstance(there, list):
        raise CrmUnavailable(f"{name}: the CRM's answer about its fields has no list '{asked.at}'")
    absent = [one for one in asked.want if one not in there]
    if absent:
        warnings.append(f"{name}: this login does not see {', '.join(absent)}; they are read as empty")
    return [one for one in (*asked.want, *asked.optional) if one in there]


def _selector(config: dict[str, Any], name: str) -> str | None:
    """Where the records of a resource are in an answer."""
    defaults = _section(config, "resource_defaults").get("endpoint") or {}
    own: Any = next((one for one in config["resources"] if _name(one) == f"{name}{PAGES}"), {})
    selector = {**defaults, **own.get("endpoint", {})}.get("data_selector")
    return None if selector is None else str(selector)


def watch_records(source: DltSource, documents: frozenset[str] = frozenset()) -> list[Records]:
    """Let each record be checked before it lands, but for documents, which land as they are. The checks."""
    naming = partial(normalize_identifier, source.schema, source.schema.naming)
    refuse_twin_tables(list(source.resources), naming)
    checks: list[Records] = []
    for name, resource in source.resources.items():
        if name in documents or name.endswith(PAGES):
            continue
        key = resource.compute_table_schema().get("columns", {})
        keys = [column for column, hints in key.items() if hints.get("primary_key")]
        checks.append(Records(name, naming, keys[0] if len(keys) == 1 else None))
        resource.add_map(checks[-1].check)
    return checks


def _section(config: dict[str, Any], name: str) -> dict[str, Any]:
    section = config.get(name) or {}
    if not isinstance(section, dict):
        raise ConfigError(f"crm.rest.{name} needs keys, indented below it")
    return section


def _dispositions(config: dict[str, Any]) -> dict[str, Literal["merge", "replace"]]:
    """How each resource is written that does not say so itself."""
    defaults = _section(config, "resource_defaults")
    chosen: dict[str, Literal["merge", "replace"]] = {}
    for item in config.get("resources") or []:
        own = item if isinstance(item, dict) else {"name": item}
        resource = {**defaults, **own}
        if "write_disposition" in resource:
            continue
        name = str(resource.get("name"))
        if name.endswith(PAGES):
            continue
        chosen[name] = "merge" if resource.get("primary_key") else "replace"
        if chosen[name] == "replace" and any(_reads_changes(part.get("endpoint")) for part in (defaults, own)):
            text = f"crm.rest: the resource '{name}' is read by its changes and has no primary_key"
            raise ConfigError(text, hint="give it its primary_key, by which a changed record takes the old one's place")
    return chosen


def _reads_changes(endpoint: object) -> bool:
    """Whether an endpoint has dlt's incremental loading, in either of the two ways to write it."""
    if not isinstance(endpoint, dict):
        return False
    params = endpoint.get("params") or {}
    bound = params.values() if isinstance(params, dict) else ()
    return bool(endpoint.get("incremental")) or any(
        isinstance(param, dict) and param.get("type") == "incremental" for param in bound
    )
