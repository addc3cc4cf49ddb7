"""Briefs: what a rep is to hear ahead of a visit. They are kept; no operation of the contract shows them."""

from __future__ import annotations

from typing import Final

from psycopg.types.json import Jsonb

from fieldnote.siro.models import BriefSync
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.rows import Id

_PUT: Final = """
insert into briefs (organization_id, external_id, fields) values (%(organization)s, %(key)s, %(fields)s)
    on conflict (organization_id, external_id) do update set fields = excluded.fields, updated_at = now()
returning id::text
"""


async def put_brief(call: Call) -> dict[str, object]:
    """Keep a brief; the same external id again is the same brief."""
    wanted = call.read(BriefSync)
    fields = {name: value for name, value in wanted.wire().items() if name != "externalId"}
    values = {"organization": call.organization_id, "key": wanted.external_id, "fields": Jsonb(fields)}
    [row] = await call.transaction.read(Id, _PUT, values)
    return {"siroId": row.id}
