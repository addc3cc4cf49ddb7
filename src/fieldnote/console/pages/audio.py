"""The sound of a recording, for the player."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from fieldnote.bridge import Bridge
from fieldnote.bridge.board.conversations import load_access
from fieldnote.bridge.pull.user_token import keep_sound
from fieldnote.byte_ranges import read_range
from fieldnote.console.access.guard import Forbidden, session_token, viewer_in
from fieldnote.console.access.sessions import fingerprint
from fieldnote.console.access.visibility import visible_to
from fieldnote.console.audio.answer import Opened, SoundAnswer
from fieldnote.console.audio.sounds import NoSound, Sounds, origins
from fieldnote.console.audio.source import Sound
from fieldnote.console.connected import connected, not_found
from fieldnote.console.context import console_of

router = APIRouter()


@router.api_route("/recordings/{recording_id}/audio", methods=["GET", "HEAD"], response_model=None)
async def audio(request: Request, recording_id: str) -> Response:
    """The bytes that the player asks for. They are fetched from Siro, whose signed address stays here."""
    bridge, sight = connected(request), visible_to(viewer_in(request)).sight
    found = await load_access(bridge, sight, recording_id)
    if found is None or not found.kept:
        raise not_found("recording", recording_id)
    if not sight.reads(is_private=found.is_private):
        raise Forbidden("Only administrators can hear this recording: it is private, or Siro has not said so yet.")
    sounds = _sounds(request, bridge)
    if sounds is None:
        return PlainTextResponse("The sound needs a user token: fieldnote oauth setup gets one.\n", status_code=404)
    session = fingerprint(session_token(request)).hex()
    if not sounds.begin(session):
        return PlainTextResponse(
            "Too many players at once. Close one.\n", status_code=429, headers={"retry-after": "5"}
        )
    # Nothing here has a validator, so a range with a condition is never still true.
    wanted = None if "if-range" in request.headers else read_range(request.headers.get("range"))
    return SoundAnswer(
        _noted(bridge, recording_id, found.has_sound, sounds.open(recording_id, wanted)),
        head=request.method == "HEAD",
        ended=partial(sounds.end, session),
        stopping=console_of(request).stopping,
    )


@asynccontextmanager
async def _noted(bridge: Bridge, recording_id: str, known: bool | None, opened: Opened) -> AsyncIterator[Sound]:
    """The sound; whether there is any is kept, for the pages."""
    try:
        async with opened as sound:
            if known is not True:
                await keep_sound(bridge.engine, bridge.name, recording_id, has_sound=True)
            yield sound
    except NoSound:
        await keep_sound(bridge.engine, bridge.name, recording_id, has_sound=False)
        raise


def why_silent(bridge: Bridge, *, has_sound: bool | None) -> str | None:
    """Why a page shows no player; None: it shows one. Pull asks Siro, a page does not."""
    if not bridge.remote.has_user_token:
        return "Sound needs a user token of Siro"
    return "Siro has no sound of this recording" if has_sound is False else None


def _sounds(request: Request, bridge: Bridge) -> Sounds | None:
    """The application's; None without a user token."""
    if not bridge.remote.has_user_token:
        return None
    found: Sounds | None = getattr(request.app.state, "sounds", None)
    if found is None:
        client = bridge.remote.client
        trusted = origins(client.settings.api_url, client.settings.base_url)
        found = request.app.state.sounds = Sounds(client.recordings, trusted)
    return found
