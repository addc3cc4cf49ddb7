"""The JSON Schema of fieldnote.yaml, for editors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fieldnote.config.schema import Config


def json_schema() -> dict[str, Any]:
    """The file's JSON Schema. A value may come from the environment, so `${NAME}` fits everywhere."""
    schema = Config.model_json_schema(by_alias=True)
    for name in ("path", "lines"):
        schema["properties"].pop(name)
    schema["title"] = "fieldnote.yaml"
    crm = schema["$defs"]["CrmSettings"]
    crm["properties"].pop("options")
    crm["additionalProperties"] = True  # a driver of another package has keys of its own
    switched = schema["$defs"]["StreamSettings"]["properties"]["deletes"]
    switched["anyOf"].append({"type": "boolean"})
    alerts = schema["properties"]["alerts"]
    section = alerts.pop("$ref", None)
    if section is not None:
        alerts["anyOf"] = [{"$ref": section}, {"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    for part in _parts(schema):
        if part.get("type") in ("integer", "number"):
            part["type"] = [part["type"], "string"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from _parts(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _parts(part)
