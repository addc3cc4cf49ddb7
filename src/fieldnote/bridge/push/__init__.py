"""Push: the CRM into Siro. Start at `run`; `stream_push` follows the way of a row."""

from fieldnote.bridge.push.plan import Plan, PlannedChange, plan_once
from fieldnote.bridge.push.results import PushResult, StreamResult
from fieldnote.bridge.push.run import push_once
from fieldnote.bridge.push.source import PushRequest

__all__ = ["Plan", "PlannedChange", "PushRequest", "PushResult", "StreamResult", "plan_once", "push_once"]
