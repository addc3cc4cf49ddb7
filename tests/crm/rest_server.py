"""A CRM with a web API, as a server of the test's own: pages by number with a token, or by cursor with OAuth."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.waiting import HANGS

TOKEN = "t0ken-of-the-crm"
SECRET = "s3cret-of-the-crm"


@dataclass
class Answer:
    """The answer that the server gives instead of its own, once."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    cut: bool = False
    """Whether the connection ends before the body does."""
    after: threading.Event | None = None
    """The event that it waits for before it answers."""


@dataclass
class RestCrm:
    """The server as its test sees it."""

    port: int
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page: int = 3
    faults: dict[int, Answer] = field(default_factory=dict)
    """By the number of the call, counted from 1 over all calls for records."""
    closed_until: float = 0.0
    """Until when it refuses all calls, as a `Retry-After` of its own said, by the monotonic clock."""
    asked: list[str] = field(default_factory=list)
    """Every call for records: path and query."""
    arrived: threading.Event = field(default_factory=threading.Event)
    """Whether a call came that has to wait."""
    tokens: int = 0
    """How many tokens OAuth gave."""
    circle: bool = False
    """Whether a cursor leads back to the first page."""
    deaf: bool = False
    """Whether it gives its first page, whatever number is asked for."""
    shifts: bool = False
    """Whether each page begins with the last record of the one before, as where one was added meanwhile."""
    lives: int = 3600
    """For how many seconds a token of OAuth is good; the one before is not, once a new one was given."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def numbered(self, *resources: dict[str, Any]) -> dict[str, Any]:
        """Its configuration: pages by number, with a token."""
        paginator = {"type": "page_number", "base_page": 1, "total_path": None}
        client = {"base_url": f"{self.url}/v1/", "auth": {"type": "bearer", "token": TOKEN}, "paginator": paginator}
        return {"client": client, "resource_defaults": _DEFAULTS, "resources": list(resources)}

    def cursored(self, *resources: dict[str, Any]) -> dict[str, Any]:
        """Its configuration: pages by cursor, with OAuth."""
        auth = {
            "type": "oauth2_client_credentials",
            "access_token_url": f"{self.url}/oauth/token",
            "client_id": "fieldnote",
            "client_secret": SECRET,
        }
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "after"}
        client = {"base_url": f"{self.url}/v2/", "auth": auth, "paginator": paginator}
        return {"client": client, "resource_defaults": _DEFAULTS, "resources": list(resources)}


_DEFAULTS = {"primary_key": "id", "endpoint": {"data_selector": "items"}}


@contextmanager
def serving() -> Iterator[RestCrm]:
    """A server on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    crm = RestCrm(server.server_address[1])
    server.crm = crm  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield crm
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def crm(self) -> RestCrm:
        crm: RestCrm = self.server.crm  # type: ignore[attr-defined]
        return crm

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.path != "/oauth/token" or form.get("client_secret") != [SECRET]:
            return self._say(Answer(401))
        self.crm.tokens += 1
        return self._say_json({"access_token": f"oauth-{self.crm.tokens}", "expires_in": self.crm.lives})

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.crm.asked.append(self.path)
        fault = self.crm.faults.get(len(self.crm.asked))
        if time.monotonic() < self.crm.closed_until:
            return self._say(Answer(429))
        if fault and "Retry-After" in fault.headers:
            self.crm.closed_until = time.monotonic() + float(fault.headers["Retry-After"])
        if fault and fault.after:
            self.crm.arrived.set()
            fault.after.wait(HANGS)
        elif fault:
            return self._say(fault)
        _, version, name, *_ = address.path.split("/")
        wanted = f"Bearer {TOKEN}" if version == "v1" else f"Bearer oauth-{self.crm.tokens}"
        if self.headers["Authorization"] != wanted:
            return self._say(Answer(401))
        if name not in self.crm.records:
            return self._say(Answer(404))
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        found = [row for row in self.crm.records[name] if str(row.get("updated_at")) >= query.get("since", "")]
        return self._say_json(self._numbered(found, query) if version == "v1" else self._cursored(found, query))

    def _numbered(self, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        start = 0 if self.crm.deaf else (int(query.get("page", "1")) - 1) * self.crm.page
        return {"items": found[start : start + self.crm.page]}

    def _cursored(self, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        start = int(query.get("after", "0"))
        end = start + self.crm.page
        following = str(end - self.crm.shifts) if end < len(found) else None
        return {"items": found[start:end], "next": "0" if self.crm.circle else following}

    def _say_json(self, value: object) -> None:
        self._say(Answer(headers={"Content-Type": "application/json"}, body=json.dumps(value).encode()))

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (1 if answer.cut else 0)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = answer.cut
