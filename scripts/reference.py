"""The table of Siro's operations, for the documentation."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import MappingProxyType

from fieldnote.siro import Siro, endpoints
from fieldnote.siro.operations import Audience, Endpoint


def contract() -> Iterator[Endpoint]:
    """The operations of the published contracts, in the order of the table of endpoints."""
    for value in vars(endpoints).values():
        if isinstance(value, Endpoint) and value.audience is not Audience.AUTHORIZATION:
            yield value


def table() -> str:
    """One line an operation, in Markdown, under a heading for each credential."""
    siro = Siro(token="unused")
    lines: list[str] = []
    for audience, heading in ((Audience.ORGANIZATION, "organization"), (Audience.USER, "user")):
        lines += [f"### With an {heading} token" if heading[0] in "aeio" else f"### With a {heading} token", ""]
        lines += ["| Method | Path | Credential | Python |", "|---|---|---|---|"]
        lines += [_row(endpoint, siro) for endpoint in contract() if endpoint.audience is audience]
        lines.append("")
    return "\n".join(lines)


def _row(endpoint: Endpoint, siro: Siro) -> str:
    return f"| {endpoint.method} | `{endpoint.template}` | {_credential(endpoint)} | `{_call(endpoint, siro)}` |"


def _credential(endpoint: Endpoint) -> str:
    if endpoint.audience is Audience.ORGANIZATION:
        return "organization token"
    return f"user token, scope `{'write' if endpoint.writes else 'read'}`"


def method_of(endpoint: Endpoint, siro: object) -> object:
    """The client's method for an operation."""
    group, name = endpoint.python.split(".")
    return getattr(getattr(siro, group), name)


def _call(endpoint: Endpoint, siro: Siro) -> str:
    """The call as a program writes it: required arguments by name, optional ones as `…`."""
    method = method_of(endpoint, siro)
    assert callable(method)
    parameters: MappingProxyType[str, inspect.Parameter] = inspect.signature(method).parameters
    given = [_shown(parameter) for parameter in parameters.values() if parameter.default is parameter.empty]
    more = any(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in parameters.values())
    shown = [*(text for text in given if text), *(["…"] if more else [])]
    return f"siro.{endpoint.python}({', '.join(shown)})"


def _shown(parameter: inspect.Parameter) -> str:
    match parameter.kind:
        case parameter.KEYWORD_ONLY:
            return f"{parameter.name}=…"
        case parameter.VAR_KEYWORD:
            return ""
        case _:
            return parameter.name
