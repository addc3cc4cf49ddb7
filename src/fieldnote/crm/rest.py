"""placeholder"""

from __future__ import annotations

from typing import Any

from fieldnote.crm.landed import LandedDriver


class RestDriver(LandedDriver):
    def __init__(self, config: dict[str, Any], place: Any) -> None: ...
