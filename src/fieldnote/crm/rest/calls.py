"""Calls to a CRM's web API for writing back: login, pace, patience, and what it refuses in its own words.

Address, headers and login are those of `crm.rest.client`, so that they are in the file once.

- 429 is waited out as `Retry-After` says, whatever the call; nothing was done then.
- A call that only reads is repeated when it is cut off or the CRM fails; one that writes never is, for nobody knows
  what became of it: the next pass looks.
- After a 401, a token of OAuth is renewed, once a call. The processes of a connection share it (`shared_tokens`).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from fieldnote.config import ApiLimits
from fieldnote.crm.rest.origins import Origins
from fieldnote.crm.rest.pace import Pace, Slots, busy, seconds_to_wait
from fieldnote.crm.rest.shared_tokens import REVOKED, Renewal, SharedToken, good_for
from fieldnote.crm.types import Place
from fieldnote.errors import ConfigError, CrmError, CrmRefused, CrmUnavailable

LATE = 1.0
"""Seconds after which a write that shows no effect is read back once more."""
_ATTEMPTS = 4
_LONGEST_WAIT = 60.0  # seconds; a CRM that wants more is busy, and its turn comes with the next pass
_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)


class Calls:
    """One API. `client` is `crm.rest.client`; `rate_limit` is calls in 60 seconds, None for no limit.

    `place`: the connection whose processes share the login's token.
    """

    def __init__(
        self,
        client: Mapping[str, Any],
        rate_limit: int | None,
        limits: ApiLimits | None = None,
        origins: Iterable[str] = (),
        shared: Slots | None = None,
        hints: Mapping[str, str] | None = None,
        place: Place | None = None,
    ) -> None:
        self._origins = Origins.of({"client": dict(client)}, origins)
        self._base = f"{str(client.get('base_url', '')).rstrip('/')}/"
        self._pace = _Pace(rate_limit)
        self._limits = limits
        self._hints = dict(hints or {})
        self._windows = Pace(limits.windows if limits else (), shared=shared)
        headers = {str(name): str(value) for name, value in (client.get("headers") or {}).items()}
        # A redirect is not followed: it could carry the login to another host.
        self._http = httpx2.Client(headers=headers, auth=_login(client.get("auth"), place), timeout=_TIMEOUT)

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        reads: bool,
        secret: object = None,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        accepted: frozenset[int] = frozenset(),
    ) -> httpx2.Response:
        """The answer, if it is good or its status is among `accepted`; else `CrmRefused` or `CrmUnavailable`.

        `secret` is the value that is written: no message shows it.
        """
        address = self._address(path)
        what = f"{method} {urlsplit(address).hostname}{urlsplit(address).path}"
        for attempt in range(1, _ATTEMPTS + 1):
            self._pace.wait()
            self._windows.wait(urlsplit(address).path)
            last = attempt == _ATTEMPTS
            try:
                answer = self._http.request(method, address, params=params, json=body, headers=headers)
            except httpx2.TransportError as error:
                if reads and not last:
                    continue
                hint = "check client.base_url of crm.rest, and the network"
                raise CrmUnavailable(f"{what}: no answer ({type(error).__name__})", hint=hint) from None
            if answer.is_success or answer.status_code in accepted:
                return answer
            too_many = busy(self._limits, answer.status_code, answer.text)
            wait = _wait(answer, attempt)
            if too_many is not None:
                said = seconds_to_wait(too_many, answer.headers)
                if said is None or last:
                    text = f"{what}: the CRM takes no more calls for now ({answer.status_code} {too_many.code or ''})"
                    raise CrmUnavailable(text.replace(" )", ")"), hint="Fieldnote tries again automatically")
                wait = said
            again = too_many is not None or answer.status_code == 429 or (reads and answer.status_code >= 500)
            if last or not again or wait > _LONGEST_WAIT:
                raise refusal(answer, what, secret, self._hints)
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _address(self, path: str) -> str:
        address = urljoin(self._base, path if "://" in path else path.lstrip("/"))
        self._origins.check(address)
        return address


class _Pace:
    """At most so many calls in 60 seconds, spread evenly, over all threads."""

    def __init__(self, limit: int | None) -> None:
        self._interval = 60 / limit if limit else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._interval
        if mine > now:
            time.sleep(mine - now)


# --- login ----------------------------------------------------------------------------------------------


def _login(auth: Any, place: Place | None) -> httpx2.Auth | None:
    """`client.auth` as dlt writes it."""
    if auth is None:
        return None
    given = {"type": "bearer", "token": auth} if isinstance(auth, str) else dict(auth)
    match given.get("type", "bearer"):
        case "bearer":
            return _Header("Authorization", f"Bearer {given.get('token', '')}")
        case "api_key" if given.get("location", "header") == "header":
            return _Header(str(given.get("name", "Authorization")), str(given.get("api_key", "")))
        case "api_key" if given.get("location") in {"query", "param"}:
            return _Parameter(str(given.get("name", "Authorization")), str(given.get("api_key", "")))
        case "http_basic":
            return httpx2.BasicAuth(str(given.get("username", "")), str(given.get("password", "")))
        case "oauth2_client_credentials":
            return _OAuth(given, place)
        case kind:
            known = "bearer, api_key (in a header or the query), http_basic and oauth2_client_credentials"
            raise ConfigError(f"crm.rest.client.auth: '{kind}' cannot write back", hint=f"known are {known}")


class _Header(httpx2.Auth):
    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers[self._name] = self._value
        yield request


class _Parameter(httpx2.Auth):
    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.url = request.url.copy_set_param(self._name, self._value)
        yield request


class _OAuth(httpx2.Auth):
    """Client credentials; the token is used until shortly before its end, or until a 401."""

    requires_response_body = True

    def __init__(self, given: Mapping[str, Any], place: Place | None) -> None:
        self._url = str(given.get("access_token_url", ""))
        self._form = {
            "grant_type": "client_credentials",
            "client_id": given.get("client_id"),
            "client_secret": given.get("client_secret"),
            **(given.get("access_token_request_data") or {}),
        }
        self._lifetime = int(given.get("default_token_expiration", 3600))
        self._shared = SharedToken(given, place)

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        token, signed_in = self._shared.current(), False
        if token is None:
            token, _ = yield from self._renewed(None)
        for last in (False, False, True):
            request.headers["Authorization"] = f"Bearer {token}"
            answer = yield request
            if answer.status_code != 401 or signed_in or last:
                return
            # A token that another process stored may be over, too; then this one signs in.
            token, signed_in = yield from self._renewed(token)

    def _renewed(self, failed: str | None) -> Generator[httpx2.Request, httpx2.Response, tuple[str, bool]]:
        """A token other than `failed`, and whether it is of a new login."""
        with self._shared.renewal(failed) as renewal:
            if renewal.token is not None:
                return renewal.token, False
            answer = yield httpx2.Request("POST", self._url, data=self._form)
            return self._keep(answer, renewal), True

    def _keep(self, answer: httpx2.Response, renewal: Renewal) -> str:
        what = f"POST {urlsplit(self._url).hostname}{urlsplit(self._url).path}"
        if not answer.is_success:
            error = refusal(answer, what, self._form["client_secret"])
            if not isinstance(error, CrmRefused):
                raise error
            renewal.forget()
            raise CrmRefused(error.message, hint=REVOKED)
        said = _json(answer)
        if not isinstance(said, dict) or not said.get("access_token"):
            raise CrmRefused(f"{what}: the answer holds no access_token", hint="check client.auth of crm.rest")
        return renewal.keep(str(said["access_token"]), good_for(said.get("expires_in") or None, self._lifetime))


# --- refusals -------------------------------------------------------------------------------------------


def _wait(answer: httpx2.Response, attempt: int) -> float:
    """Seconds, as `Retry-After` says; else half a second, one, two."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return float(2 ** (attempt - 2))
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def refusal(answer: httpx2.Response, what: str, secret: object, hints: Mapping[str, str] | None = None) -> CrmError:
    """An answer as an error; without the words of the value that was written."""
    status = answer.status_code
    if status in {408, 425, 429}:
        return CrmUnavailable(f"{what}: the CRM is busy ({status})", hint="Fieldnote tries again automatically")
    if status >= 500:
        return CrmUnavailable(f"{what}: the CRM fails ({status})", hint="Fieldnote tries again automatically")
    words = _without(" ".join(_words(_json(answer)))[:300], secret)
    said = f"{what}: the CRM refuses ({status})" + (f": {words}" if words else "")
    if known := next((hint for word, hint in (hints or {}).items() if word in answer.text), None):
        return CrmRefused(said, hint=known)
    if status in {401, 403}:
        return CrmRefused(said, hint="check client.auth of crm.rest, and what its user may do")
    return CrmRefused(said, hint="see crm.writing against the API's own documentation")


