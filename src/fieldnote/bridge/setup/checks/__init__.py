"""`fieldnote check`: everything that could keep a push or pull from working, looked at before it does."""

from fieldnote.bridge.setup.checks.findings import Finding, Level
from fieldnote.bridge.setup.checks.run import check_all

__all__ = ["Finding", "Level", "check_all"]
