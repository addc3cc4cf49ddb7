"""A person's acts on one record on its way: send it again, write now."""

from __future__ import annotations

from fieldnote.bridge.pull.apply import apply_record
from fieldnote.bridge.pull.results import PullResult
from fieldnote.bridge.pull.run import look_at
from fieldnote.bridge.push import PushRequest, push_once
from fieldnote.bridge.recording import Model
from fieldnote.bridge.run_log import begin, finish
from fieldnote.bridge.session import Bridge
from fieldnote.errors import FieldnoteError
from fieldnote.printable import number_of

_PATIENCE = 20.0


async def send_again(bridge: Bridge, stream: str, key: str) -> str:
    """Read one record's row and send it, whether or not it changed. Returns the outcome in words. Calls Siro.

    Raises as `push_once` does.
    """
    request = PushRequest(streams=(stream,), keys=(key,))
    result = await push_once(bridge, request=request, max_wait=_PATIENCE)
    done = result.streams[0]
    if done.sent:
        return "Sent to Siro."
    problem = next((item for item in done.problems if item.key == key), None)
    if problem is not None:
        raise FieldnoteError(f"it was not sent: {problem.reason}", hint=problem.hint)
    return "Nothing was sent: the CRM has no such row, or Siro already has the same values."


async def write_now(bridge: Bridge, model: Model, record: str) -> str:
    """Compare one CRM record with its recordings, and write what the file allows. Returns the outcome in words."""
    run_id = await begin(bridge.engine, bridge.name, "review")
    done = await apply_record(bridge, run_id, model, record)
    await finish(bridge.engine, run_id, {"writes": len(done.changes)})
    if done.causes:
        raise FieldnoteError(f"not everything was written: {done.causes[0]}", hint="Fix the cause in the CRM.")
    if not done.changes:
        return "Nothing to write: the CRM has the values, or a value waits for a decision."
    return f"{number_of(len(done.changes), 'field or note', 'fields or notes')} written."


async def read_now(bridge: Bridge, recording_id: str) -> PullResult:
    """Read one recording from Siro, and bring its CRM records up to date."""
    return await look_at(bridge, recording_id)