def complaint(answer: httpx2.Response, secret: object) -> str | None:
    """The error that an answer with a status of success reports in its body, without the value that was sent."""
    said = _json(answer)
    if not isinstance(said, dict):
        return None
    errors = {name: said[name] for name in said if name.casefold().startswith("error")}
    words = list(_words_in(errors)) or list(_words(said.get("message")))
    return _without(" ".join(dict.fromkeys(words))[:300], secret) or None


def _words_in(said: Any) -> Iterator[str]:
    """All texts of an error, whatever its parts are called."""
    match said:
        case dict():
            for item in said.values():
                yield from _words_in(item)
        case list():
            for item in said:
                yield from _words_in(item)
        case str():
            yield said.strip()
        case _:
            return


_MESSAGE_KEYS = ("message", "error", "error_description", "detail", "title", "errors", "code", "errorCode")


def _json(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _words(said: Any) -> Iterator[str]:
    """The message in an API's answer, wherever it is."""
    match said:
        case dict():
            for name in _MESSAGE_KEYS:
                yield from _words(said.get(name))
        case list():
            for item in said:
                yield from _words(item)
        case str():
            yield said.strip()
        case _:
            return


def _without(text: str, secret: object) -> str:
    """The text with every word of the value taken out: an API may repeat the value, whole or cut."""
    if secret is None:
        return text
    words = {word.casefold() for word in re.findall(r"\w+", str(secret)) if len(word) > 2 or word.isdigit()}
    return re.sub(r"\w+", lambda match: "…" if match[0].casefold() in words else match[0], text)
