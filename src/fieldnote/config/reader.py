"""YAML with line numbers, environment variables, and one error that names every mistake."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

import yaml
from pydantic import (
    BaseModel,
    ValidationError,
)
from pydantic_core import ErrorDetails

from fieldnote.config.plain_yaml import PlainLoader
from fieldnote.config.presets import expanded
from fieldnote.config.schema import Config, SiroSettings
from fieldnote.config.words import Keys, dotted, line_of, nearest
from fieldnote.errors import ConfigError


class _Problem(NamedTuple):
    keys: Keys
    text: str
    """The problem, as a sentence that begins with the key path."""
    hint: str | None = None


def load(path: Path, env: Mapping[str, str] = os.environ) -> Config:
    """Read and check the file at `path`. Raises ConfigError with every mistake that was found."""
    document, lines = _Reader(path).read()
    problems: list[_Problem] = []
    document = expanded(document, path.parent)
    document = _expand(document, (), env, problems)
    problems += [_Problem((name,), f"{name} is not a known key") for name in ("path", "lines") if name in document]
    if not problems:
        _add_environment(document, env)
        try:
            return Config.model_validate(document).model_copy(update={"path": path, "lines": lines})
        except ValidationError as error:
            problems = [_explain(item, Config) for item in error.errors(include_url=False, include_input=False)]
    raise _config_error(path, lines, problems)


def unfolded(path: Path) -> dict[str, Any]:
    """The file with its preset unfolded, and with `${NAME}` where the environment's values will be."""
    document, _ = _Reader(path).read()
    return expanded(document, path.parent)


Model = TypeVar("Model", bound=BaseModel)


def read_as(path: Path, model: type[Model], *, option: str, example: str) -> Model:
    """Read another file by the same rules, without the environment. Raises ConfigError with every mistake.

    `option` names the file on the command line; `example` is a line that such a file begins with.
    """
    document, lines = _Reader(path, option, example).read()
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = [_explain(item, model) for item in error.errors(include_url=False, include_input=False)]
    raise _config_error(path, lines, problems)


_MOST_VALUES = 50_000
"""Values of a file, each alias with everything below it: nine lines of aliases can be a billion values."""


class _Reader:
    """Turns a file into plain values, and remembers the line of each."""

    def __init__(self, path: Path, option: str = "--config", example: str = "version: 1") -> None:
        self.path = path
        self._option = option
        self._example = example
        self.lines: dict[Keys, int] = {}
        self._count = 0

    def read(self) -> tuple[dict[str, Any], dict[Keys, int]]:
        try:
            root = yaml.compose(self._text(), Loader=PlainLoader)
        except RecursionError as error:
            raise self._error(1, "is nested too deeply") from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = " ".join(filter(None, (error.problem, error.context)))
            raise self._error(mark.line + 1 if mark else 1, f"is not YAML: {problem}") from error
        except yaml.YAMLError as error:
            raise self._error(1, "is not YAML: it contains a character that YAML does not allow") from error
        if not isinstance(root, yaml.MappingNode):
            raise self._error(1, f"is empty or no list of 'key: value' pairs; it begins with '{self._example}'")
        return self._mapping(root, (), ()), self.lines

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            hint = f"name another with {self._option} FILE; docs/start.md has an example"
            raise ConfigError(f"there is no file {self.path}", hint=hint) from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path} is not UTF-8 text", hint="save it as UTF-8") from error
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}") from error

    def _error(self, line: int, text: str) -> ConfigError:
        return ConfigError(f"{self.path}:{line}: {text}")

    def _value(self, node: yaml.Node, keys: Keys, above: tuple[yaml.Node, ...]) -> Any:
        self.lines.setdefault(keys, node.start_mark.line + 1)
        self._count += 1
        if self._count > _MOST_VALUES:
            raise self._error(node.start_mark.line + 1, f"has more than {_MOST_VALUES:,} values, each alias counted")
        if node in above:
            raise self._error(node.start_mark.line + 1, "an alias points at a value that contains it")
        match node:
            case yaml.MappingNode():
                return self._mapping(node, keys, (*above, node))
            case yaml.SequenceNode():
                items = enumerate(node.value)
                return [self._value(item, (*keys, n), (*above, node)) for n, item in items]
            case _:
                return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, keys: Keys, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(line, "a key must be a word; put a value with braces into quotes")
            name = str(key_node.value)
            if name in values:
                where = dotted((*keys, name))
                raise self._error(line, f"{where} appears twice, the first time on line {self.lines[*keys, name]}")
            self.lines[*keys, name] = line
            values[name] = self._value(value_node, (*keys, name), above)
        return values

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "str":
                return text
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "null":
                return None
            case tag:
                raise self._error(node.start_mark.line + 1, f"the tag '{tag}' is not known")


