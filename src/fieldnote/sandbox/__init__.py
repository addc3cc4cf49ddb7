"""Stand-ins for CRMs: servers made from published API specifications, to develop and test against.

A stand-in is not the vendor's system. It answers in the shapes of the vendor's published contract. Its limits, caps and
habits come from the contract, the vendor's pages and other people's reports. Nothing was compared with a real account.

The kit, and where a CRM plugs in::

    StandIn (app.py)          one CRM: its store, clock, tokens, limits, faults, webhooks, and a FastAPI application
      ├── Clock (clock.py)    the time of the CRM; a test moves it
      ├── Store (store.py)    tables of versioned records. A version has a modified time and a commit time, and the two
      │                       may differ: late commits and slow search indexes are one mechanism. Deleted records stay
      ├── Tokens (tokens.py)  client credentials, private tokens and keys: issued, expired, revoked
      ├── Limits (limits.py)  calls in a window, calls in a day; each CRM says how it answers a call too many
      ├── Faults (faults.py)  the next calls that match fail: status, cut, HTML, lost answer, expired token, empty page
      ├── Webhooks            what changed goes out, doubled or late as asked, signed by a function of the CRM
      └── Contractor          made-up customers, deals and visits, which seed each stand-ins

A request passes in this order: log, fault before the work, token, limit, work, fault after the work, log of the status.
Each step of a CRM is a method of its `StandIn`: `token_of`, `unauthorized`, `too_many`, `routes`, `fill`. Paging is
the CRM's own and uses `paging.py`: numbers, offsets, opaque cursors, feeds that go on from a token.

Beside the CRM's own paths each stand-in has `/_sandbox/…` for the person or the test: read the store, arm a fault,
move the clock, list the calls. Those need no token and count for no limit.
"""

from __future__ import annotations

from fieldnote.sandbox.app import StandIn
from fieldnote.sandbox.contractor import Contractor
from fieldnote.sandbox.faults import Fault, FaultKind
from fieldnote.sandbox.names import SANDBOXES, open_sandbox
from fieldnote.sandbox.server import serving

__all__ = ["SANDBOXES", "Contractor", "Fault", "FaultKind", "StandIn", "open_sandbox", "serving"]
