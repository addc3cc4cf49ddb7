"""Push: the CRM into Siro. `run` is the way in; `stream` tells the trip of a row."""

from fieldnote.bridge.push.plan import Plan, PlannedChange, plan_once
from fieldnote.bridge.push.results import PushResult, StreamResult
from fieldnote.bridge.push.run import push_once
from fieldnote.bridge.push.source import Wish

__all__ = ["Plan", "PlannedChange", "PushResult", "StreamResult", "Wish", "plan_once", "push_once"]
