"""CRM row -> Siro record (`records`); extraction -> CRM value (`values`). Pure functions."""

from __future__ import annotations

from fieldnote.mapping.records import Mapped, RowMapper, compile_stream
from fieldnote.mapping.values import Converted, Unconvertible, convert

__all__ = ["Converted", "Mapped", "RowMapper", "Unconvertible", "compile_stream", "convert"]
