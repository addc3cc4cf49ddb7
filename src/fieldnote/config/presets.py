"""Presets: `crm: {driver: hubspot}` is short for a whole `crm` section and its streams, any part of which may be said.

A preset is a folder with `preset.yaml` and the SQL that it names. Fieldnote's own are in `crm/presets`; another one is
named by its path, `driver: ./mycrm/preset.yaml`. `$(name)` in a preset stands for one of its settings, which the `crm`
section of a file may give, and `$(name.sql)` in a query for a file of SQL. The file is merged over the preset; null
removes a part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from fieldnote.config.plain_yaml import PlainLoader
from fieldnote.config.preset_setup import PresetSetup
from fieldnote.config.words import nearest
from fieldnote.errors import ConfigError

_SETTING: Final = re.compile(r"\$\((\w+)\)")
_PART: Final = re.compile(r"\$\((\w+\.sql)\)")
_SECTIONS: Final = ("rest", "reading", "writing", "limits", "webhooks", "origins", "timezone", "local_timezone")
_STREAMS: Final = ("accounts", "opportunities", "engagements")


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset, as its file has it."""

    name: str
    title: str
    settings: Mapping[str, Any]
    """A setting of the `crm` section, with its default."""
    document: Mapping[str, Any]
    folder: Traversable


def preset_names() -> tuple[str, ...]:
    """The presets that Fieldnote brings."""
    return tuple(sorted(one.name for one in _folder().iterdir() if (one / "preset.yaml").is_file()))


def find_preset(driver: object, beside: Path) -> Preset | None:
    """The preset that `crm.driver` names; None where it names a driver. A path begins beside the file."""
    if not isinstance(driver, str):
        return None
    if driver in preset_names():
        return _read(driver, _folder() / driver)
    if driver.endswith((".yaml", ".yml")):
        path = (beside / driver).expanduser()
        if not path.is_file():
            raise ConfigError(f"crm.driver: there is no preset at {path}", hint="give the path of its preset.yaml")
        return _read(driver, path.parent, path.name)
    return None


def expanded(document: dict[str, Any], beside: Path) -> dict[str, Any]:
    """A file with its preset unfolded; one without a preset stays as it is."""
    crm = document.get("crm")
    preset = find_preset(crm.get("driver"), beside) if isinstance(crm, dict) else None
    if preset is None or not isinstance(crm, dict):
        return document
    settings = _settings(preset, crm)
    base = _with_settings(preset, settings)
    given = {name: crm[name] for name in _SECTIONS if name in crm}
    unfolded = {**document, "crm": {"driver": "rest", **_laid(base.get("crm") or {}, given)}}
    if "push" in document:
        unfolded["push"] = _push(base.get("push") or {}, document["push"] or {})
    if isinstance(document.get("pull"), dict):
        unfolded["pull"] = _pull(base.get("pull") or {}, document["pull"])
    return unfolded


def preset_setup(preset: Preset, crm: Mapping[str, Any]) -> PresetSetup:
    """The questions and reads of `init`, with the settings of a `crm` section. Raises ConfigError without a `setup`."""
    document = preset.document.get("setup")
    if not isinstance(document, dict):
        raise ConfigError(
            f"the preset '{preset.name}' has no section 'setup'",
            hint="Add one, or write fieldnote.yaml by hand: docs/crm.md.",
        )
    try:
        return PresetSetup.model_validate(_put(document, _settings(preset, crm), preset))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"setup.{where} of the preset '{preset.name}': {first['msg']}", hint="See docs/crm.md."
        ) from error


def _folder() -> Traversable:
    return files("fieldnote") / "crm" / "presets"


