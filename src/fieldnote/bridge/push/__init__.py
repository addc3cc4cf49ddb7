"""Push: the CRM into Siro. `run` is the way in; `stream` tells the trip of a row."""

from fieldnote.bridge.push.results import PushResult, StreamResult
from fieldnote.bridge.push.run import push_once
from fieldnote.bridge.push.stream import Wish

__all__ = ["PushResult", "StreamResult", "Wish", "push_once"]
