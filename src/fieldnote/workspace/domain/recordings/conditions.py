"""Facts about a recording `r` as conditions of SQL: its outcome, and its kind of conversation."""

from __future__ import annotations

from typing import Final

WON, LOST, OPEN = "WON", "LOST", "OPEN"
DISPOSITIONS: Final = {"closed": WON, "not closed": LOST, "in progress": OPEN}
"""The outcomes of a recording, and the dispositions of a deal that mean the same."""
RESULT: Final = """
coalesce(r.details ->> 'result',
         (select case o.fields ->> 'disposition' when 'WON' then 'closed' when 'LOST' then 'not closed' end
            from recording_links l left join engagements e on e.id = l.engagement_id
            join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
           where l.recording_id = r.id and l.source <> 'NOT_FOUND'), 'in progress')
"""
"""The outcome that a person set, else that of the deal. `disposition` is the same rule in the deal's words."""
TYPE_ID: Final = """
(select t.id from conversation_types t
  order by coalesce(lower(r.details ->> 'conversationType') in (t.id::text, lower(t.display_name)), false) desc,
           t.created_at, t.id
  limit 1)
"""
"""The kind of conversation that a recording names by id or name, else the organization's first."""


def disposition(set_by_person: str | None, of_deal: str | None) -> str:
    """The outcome of a recording, as the organization's API shows it: the person's, else the deal's."""
    return DISPOSITIONS.get(set_by_person or "") or of_deal or OPEN


def of_types(parameter: str) -> str:
    """Whether a recording is of one of these kinds of conversation: a list of ids, names, and `default`."""
    given = f"%({parameter})s::text[]"
    lowered = f"array(select lower(one) from unnest({given}) one)"  # noqa: S608 - our own words
    return f"""
(r.details ->> 'conversationType' = any({given}) or exists (
    select from conversation_types k
     where k.id = {TYPE_ID}
       and (k.id::text = any({lowered}) or lower(k.display_name) = any({lowered})
            or ('default' = any({lowered})
                and k.id = (select d.id from conversation_types d order by d.created_at, d.id limit 1)))))
"""  # noqa: S608 - as above
