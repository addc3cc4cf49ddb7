"""Receive Siro's webhooks: check the signature, answer at once, and work on each event once.

SIRO_WEBHOOK_SECRET=whsec_… uvicorn app:app --port 9000
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from fastapi import BackgroundTasks, FastAPI, Request, Response

from fieldnote.siro import RecordingEvent, WebhookRejected, webhooks

LARGEST = 1_000_000
"""Bytes of a body. A larger one is no event."""


def create_app(secrets: list[str], database: str, work: Callable[[RecordingEvent], object]) -> FastAPI:
    """`secrets`: the signing secret; two while it is rotated. `work` runs after the answer."""
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("create table if not exists seen (message text primary key)")
    app = FastAPI(openapi_url=None)

    def work_once(event: RecordingEvent) -> None:
        """Siro repeats a message until it is answered, and each repeat has the same id."""
        with closing(sqlite3.connect(database)) as db, db:
            is_new = db.execute("insert or ignore into seen values (?)", (event.message_id,)).rowcount
        if is_new and event.ready:  # processed and linked; the order of events is not certain
            work(event)

    @app.post("/hooks/siro")
    async def receive(request: Request, tasks: BackgroundTasks) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return Response(status_code=413)
        try:
            event = webhooks.verify(body, dict(request.headers), secrets)
        except WebhookRejected:
            return Response(status_code=401)
        tasks.add_task(work_once, event)
        return Response(status_code=204)

    return app


def show(event: Any) -> None:
    """Replace this by your own work, for example reading the recording with `Siro`."""
    print("ready:", event.recording_id)


if secret := os.environ.get("SIRO_WEBHOOK_SECRET"):
    app = create_app([secret], os.environ.get("SEEN_DATABASE", "seen.db"), show)
