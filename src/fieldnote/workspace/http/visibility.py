"""The recordings of an organization that a user sees, as a condition of SQL on a recording `r`.

Row policies in the database decide who sees a recording (`fieldnote.workspace.tenancy`); queries leave out the deleted.
"""

from __future__ import annotations

from typing import Final

VISIBLE: Final = "r.deleted_at is null"
