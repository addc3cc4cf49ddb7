"""A REST API configuration as a source of `dlt`'s, with what Fieldnote asks of each resource beside it.

- A resource with a primary key is merged by it, unless it says otherwise; one without is replaced as a whole.
- Times stay the text that the API gives. `dlt` would read a time without a zone as one of UTC.
- Pages that run in a circle, or are all the same, are an error.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import Any, Literal

from dlt.common.normalizers.json.helpers import normalize_identifier
from dlt.extract import DltSource
from dlt.sources.helpers.requests import Client
from dlt.sources.rest_api import rest_api_source
from requests import PreparedRequest, Response, Session

from fieldnote.crm.rest.pages import Pages
from fieldnote.crm.rest.records import Records, readable_json, refuse_twin_tables
from fieldnote.errors import ConfigError

SOURCE = "crm"
"""The source's name, under which its state is kept."""


def open_source(config: dict[str, Any]) -> DltSource:
    """The source of a configuration. Raises ConfigError, or dlt's own error, where it cannot be one."""
    config = deepcopy(config)
    config["client"] = {**_section(config, "client"), "session": _session(config)}
    source = rest_api_source(config, name=SOURCE)  # type: ignore[arg-type]
    source.schema.remove_type_detection("iso_timestamp")
    for name, disposition in _dispositions(config).items():
        if name in source.resources:
            source.resources[name].apply_hints(write_disposition=disposition)
    return source


def watch_records(source: DltSource) -> list[Records]:
    """Let each record be checked before it lands. The checks, for what they find."""
    naming = partial(normalize_identifier, source.schema, source.schema.naming)
    refuse_twin_tables(list(source.resources), naming)
    checks: list[Records] = []
    for name, resource in source.resources.items():
        key = resource.compute_table_schema().get("columns", {})
        keys = [column for column, hints in key.items() if hints.get("primary_key")]
        checks.append(Records(name, naming, keys[0] if len(keys) == 1 else None))
        resource.add_map(checks[-1].check)
    return checks


def _section(config: dict[str, Any], name: str) -> dict[str, Any]:
    section = config.get(name) or {}
    if not isinstance(section, dict):
        raise ConfigError(f"crm.rest.{name} must hold keys of its own, indented below it")
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


def _session(config: dict[str, Any]) -> Session:
    """dlt's session, which waits and repeats as Retry-After says, with an eye on the pages."""
    session, pages = Client(raise_for_status=False).session, Pages(config)
    send = session.send

    def watched(request: PreparedRequest, **options: Any) -> Response:
        pages.ask(request)
        response: Response = send(request, **options)  # type: ignore[no-untyped-call]
        if response.encoding is None or response.encoding.lower().replace("-", "") == "utf8":
            response._content = readable_json(response.content)  # noqa: SLF001 - requests has no other way
        pages.answer(request, response)
        return response

    session.send = watched  # type: ignore[method-assign]
    return session
