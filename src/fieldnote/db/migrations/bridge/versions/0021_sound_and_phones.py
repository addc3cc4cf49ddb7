"""Keep whether Siro has the sound of a recording, and the phones of its users; find visits by deal and customer."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, Text, text

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the columns and the indexes. The next pulls fill the columns."""
    op.add_column("recordings", Column("has_sound", Boolean))
    op.add_column("recordings", Column("sound_asked_at", DateTime(timezone=True)))
    op.add_column("siro_users", Column("phone", Text))
    for name in ("deal", "account"):
        columns, known = ["connection", f"{name}_id"], text(f"{name}_id is not null")
        op.create_index(f"ix_board_records_{name}", "board_records", columns, postgresql_where=known)
