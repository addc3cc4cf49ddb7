"""The public names of the Python packages with their signatures, as text to compare.

`python -m scripts.surface` writes `tests/public_surface.txt`. A test fails when the code and that file differ, so that
nobody changes a name, parameter or field that others use without noticing.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from fieldnote.siro import Siro
from scripts.reference import contract

FILE: Final = Path(__file__).parents[1] / "tests" / "public_surface.txt"
PACKAGES: Final = (
    "fieldnote.siro",
    "fieldnote.siro.models",
    "fieldnote.siro.webhooks",
    "fieldnote.siro.deeplinks",
    "fieldnote.crm",
    "fieldnote.crm.types",
    "fieldnote.crm.testing",
    "fieldnote.matching",
    "fieldnote.insight",
    "fieldnote.errors",
)


def surface() -> str:
    """All packages, one after the other, in a fixed order, and the client's groups of methods."""
    lines = [line for name in PACKAGES for line in _package(name)]
    client = Siro(token="unused")
    for group in sorted({endpoint.python.split(".")[0] for endpoint in contract()}):
        lines += [f"# siro.{group}", *_methods(type(getattr(client, group))), ""]
    return "\n".join(lines) + "\n"


def _methods(kind: type[Any]) -> Iterator[str]:
    for name, member in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            yield f"{name}{_signature(member)}"


def _package(name: str) -> Iterator[str]:
    package = import_module(name)
    yield f"# {name}"
    for public in _names(package):
        yield from _item(public, getattr(package, public))
    yield ""


def _names(package: Any) -> list[str]:
    """`__all__`, or else the names that the module itself defines."""
    listed = getattr(package, "__all__", None)
    if listed is not None:
        return sorted(listed)
    own = (name for name, value in vars(package).items() if getattr(value, "__module__", None) == package.__name__)
    return sorted(name for name in own if not name.startswith("_"))


def _item(name: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value):
        yield f"class {name}({', '.join(base.__name__ for base in value.__bases__ if base is not object)})"
        yield from (f"    {line}" for line in _members(value))
    elif callable(value):
        yield f"{name}{_signature(value)}"
    else:
        yield f"{name}: {type(value).__name__}"


def _members(kind: type[Any]) -> Iterator[str]:
    """Members of an enum; fields of a record with their types; methods with their signatures."""
    if issubclass(kind, enum.Enum):
        yield from (f"{member.name} = {member.value!r}" for member in kind)
        return
    if dataclasses.is_dataclass(kind):
        yield f"__init__{_signature(kind)}"
    fields = {name: text for name, text in inspect.get_annotations(kind).items() if not name.startswith("_")}
    yield from (f"{name}: {text}" for name, text in fields.items())
    for name, member in sorted(vars(kind).items()):
        if isinstance(member, property):
            yield f"{name}: {inspect.get_annotations(member.fget).get('return', '') if member.fget else ''} (property)"
        elif name not in fields and (not name.startswith("_") or name == "__init__") and _is_method(member):
            if name == "__init__" and dataclasses.is_dataclass(kind):
                continue
            yield f"{name}{_signature(member)}"


def _is_method(member: object) -> bool:
    return inspect.isfunction(member) or isinstance(member, (classmethod, staticmethod))


def _signature(value: Any) -> str:
    """A signature whose default values read alike in each version of Python."""
    function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
    try:
        signature = inspect.signature(function)
    except ValueError:
        return "(...)"
    shown = [parameter.replace(default=_Default(parameter.default)) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=shown)).replace("'", "")


class _Default:
    """A default value as the surface shows it: plain ones in full, others by their type."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __new__(cls, value: object) -> Any:
        return value if value is inspect.Parameter.empty else super().__new__(cls)

    def __repr__(self) -> str:
        plain = self._value is None or isinstance(self._value, (bool, int, float, str, tuple))
        return (
            repr(self._value) if plain and not isinstance(self._value, enum.Enum) else f"<{type(self._value).__name__}>"
        )


if __name__ == "__main__":
    FILE.write_text(surface(), encoding="utf-8")
    sys.stdout.write(f"written: {FILE.name}\n")
