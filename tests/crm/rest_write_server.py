"""CRMs that are written by a web API, as servers of the test's own.

`flat`: records as they are, each with an ETag that If-Match is held to; a static token. `nested`: fields below
`data.properties`, no ETag, notes found by a search over pages, the key in the body; OAuth.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "t0ken-of-the-crm"
SECRET = "s3cret-of-the-crm"


@dataclass
class Fault:
    """The answer that the server gives instead of its own, once."""

    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    silent: bool = False
    """It does what was asked, and the answer is lost."""


@dataclass
class WriteCrm:
    """The server as its test sees it."""

    port: int
    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every call but those for tokens."""
    bodies: list[Any] = field(default_factory=list)
    faults: dict[tuple[str, int], Fault] = field(default_factory=dict)
    """By method and the number of the call of this method, counted from 1."""
    before_write: Callable[[], None] | None = None
    """A person's act between our reading and our writing, once."""
    ignored: set[str] = field(default_factory=set)
    """Fields of a new note that the CRM does not keep."""
    mangle: Callable[[str], str] | None = None
    """A rule of the CRM that changes the text of a note."""
    tokens: int = 0
    versions: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, method: str) -> int:
        return sum(used == method for used, _ in self.calls)

    def flat(self, **columns: Any) -> dict[str, Any]:
        """The `crm` section for the flat API."""
        auth = {"type": "bearer", "token": TOKEN}
        return {
            "driver": "rest",
            "rest": {"client": {"base_url": f"{self.url}/v1/", "auth": auth}, "resources": ["deals"]},
            "writing": {
                "rate_limit": "off",
                "records": {
                    "deals": {
                        "read": {"method": "GET", "path": "deals/{key}"},
                        "write": {"method": "PATCH", "path": "deals/{key}", "body": {"{column}": "{value}"}},
                        "columns": columns,
                    }
                },
                "notes": {
                    "notes": {
                        "find": {"method": "GET", "path": "notes", "params": {"deal": "{record}"}},
                        "items": "@",
                        "insert": {
                            "method": "POST",
                            "path": "notes",
                            "body": {"deal_id": "{record}", "text": "{body}", "external_key": "{note_key}"},
                        },
                        "update": {"method": "PATCH", "path": "notes/{id}", "body": {"text": "{body}"}},
                        "etag": "etag",
                    }
                },
            },
        }

    def nested(self, **columns: Any) -> dict[str, Any]:
        """The `crm` section for the nested API."""
        auth = {
            "type": "oauth2_client_credentials",
            "access_token_url": f"{self.url}/oauth/token",
            "client_id": "fieldnote",
            "client_secret": SECRET,
        }
        fields = ("budget_max", "objections", "stage")
        known = {name: {"at": f"properties.{name}"} | columns.get(name, {}) for name in fields}
        write = {"data": {"properties": {"{column}": "{value}"}}}
        return {
            "driver": "rest",
            "rest": {"client": {"base_url": f"{self.url}/v2", "auth": auth}, "resources": ["deals"]},
            "writing": {
                "rate_limit": "off",
                "records": {
                    "deals": {
                        "read": {"method": "GET", "path": "deals/{key}"},
                        "at": "data",
                        "write": {"method": "PATCH", "path": "deals/{key}", "body": write},
                        "columns": known,
                    }
                },
                "notes": {
                    "notes": {
                        "find": {"method": "POST", "path": "notes/search", "body": {"deal": "{record}"}},
                        "items": "results",
                        "next": "paging.next",
                        "insert": {
                            "method": "POST",
                            "path": "notes",
                            "body": {"deal_id": "{record}", "text": "{body}"},
                        },
                        "update": {"method": "PATCH", "path": "notes/{id}", "body": {"text": "{body}"}},
                    }
                },
            },
        }


