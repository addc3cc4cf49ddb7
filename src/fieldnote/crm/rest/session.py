"""The session that `dlt` asks an API with: its pace, its patience, one new login, and an eye on the pages."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urljoin, urlsplit

from dlt.common.configuration import configspec
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.rest_api.config_setup import create_auth
from requests import PreparedRequest, Response, Session
from requests.auth import AuthBase
from requests.exceptions import HTTPError

from fieldnote.config import ApiLimits
from fieldnote.crm.rest.origins import Origins, origin_of
from fieldnote.crm.rest.pace import LONGEST_WAIT, Pace, Slots, busy, seconds_to_wait
from fieldnote.crm.rest.pages import Pages
from fieldnote.crm.rest.records import readable_json
from fieldnote.crm.rest.shared_tokens import REVOKED, Renewal, SharedToken, good_for
from fieldnote.crm.types import Place
from fieldnote.errors import CrmRefused, CrmUnavailable

_ATTEMPTS = 6
_BUSY = {408, 425, 429}


class PositionRefused(CrmRefused):
    """The API does not take a token that an earlier reading ended with."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: the CRM refuses to go on where the last reading ended")
        self.name = name


@configspec
class ClientCredentials(OAuth2ClientCredentials):
    """As dlt's, but renewed ahead of time, and shared with the other processes of the connection."""

    def share(self, shared: SharedToken) -> None:
        """Take the token from there."""
        self._shared = shared

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Let a request carry the token."""
        token = self._shared.current()
        request.headers["Authorization"] = f"Bearer {self.renewed(None)[0] if token is None else token}"
        return request

    def renewed(self, failed: str | None) -> tuple[str, bool]:
        """A token other than `failed`, and whether it is of a new login."""
        with self._shared.renewal(failed) as renewal:
            if renewal.token is not None:
                return renewal.token, False
            said = self._sign_in(renewal)
            lifetime = said.get("expires_in", self.default_token_expiration)
            return renewal.keep(str(said["access_token"]), good_for(lifetime, self.default_token_expiration)), True

    def _sign_in(self, renewal: Renewal) -> dict[str, Any]:
        address = urlsplit(self.access_token_url)
        what = f"POST {address.hostname}{address.path}"
        response = self.session.post(self.access_token_url, **self.build_access_token_request())
        if 400 <= response.status_code < 500 and response.status_code not in _BUSY:
            renewal.forget()
            raise CrmRefused(f"{what}: the CRM refuses the login ({response.status_code})", hint=REVOKED)
        response.raise_for_status()
        said = response.json()
        if not isinstance(said, dict) or not said.get("access_token"):
            raise CrmRefused(f"{what}: the answer holds no access_token", hint="check client.auth of crm.rest")
        return said


def make_auth(given: Any, place: Place | None = None) -> AuthBase | None:
    """The login of `crm.rest.client.auth`."""
    if isinstance(given, dict) and given.get("type") == "oauth2_client_credentials":
        rest = {name: value for name, value in given.items() if name != "type"}
        session = Client(raise_for_status=False).session
        own = origin_of(str(given.get("access_token_url", "")))
        _keep_within(session, Origins(frozenset() if own is None else frozenset({own})))
        auth = ClientCredentials(**{"session": session, **rest})
        auth.share(SharedToken(given, place))
        return auth
    return create_auth({"type": "bearer", "token": given} if isinstance(given, str) else given)


def _keep_within(session: Session, origins: Origins) -> None:
    """Check each call before it is sent. A session sends each redirect as a call, too."""
    send = session.send

    def checked(request: PreparedRequest, **options: Any) -> Response:
        origins.check(request.url or "")
        answer: Response = send(request, **options)
        return answer

    session.send = checked  # type: ignore[method-assign]


class ApiSession:
    """Calls of one reading. `tokens`: positions that the API made, by the resource that goes on from them."""

    def __init__(
        self,
        config: dict[str, Any],
        limits: ApiLimits | None,
        tokens: dict[str, str],
        origins: Origins,
        shared: Slots | None = None,
        place: Place | None = None,
    ) -> None:
        client = config.get("client") or {}
        self.auth = make_auth(client.get("auth"), place)
        self.calls = 0
        self._base = f"{str(client.get('base_url', '')).rstrip('/')}/"
        self._headers = {str(name): str(value) for name, value in (client.get("headers") or {}).items()}
        self._limits = limits
        self._pace = Pace(limits.windows if limits else (), shared=shared)
        self._pages = Pages(config)
        self._tokens = tokens
        # An API that says how it refuses a call too many is waited for here.
        statuses = range(500, 600) if limits and limits.busy else (429, *range(500, 600))
        self.session: Session = Client(raise_for_status=False, status_codes=tuple(statuses)).session
        _keep_within(self.session, origins)
        self._send = self.session.send
        self.session.send = self._watched  # type: ignore[method-assign]

    def ask(self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None) -> Response:
        """A call beside the pages of a resource."""
        address = urljoin(self._base, path.lstrip("/"))
        response = self.session.request(
            method, address, json=body, params=params, headers=self._headers, auth=self.auth
        )
        response.raise_for_status()
        return response

    def _watched(self, request: PreparedRequest, **options: Any) -> Response:
        self._pages.ask(request)
        try:
            response = self._patiently(request, options)
        except HTTPError as error:
            status = 0 if error.response is None else error.response.status_code
            for name, token in self._tokens.items():
                if status in {400, 404, 410} and token in (request.url or ""):
                    raise PositionRefused(name) from error
            raise
        if response.encoding is None or response.encoding.lower().replace("-", "") == "utf8":
            response._content = readable_json(response.content)  # noqa: SLF001 - requests has no other way
        self._pages.answer(request, response)
        return response

    def _patiently(self, request: PreparedRequest, options: dict[str, Any]) -> Response:
        signed_in, renewals = False, 0
        what = f"{request.method} {urlsplit(request.url or '').hostname}{urlsplit(request.url or '').path}"
        for _ in range(_ATTEMPTS):
            self._pace.wait(urlsplit(request.url or "").path)
            self.calls += 1
            response, error = self._sent(request, options)
            may_renew = not signed_in and renewals < 2  # a token that another process stored may be over, too
            if response.status_code == 401 and may_renew and isinstance(self.auth, ClientCredentials):
                signed_in, renewals = self._renew(self.auth, request), renewals + 1
                continue
            answer = busy(self._limits, response.status_code, response.text) if not response.ok else None
            if answer is None:
                if error is not None:
                    raise error
                return response
            wait = seconds_to_wait(answer, response.headers)
            if wait is None or wait > LONGEST_WAIT:
                text = (
                    f"{what}: the CRM takes no more calls for now ({response.status_code} {answer.code or ''})".rstrip()
                )
                raise CrmUnavailable(text, hint="the reading goes on with a later run")
            time.sleep(wait)
        raise CrmUnavailable(f"{what}: the CRM stays busy", hint="Fieldnote tries again automatically")

    def _sent(self, request: PreparedRequest, options: dict[str, Any]) -> tuple[Response, HTTPError | None]:
        """The answer, and the error that dlt makes of it inside the call."""
        try:
            response: Response = self._send(request, **options)  # type: ignore[no-untyped-call]
        except HTTPError as error:
            if error.response is None:
                raise
            return error.response, error
        return response, None

    def _renew(self, auth: ClientCredentials, request: PreparedRequest) -> bool:
        """Another token after a 401: the old one may have been ended before its time. Whether this is a new login."""
        failed = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
        token, signed_in = auth.renewed(failed)
        request.headers["Authorization"] = f"Bearer {token}"
        return signed_in
