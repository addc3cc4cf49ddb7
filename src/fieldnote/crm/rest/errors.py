"""The errors of `dlt` and the API, as our errors. No address carries its query, and no value is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import psycopg2
from dlt.common.exceptions import DictValidationException, DltException
from requests.exceptions import HTTPError, JSONDecodeError, RequestException

from fieldnote.crm.rest.documents import PAGES
from fieldnote.errors import ConfigError, CrmError, CrmRefused, CrmUnavailable, FieldnoteError

_BUSY = {408, 425, 429}


@contextmanager
def explained(config: dict[str, Any]) -> Iterator[None]:
    """Raise our own error for whatever goes wrong inside; `config` tells what must not be shown."""
    try:
        yield
    except Exception as error:
        raise _explain(error, config) from error


def _explain(error: BaseException, config: dict[str, Any]) -> FieldnoteError:
    """The messages of an error's causes, the plainest of them first."""
    causes = list(causes_of(error))
    for kind, meaning in _MEANINGS:
        if cause := next((cause for cause in causes if isinstance(cause, kind)), None):
            if isinstance(cause, RequestException) and cause.request is None:  # one about a body knows no request
                return CrmUnavailable(f"{_place(causes, config)}: {_broken(cause)}")
            return meaning(cause)
    last = causes[-1]
    text = _masked(str(last).strip().replace("\n", " ")[:300], config)
    if isinstance(last, DictValidationException | ValueError | TypeError):
        return ConfigError(f"crm.rest is not a REST API configuration: {text}", hint="see dlt's documentation of it")
    shown = f": {text}" if isinstance(last, DltException) else ""
    return CrmRefused(f"crm.rest cannot be loaded: {type(last).__name__}{shown}")


def _broken(error: RequestException) -> str:
    if isinstance(error, JSONDecodeError):
        return "the CRM's answer is not JSON, or was cut off"
    return f"the CRM's answer was cut off ({type(error).__name__})"


def _place(causes: list[BaseException], config: dict[str, Any]) -> str:
    """The API's host, and the resource that was read."""
    client = config.get("client")
    host = urlsplit(str(client.get("base_url", "")) if isinstance(client, dict) else "").hostname
    resource = next((name for one in causes if isinstance(name := getattr(one, "pipe_name", None), str)), None)
    return ", ".join(filter(None, (host, resource and resource.removesuffix(PAGES)))) or "crm.rest"


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_request(error: RequestException) -> CrmError:
    request = error.request
    address = urlsplit(str(getattr(request, "url", "") or ""))
    what = f"{getattr(request, 'method', None) or 'a request to'} {address.hostname or ''}{address.path}"
    if isinstance(error, HTTPError) and error.response is not None:
        return _of_status(error.response.status_code, what)
    hint = "check client.base_url of crm.rest, and the network"
    return CrmUnavailable(f"{what}: the CRM cannot be reached ({type(error).__name__})", hint=hint)


def _of_status(status: int, what: str) -> CrmError:
    if status in _BUSY:
        return CrmUnavailable(f"{what}: the CRM is busy ({status})", hint="Fieldnote tries again automatically")
    if status >= 500:
        return CrmUnavailable(f"{what}: the CRM fails ({status})", hint="Fieldnote tries again automatically")
    if status in {401, 403}:
        return CrmRefused(f"{what}: the CRM refuses the login ({status})", hint="check client.auth of crm.rest")
    return CrmRefused(f"{what}: the CRM refuses the request ({status})", hint="check the resource's endpoint")


def _of_database(error: Any) -> CrmError:
    if isinstance(error, psycopg.OperationalError | psycopg2.OperationalError):
        return CrmUnavailable("the database that the CRM's rows land in is busy or does not answer")
    what = error.diag.message_primary or type(error).__name__
    return CrmRefused(f"the database that the CRM's rows land in refuses them ({what})")


def _of_folder(error: OSError) -> FieldnoteError:
    text = f"{error.filename or 'a file'} cannot be written: {error.strerror or type(error).__name__}"
    return CrmUnavailable(text, hint="the data folder needs free space, and must belong to Fieldnote's user")


_MEANINGS: tuple[tuple[Any, Callable[[Any], FieldnoteError]], ...] = (
    (FieldnoteError, lambda error: error),
    (RequestException, _of_request),
    ((psycopg.Error, psycopg2.Error), _of_database),
    (OSError, _of_folder),
)


def _masked(text: str, config: dict[str, Any]) -> str:
    """The text without what the configuration has for secrets."""
    client = config.get("client")
    kept = [client.get(name) for name in ("auth", "headers")] if isinstance(client, dict) else []
    for secret in _texts(kept):
        text = text.replace(secret, "***")
    return text


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield from _texts([item for name, item in value.items() if name not in {"type", "location", "name"}])
        case list():
            for item in value:
                yield from _texts(item)
        case str() if len(value) > 3:
            yield value
        case _:
            return
