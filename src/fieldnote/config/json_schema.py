"""The JSON Schema of fieldnote.yaml, for editors."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from textwrap import dedent
from typing import Any

from pydantic import BaseModel

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
    _describe(schema)
    for part in _parts(schema):
        if part.get("type") in ("integer", "number"):
            part["type"] = [part["type"], "string"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _describe(schema: dict[str, Any]) -> None:
    """Add the meaning of each key, which is the text below it in its class."""
    classes = {name: found for name in schema["$defs"] if (found := _find_class(name)) is not None}
    for model, definition in [(Config, schema), *((classes[name], schema["$defs"][name]) for name in classes)]:
        meanings = member_texts(model)
        for name, field in model.model_fields.items() if issubclass(model, BaseModel) else ():
            key = definition.get("properties", {}).get(field.alias or name)
            if key is not None and name in meanings:
                key["description"] = meanings[name]


def _find_class(name: str) -> type[BaseModel | Enum] | None:
    """The class of a definition, in the modules of this package."""
    for module in list(sys.modules):
        if module.startswith(f"{__package__}."):
            found = getattr(sys.modules[module], name, None)
            if isinstance(found, type) and issubclass(found, (BaseModel, Enum)):
                return found
    return None


def member_texts(kind: type[object]) -> dict[str, str]:
    """The text below each field of a model, or each member of an enum. Reads the source, so it takes milliseconds."""
    (body,) = (node for node in ast.parse(dedent(inspect.getsource(kind))).body if isinstance(node, ast.ClassDef))
    texts: dict[str, str] = {}
    for item, below in zip(body.body, body.body[1:], strict=False):
        match item, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                texts[name] = inspect.cleandoc(text).replace("\n", " ")
    return texts


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from _parts(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _parts(part)
