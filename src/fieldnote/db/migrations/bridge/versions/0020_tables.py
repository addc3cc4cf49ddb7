"""All tables, indexes, policies and functions, as the migrations up to 0020 made them.

`scripts.squash_migrations` wrote it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op

revision = "0020"
down_revision = None


def upgrade() -> None:
    """Run the statements as they are: they have no parameters, and a `%` or `:` in them is only itself."""
    statements = Path(__file__).with_suffix(".sql").read_bytes()
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(statements)
