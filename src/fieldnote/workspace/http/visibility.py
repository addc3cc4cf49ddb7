"""What a user sees of the organization's recordings, as a condition of SQL on a recording `r` and the id `caller`."""

from __future__ import annotations

from typing import Final

OPEN_TO_CALLER: Final = """
exists (select from users me
         where me.id = %(caller)s::uuid
           and (r.user_id = me.id or me.role = 'admin'
                or me.role = 'coach' and r.details -> 'isPrivate' is distinct from 'true'::jsonb))
"""
"""A rep's own, for coaches what is not private, for administrators all; deleted or not."""
VISIBLE: Final = f"r.deleted_at is null and {OPEN_TO_CALLER}"
"""The same, of those that are not deleted."""
