"""Extractions one by one, each with its status, where a user token shows them."""

from __future__ import annotations

from dataclasses import replace

from fieldnote.bridge.recording import RecordingSnapshot
from fieldnote.bridge.remote import Remote
from fieldnote.siro.errors import Forbidden, NotFound


class ExtractionRows:
    """Adds them to recordings; once they are refused, they are not asked for again."""

    def __init__(self, remote: Remote, warnings: list[str]) -> None:
        """`warnings`: told once if they are refused."""
        self._remote = remote
        self._warnings = warnings
        self._refused = False

    async def add(self, held: RecordingSnapshot) -> RecordingSnapshot:
        """By user token each extraction has a status of its own; without one the recording's flag decides."""
        concerned = held.processed and held.links and not held.deleted and held.purged_at is None
        if not (self._remote.has_user_token and concerned) or self._refused:
            return held
        try:
            rows = await self._remote.extractions(held.id)
        except NotFound:
            return held
        except Forbidden as error:
            if not self._refused:
                self._refused = True
                self._warnings.append(f"extractions cannot be read by user token: {error.message}")
            return held
        return replace(held, extractions=rows) if rows else held
