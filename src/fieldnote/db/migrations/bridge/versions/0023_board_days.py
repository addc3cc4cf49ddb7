"""Keep the state of an appointment's recordings beside it, and the number of appointments by day, rep and state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add the columns, fill them from the board, and count."""
    statements = Path(__file__).with_suffix(".sql").read_bytes()
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(statements)