def _read(name: str, folder: Traversable, file: str = "preset.yaml") -> Preset:
    try:
        document = yaml.load((folder / file).read_text(encoding="utf-8"), Loader=PlainLoader)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        raise ConfigError(f"the preset '{name}' is not YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("crm"), dict):
        raise ConfigError(
            f"the preset '{name}' has no section 'crm'", hint="Add a section 'crm', with the keys of docs/crm.md."
        )
    return Preset(name, str(document.get("title", name)), document.get("settings") or {}, document, folder)


def _settings(preset: Preset, crm: Mapping[str, Any]) -> dict[str, Any]:
    known = [*preset.settings, *_SECTIONS]
    for name in crm:
        if name != "driver" and name not in known:
            text = f"crm.{name} is not a setting of the preset '{preset.name}'{nearest(name, known)}"
            raise ConfigError(text, hint=f"it has {', '.join(preset.settings)}")
    for name, default in preset.settings.items():
        _check_shape(name, crm.get(name), default)
    return {name: default if crm.get(name) is None else crm[name] for name, default in preset.settings.items()}


def _check_shape(name: str, given: Any, default: Any) -> None:
    """A list must be one, and a table; SQL would fail over another value, far from the file."""
    if given is None:
        return
    if isinstance(default, list) and not (isinstance(given, list) and all(map(_is_plain, given))):
        example = given if _is_plain(given) else "VALUE"
        raise ConfigError(f"crm.{name} is not a list of values", hint=f"Write {name}: [{example}]")
    if isinstance(default, dict) and not isinstance(given, dict):
        raise ConfigError(f"crm.{name} is not a table", hint=f"Write {name}: {{NAME: VALUE}}")
    if not isinstance(default, list | dict) and not _is_plain(given):
        raise ConfigError(f"crm.{name} is not one value", hint=f"Write {name}: VALUE")


def _is_plain(value: Any) -> bool:
    return value is not None and not isinstance(value, list | dict)


def _with_settings(preset: Preset, settings: Mapping[str, Any]) -> dict[str, Any]:
    document = {name: preset.document[name] for name in ("crm", "push", "pull") if name in preset.document}
    put: dict[str, Any] = _put(document, settings, preset)
    return put


def _put(value: Any, settings: Mapping[str, Any], preset: Preset) -> Any:
    match value:
        case dict():
            return {
                name: _sql(item, settings, preset) if name == "query" else _put(item, settings, preset)
                for name, item in value.items()
            }
        case list():
            return [_put(item, settings, preset) for item in value]
        case str() if alone := _SETTING.fullmatch(value):
            return _setting(alone[1], settings, preset)
        case str():
            return _SETTING.sub(lambda match: str(_setting(match[1], settings, preset)), value)
        case _:
            return value


def _setting(name: str, settings: Mapping[str, Any], preset: Preset) -> Any:
    if name not in settings:
        raise ConfigError(f"the preset '{preset.name}' has $({name}), which is not one of its settings")
    return settings[name]


def _sql(query: Any, settings: Mapping[str, Any], preset: Preset) -> Any:
    """A query, or the file that has it; a setting in it is a literal of PostgreSQL's."""
    if not isinstance(query, str):
        return query
    text = _file(query, preset) if query.endswith(".sql") else query
    text = _PART.sub(lambda match: _file(match[1], preset).strip(), text)
    return _SETTING.sub(lambda match: _literal(_setting(match[1], settings, preset)), text)


def _file(name: str, preset: Preset) -> str:
    """SQL beside the preset, or of what all presets share."""
    own = preset.folder / name
    found = own if own.is_file() else _folder() / name
    if not found.is_file():
        raise ConfigError(f"the preset '{preset.name}' has no file {name}", hint="Put it beside its preset.yaml.")
    return found.read_text(encoding="utf-8")


def _literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list():
            return f"array[{', '.join(_quoted(str(item)) for item in value)}]::text[]"
        case dict():
            return f"{_quoted(json.dumps(value))}::jsonb"
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _laid(base: Any, over: Any) -> Any:
    """`over` on `base`: sections are merged, null takes away, anything else takes the place of what was there."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    merged = {name: value for name, value in base.items() if name not in over}
    for name, value in over.items():
        if value is not None:
            merged[name] = _laid(base[name], value) if name in base else value
    return merged


def _push(base: Mapping[str, Any], given: Any) -> Any:
    """The streams of the preset, but those that the file sets to null or false."""
    if not isinstance(given, Mapping):
        return given
    wanted = {name: value for name, value in given.items() if value is not False}
    streams = {name: base[name] for name in _STREAMS if name in base and given.get(name, True) not in {None, False}}
    for name, stream in streams.items():
        own = wanted.get(name)
        if isinstance(own, Mapping) and ("table" in own or "query" in own):
            streams[name] = {key: value for key, value in stream.items() if key not in {"table", "query"}}
    return _laid(streams, {name: value for name, value in wanted.items() if value is not None})


def _pull(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The targets that the file names, completed; a target without anything to write is not added."""
    return {
        name: _laid(base[name], value) if name in base and isinstance(value, Mapping) else value
        for name, value in given.items()
    }
