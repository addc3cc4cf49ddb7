"""A server that speaks the OpenAI chat API, with a scripted answer for each request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """An answer of the server."""

    content: str = ""
    status: int = 200
    raw: bytes | None = None
    """The whole body, instead of a chat completion."""
    refusal: str | None = None
    finish_reason: str = "stop"
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        message = {"role": "assistant", "content": self.content, "refusal": self.refusal}
        usage = {"prompt_tokens": 100, "completion_tokens": 20}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        return json.dumps({"choices": [choice], "usage": usage}).encode()


class ChatServer:
    """The requests that came, and the script that answers them by number and body."""

    def __init__(self, script: Callable[[int, dict[str, object]], Reply]) -> None:
        self.requests: list[dict[str, object]] = []
        self.keys: list[str | None] = []
        self.script = script
        self.url = ""


@contextmanager
def chat_server(script: Callable[[int, dict[str, object]], Reply]) -> Iterator[ChatServer]:
    chat = ChatServer(script)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            chat.requests.append(body)
            chat.keys.append(self.headers.get("authorization"))
            reply = chat.script(len(chat.requests), body)
            time.sleep(reply.delay)
            content = reply.body()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except ConnectionError:
                pass

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    chat.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