@contextmanager
def serving() -> Iterator[WriteCrm]:
    """A server on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    crm = WriteCrm(server.server_address[1])
    server.crm = crm  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield crm
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def etag(record: dict[str, Any]) -> str:
    """A record's ETag: its content's."""
    return f'"{hash(json.dumps(record, sort_keys=True))}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def crm(self) -> WriteCrm:
        crm: WriteCrm = self.server.crm  # type: ignore[attr-defined]
        return crm

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path == "/oauth/token":
            return self._token(raw.decode())
        self.crm.calls.append((method, self.path))
        self.crm.bodies.append(json.loads(raw) if raw else None)
        fault = self.crm.faults.get((method, self.crm.count(method)))
        if fault and not fault.silent:
            return self._say(fault.status, fault.body, fault.headers)
        _, version, *way = urlsplit(self.path).path.split("/")
        wanted = f"Bearer {TOKEN}" if version == "v1" else f"Bearer oauth-{self.crm.tokens}"
        if self.headers["Authorization"] != wanted:
            return self._say(401, {"message": "who are you"})
        status, body, headers = self._do(method, version, [unquote(part) for part in way], self.crm.bodies[-1])
        if fault:
            self.close_connection = True
            return None
        return self._say(status, body, headers)

    def _token(self, form: str) -> None:
        if parse_qs(form).get("client_secret") != [SECRET]:
            return self._say(401, {"error": "invalid_client"})
        self.crm.tokens += 1
        return self._say(200, {"access_token": f"oauth-{self.crm.tokens}", "expires_in": 3600})

    def _do(self, method: str, version: str, way: list[str], body: Any) -> tuple[int, object, dict[str, str]]:
        match method, way:
            case _, ["deals", key] if key not in self.crm.deals:
                return 404, {"message": "no such deal"}, {}
            case "GET", ["deals", key]:
                return self._deal(version, key)
            case "PATCH", ["deals", key]:
                return self._change(version, key, body)
            case "GET", ["notes"]:
                wanted = parse_qs(urlsplit(self.path).query)["deal"][0]
                found = [note for note in self.crm.notes if note["deal_id"] == wanted]
                return 200, [note | {"etag": etag(note)} for note in found], {}
            case "POST", ["notes", "search"]:
                return self._search(body)
            case "POST", ["notes"]:
                made = {"id": len(self.crm.notes) + 1} | self._mangled(body)
                self.crm.notes.append({name: value for name, value in made.items() if name not in self.crm.ignored})
                return 201, self.crm.notes[-1], {}
            case "PATCH", ["notes", key]:
                return self._change_note(self.crm.notes[int(key) - 1], body)
            case _:
                return 404, {"message": "no such place"}, {}

    def _deal(self, version: str, key: str) -> tuple[int, object, dict[str, str]]:
        deal = self.crm.deals[key]
        if version == "v1":
            return 200, deal, {"ETag": etag(deal)}
        properties = {name: value for name, value in deal.items() if name != "id"}
        return 200, {"data": {"id": key, "properties": properties}}, {}

    def _change(self, version: str, key: str, body: Any) -> tuple[int, object, dict[str, str]]:
        if self.crm.before_write:
            self.crm.before_write()
            self.crm.before_write = None
        deal = self.crm.deals[key]
        if version == "v1" and self.headers["If-Match"] != etag(deal):
            return 412, {"message": "it changed"}, {}
        changes = body if version == "v1" else body["data"]["properties"]
        for name, value in changes.items():
            if name == "budget_max" and not isinstance(value, int | float | None):
                return 422, {"errors": [{"message": f"budget_max cannot be {value}"}]}, {}
        deal.update({name: value.strip() if isinstance(value, str) else value for name, value in changes.items()})
        return 204 if version == "v1" else 200, None, {}

    def _change_note(self, note: dict[str, Any], body: Any) -> tuple[int, object, dict[str, str]]:
        if self.crm.before_write:
            self.crm.before_write()
            self.crm.before_write = None
        if self.headers["If-Match"] not in {None, etag(note)}:
            return 412, {"message": "it changed"}, {}
        note.update(self._mangled(body))
        return 200, note, {}

    def _mangled(self, body: Any) -> Any:
        return body | {"text": self.crm.mangle(body["text"])} if self.crm.mangle else body

    def _search(self, body: Any) -> tuple[int, object, dict[str, str]]:
        start = int(parse_qs(urlsplit(self.path).query).get("after", ["0"])[0])
        found = [note for note in self.crm.notes if note["deal_id"] == body["deal"]]
        paging = {"next": f"{self.crm.url}/v2/notes/search?after={start + 1}"} if start + 1 < len(found) else None
        return 200, {"results": found[start : start + 1], "paging": paging}, {}

    def _say(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
