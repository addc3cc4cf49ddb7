"""The CRM's login goes to the CRM's own origins: no page, no redirect and no record leads it elsewhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fieldnote.config import RestWriting
from fieldnote.crm.rest.driver import RestDriver, _passed_on
from fieldnote.crm.rest.origins import origin_of
from fieldnote.crm.rest.writing import RestWriter
from fieldnote.crm.types import Place, Source
from fieldnote.errors import ConfigError, CrmRefused, FieldnoteError

pytestmark = pytest.mark.usefixtures("forked_loader")

KEY = "k3y-of-the-crm"
SECRET = "s3cret-of-the-crm"
DEALS = Source("push.opportunities", key="id", table="deals")


@dataclass
class Server:
    """Gives `answers` by path, and keeps the secrets that it saw."""

    port: int
    answers: dict[str, tuple[int, dict[str, str], Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            made.asked.append(self.path)
            everything = f"{self.path} {self.headers} {body}"
            made.seen.extend(secret for secret in (KEY, SECRET, "good-token") if secret in everything)
            status, headers, answer = made.answers.get(self.path.split("?")[0], (200, {}, {"items": [{"id": 1}]}))
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Server(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Server]]:
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
    with ExitStack() as stack:
        yield stack.enter_context(serving()), stack.enter_context(serving())


def config(
    crm: Server, *, paginator: object = "single_page", auth: object = None, path: str = "deals"
) -> dict[str, Any]:
    key = {"type": "api_key", "name": "X-Api-Key", "api_key": KEY, "location": "header"}
    client = {"base_url": f"{crm.url}/v1/", "auth": auth or key, "headers": {"X-More": KEY}, "paginator": paginator}
    endpoint = {"path": path, "data_selector": "items"}
    return {"client": client, "resources": [{"name": "deals", "primary_key": "id", "endpoint": endpoint}]}


def by_next(crm: Server, thief: Server) -> dict[str, Any]:
    crm.answers["/v1/deals"] = (200, {}, {"items": [{"id": 1}], "next": f"{thief.url}/v1/deals"})
    return config(crm, paginator={"type": "json_link", "next_url_path": "next"})


def by_link_header(crm: Server, thief: Server) -> dict[str, Any]:
    link = f'<{thief.url}/v1/deals>; rel="next"'
    crm.answers["/v1/deals"] = (200, {"Link": link}, {"items": [{"id": 1}]})
    return config(crm, paginator="header_link")


def by_redirect(crm: Server, thief: Server) -> dict[str, Any]:
    crm.answers["/v1/deals"] = (307, {"Location": f"{thief.url}/v1/deals"}, {})
    return config(crm)


def by_user_info(crm: Server, thief: Server) -> dict[str, Any]:
    address = thief.url.replace("http://", f"http://127.0.0.1:{crm.port}@")
    crm.answers["/v1/deals"] = (302, {"Location": f"{address}/v1/deals"}, {})
    return config(crm)


def by_token_redirect(crm: Server, thief: Server) -> dict[str, Any]:
    crm.answers["/token"] = (307, {"Location": f"{thief.url}/token"}, {})
    auth = {
        "type": "oauth2_client_credentials",
        "access_token_url": f"{crm.url}/token",
        "client_id": "id",
        "client_secret": SECRET,
    }
    return config(crm, auth=auth)


WAYS = (by_next, by_link_header, by_redirect, by_user_info, by_token_redirect)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_reading_sends_no_login_to_another_origin(
    servers: tuple[Server, Server], place: Place, way: Callable[[Server, Server], dict[str, Any]]
) -> None:
    crm, thief = servers
    driver = RestDriver(way(crm, thief), place)
    with pytest.raises(FieldnoteError) as caught:
        driver.refresh([DEALS])
    driver.close()
    assert (thief.asked, thief.seen) == ([], [])
    assert isinstance(caught.value, CrmRefused)
    assert f"127.0.0.1:{thief.port}" in caught.value.message
    assert "crm.origins" in (caught.value.hint or "")


@pytest.mark.slow
@pytest.mark.parametrize("way", [by_next, by_redirect])
def test_a_further_origin_of_the_file_is_the_crms_own(
    servers: tuple[Server, Server], place: Place, way: Callable[[Server, Server], dict[str, Any]]
) -> None:
    crm, other = servers
    driver = RestDriver(way(crm, other), place, origins=[other.url])
    driver.refresh([DEALS])
    driver.close()
    assert other.asked == ["/v1/deals"]


def test_writing_follows_no_page_to_another_origin(servers: tuple[Server, Server]) -> None:
    crm, thief = servers
    crm.answers["/v1/notes"] = (200, {}, {"items": [], "next": f"{thief.url}/v1/notes"})
    notes = {
        "find": {"method": "GET", "path": "notes"},
        "items": "items",
        "next": "next",
        "insert": {"method": "POST", "path": "notes"},
    }
    settings = RestWriting.model_validate({"rate_limit": "off", "notes": {"notes": notes}})
    writer = RestWriter(config(crm)["client"], settings)
    with pytest.raises(CrmRefused, match="another host"):
        writer._calls.ask("GET", f"{thief.url}/v1/notes", reads=True)
    assert thief.asked == []
    allowed = RestWriter(config(crm)["client"], settings, origins=[thief.url])
    assert allowed._calls.ask("GET", f"{thief.url}/v1/notes", reads=True).status_code == 200
    writer.close()
    allowed.close()


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://API.example/v1", ("https", "api.example", 443)),
        ("https://api.example.:443", ("https", "api.example", 443)),
        ("http://[::1]:8080/", ("http", "::1", 8080)),
        ("https://api.example@evil.example/", None),
        ("https://api.example\\@evil.example/", None),
        ("https://api.example:port/", None),
        ("ftp://api.example/", None),
        ("//api.example/", None),
        ("", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, origin: object) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize("wrong", ["api.example", "https://api.example/v1", "https://a@b", "https://*.example/?x"])
def test_a_wrong_origin_in_the_file_is_named(place: Place, wrong: str) -> None:
    with pytest.raises(ConfigError, match="not an origin"):
        RestDriver({"client": {"base_url": "https://api.example"}}, place, origins=[wrong])


def test_the_reading_process_gets_no_secret_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIRO_TOKEN", "SIRO_CLIENT_SECRET", "FIELDNOTE_SECRET_KEY", "CRM_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    passed = _passed_on()
    assert "s3cret" not in passed.values()
    assert passed["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert "PATH" in passed
