"""A REST API configuration as a source of `dlt`'s, with what Fieldnote asks of each resource beside it.

- A resource with a primary key is merged by it, unless it says otherwise; one without is replaced as a whole.
- Times stay the text that the API gives. `dlt` would read a time without a zone as one of UTC.
- A request that comes again and again is a circle in the API's pages, and an error.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

from dlt.extract import DltSource
from dlt.sources.helpers.requests import Client
from dlt.sources.rest_api import rest_api_source
from requests import PreparedRequest, Response, Session

from fieldnote.errors import ConfigError, CrmRefused

SOURCE = "crm"
"""The source's name, under which its state is kept."""

_MOST_TIMES = 20
"""How often one request may be made in one refresh. A few are of parents that share their children's address."""


def open_source(config: dict[str, Any]) -> DltSource:
    """The source of a configuration. Raises ConfigError, or dlt's own error, where it cannot be one."""
    config = deepcopy(config)
    config["client"] = {**_section(config, "client"), "session": _session()}
    source = rest_api_source(config, name=SOURCE)  # type: ignore[arg-type]
    source.schema.remove_type_detection("iso_timestamp")
    for name, disposition in _dispositions(config).items():
        if name in source.resources:
            source.resources[name].apply_hints(write_disposition=disposition)
    return source


def _section(config: dict[str, Any], name: str) -> dict[str, Any]:
    section = config.get(name) or {}
    if not isinstance(section, dict):
        raise ConfigError(f"crm.rest.{name} must hold keys of its own, indented below it")
    return section


def _dispositions(config: dict[str, Any]) -> dict[str, Any]:
    """How each resource is written that does not say so itself."""
    defaults = _section(config, "resource_defaults")
    chosen: dict[str, Any] = {}
    for item in config.get("resources") or []:
        resource = {**defaults, **item} if isinstance(item, dict) else {**defaults, "name": item}
        if "write_disposition" not in resource:
            chosen[str(resource.get("name"))] = "merge" if resource.get("primary_key") else _without_key(resource)
    return chosen


def _without_key(resource: dict[str, Any]) -> str:
    if "incremental" in str(resource.get("endpoint", "")):
        text = f"crm.rest: the resource '{resource.get('name')}' is read by its changes and has no primary_key"
        raise ConfigError(text, hint="give it its primary_key, by which a changed record takes the old one's place")
    return "replace"


def _session() -> Session:
    """dlt's session, which waits and repeats as Retry-After says, with an eye on circles."""
    session = Client(raise_for_status=False).session
    send, seen = session.send, Counter[tuple[str | None, str | None, Any]]()

    def counted(request: PreparedRequest, **options: Any) -> Response:
        asked = (request.method, request.url, request.body)
        seen[asked] += 1
        if seen[asked] > _MOST_TIMES:
            text = f"{request.method} {(request.url or '').partition('?')[0]} was asked {_MOST_TIMES} times"
            hint = "its pages run in a circle: see the paginator of crm.rest against the API's own documentation"
            raise CrmRefused(text, hint=hint)
        answer: Response = send(request, **options)  # type: ignore[no-untyped-call]
        return answer

    session.send = counted  # type: ignore[method-assign]
    return session