_VARIABLE = re.compile(r"(\$?)\$\{([^}\n]*)\}")


def _expand(value: Any, keys: Keys, env: Mapping[str, str], problems: list[_Problem]) -> Any:
    """Replace `${NAME}` in every text; missing names are added to `problems`."""

    def replace(match: re.Match[str]) -> str:
        escaped, name = match.groups()
        if escaped:
            return f"${{{name}}}"
        if not env.get(name):
            state = "is empty" if name in env else "is not set"
            text = f"{dotted(keys)} needs the environment variable {name}, which {state}"
            problems.append(_Problem(keys, text, f"set {name}; for the text itself write $${{{name}}}"))
        return env.get(name, "")

    match value:
        case str():
            return _VARIABLE.sub(replace, value)
        case dict():
            return {name: _expand(item, (*keys, name), env, problems) for name, item in value.items()}
        case list():
            return [_expand(item, (*keys, n), env, problems) for n, item in enumerate(value)]
        case _:
            return value


def _add_environment(document: dict[str, Any], env: Mapping[str, str]) -> None:
    """Fill what the siro section leaves out from `SIRO_TOKEN`, `SIRO_BASE_URL` and so on."""
    siro = document.get("siro") or {}
    if not isinstance(siro, dict):
        return
    for name in SiroSettings.model_fields:
        value = env.get(f"SIRO_{name.upper()}")
        if value and siro.get(name) is None:
            siro[name] = re.split(r"[\s,]+", value.strip(" ,\n")) if name == "webhook_secret" else value
    document["siro"] = siro


def _known_keys(keys: Keys, whole: type[BaseModel]) -> list[str]:
    """The keys that the section at `keys` may have."""
    section: type[BaseModel] | None = whole
    for key in keys:
        fields = section.model_fields if section else {}
        field = next((f for n, f in fields.items() if key in {f.alias, n}), None)
        # A section whose keys are free (`fields`) is of the same model whatever the key is.
        section = next(_models(field.annotation), None) if field else section
    if section is None:
        return []
    return [field.alias or name for name, field in section.model_fields.items() if not field.exclude]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _explain(error: ErrorDetails, whole: type[BaseModel]) -> _Problem:
    keys: Keys = error["loc"]
    where = dotted(keys) or "the file"
    match error["type"]:
        case "missing":
            text = "is missing"
        case "extra_forbidden":
            text = f"is not a known key{nearest(str(keys[-1]), _known_keys(keys[:-1], whole))}"
        case "value_error":
            text = str(error["ctx"]["error"])
        case "literal_error" | "enum":
            text = f"must be {error['ctx']['expected']}"
        case "string_type" | "string_sub_type":
            text = "must be text"
        case "string_too_short" | "too_short":
            text = "is empty"
        case "model_type" | "dict_type" | "model_attributes_type":
            text = "needs keys, indented below it"
        case _:
            text = f"is wrong: {error['msg']}"
    return _Problem(keys, f"{where} {text}")


def _config_error(path: Path, lines: Mapping[Keys, int], problems: list[_Problem]) -> ConfigError:
    texts = [f"{path}:{line_of(lines, problem.keys)}: {problem.text}" for problem in problems]
    hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
    return ConfigError("\n".join(dict.fromkeys(texts)), hint="; ".join(hints) or None)
