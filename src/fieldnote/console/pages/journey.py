"""Journey: search, and one timeline from the CRM's row to the written field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy import text

from fieldnote.bridge import Bridge
from fieldnote.bridge.board.conversations import unread_by
from fieldnote.bridge.board.explained_gaps import REASONS
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.pull.linking import link_to, match_again, unlink
from fieldnote.bridge.recording import Model
from fieldnote.bridge.review.history import UNDOABLE, Selection, Undo, Write, history, revert
from fieldnote.bridge.review.retry_now import read_now, send_again, write_now
from fieldnote.bridge.status.explain import Explanation, Moment, explain_appointment, explain_deal, explain_recording
from fieldnote.bridge.status.search import LONGEST, Hit, search
from fieldnote.bridge.status.sends import Send, sends_of
from fieldnote.bridge.status.states import State
from fieldnote.bridge.status.visits import mapped_reps, states_of
from fieldnote.console.access import Viewer, act_on, after, may_act, one_of, recorded, viewer, visible_to
from fieldnote.console.connected import connected, not_found
from fieldnote.console.rendering import count, page
from fieldnote.errors import FieldnoteError

router = APIRouter()

Person = Annotated[Viewer, Depends(viewer)]
Text = Annotated[str, Form()]

_MODELS: Final = {"appointment": Model.ENGAGEMENT, "deal": Model.OPPORTUNITY, "customer": Model.ACCOUNT}
_STREAMS: Final = {"appointment": "engagements", "deal": "opportunities", "customer": "accounts"}


@dataclass(frozen=True, slots=True)
class Header:
    """The subject of a journey."""

    kind: str
    key: str
    title: str
    more: str | None
    at: Any
    rep_id: str | None
    rep: str | None
    phone: str | None = None
    """The rep's, as Siro has it."""
    email: str | None = None
    """The rep's."""
    day: date | None = None
    """The local day of an appointment."""
    deal: str | None = None
    """The deal of an appointment."""
    recordings: tuple[Any, ...] = ()
    """Those that are linked to it: id, start, state."""
    appointments: tuple[str, ...] = ()
    """Of a recording: the appointments that it is linked to."""
    is_private: bool | None = False


@router.get("/journey")
async def find(request: Request, viewer: Person, q: str = "") -> Response:
    """Search."""
    bridge, visible = connected(request), visible_to(viewer)
    q = q[:LONGEST]
    await refresh(bridge)
    hits: list[Hit] = []
    states: dict[str, State] = {}
    if q.strip():
        async with bridge.engine.connect() as conn:
            hits = await search(conn, bridge.name, q.strip(), visible=visible.reps, private_words=visible.private_words)
            keys = [hit.key for hit in hits if hit.kind == "appointment"]
            states = await states_of(conn, bridge, await mapped_reps(conn, bridge.name), keys) if keys else {}
    return await page(request, "journey.html", q=q, hits=hits, states=states)


@router.get("/journey/{kind}/{key:path}")
async def show(request: Request, viewer: Person, kind: str, key: str) -> Response:
    """The timeline of an appointment, a deal, a customer or a recording."""
    bridge = connected(request)
    header = await _visible_header(bridge, viewer, kind, key)
    story, sends = await _story(bridge, header), await _sends(bridge, header)
    written = await history(bridge, _writes_of(header), limit=100)
    return await page(
        request,
        "journey_one.html",
        head=header,
        story=story,
        moments=_moments(story, has_writes=bool(written)),
        advice=[_decision(one) for one in dict.fromkeys(story.advice)],
        sends=sends,
        writes=[(one, _undoable(one)) for one in reversed(written)],
        may=may_act(viewer, [header.rep_id]),
        unread=await unread_by(
            bridge, visible_to(viewer).sight, [one.recording_id for one in written], known=_privacy(header)
        ),
        has_user_token=bridge.remote.has_user_token,
        reasons=REASONS,
        here=_address(kind, key),
    )


def _writes_of(header: Header, write_id: int | None = None) -> Selection:
    """The writes that a page shows; `write_id`: one of them. An appointment's recordings write to its deal as well."""
    if header.kind == "recording":
        return Selection(write_id=write_id, recording_id=header.key)
    recordings = tuple(one["id"] for one in header.recordings) if header.kind == "appointment" else ()
    return Selection(write_id=write_id, model=_MODELS[header.kind].value, record=header.key, recordings=recordings)


def _privacy(header: Header) -> dict[str, bool | None]:
    """Which recordings are private, as far as the page's own query says."""
    found: dict[str, bool | None] = {one["id"]: one["is_private"] for one in header.recordings}
    return found | ({header.key: header.is_private} if header.kind == "recording" else {})


def _undoable(write: Write) -> bool:
    return write.action in UNDOABLE and write.reverted_at is None


_UUID: Final = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{22}\b")
_DECIDE: Final = re.compile(r"Decide on proposal ([0-9]+)")


def _moments(story: Explanation, *, has_writes: bool) -> list[Moment]:
    """The events with short ids. A field that was written is shown by its write alone."""
    kept = [one for one in story.moments if not (has_writes and one.words.endswith(" was written."))]
    return [Moment(one.at, _UUID.sub(r"\1…", _plainly(one.words))) for one in kept]


def _plainly(words: str) -> str:
    """An event for a person who reads a page: ids and parts that Siro gave are for the command line."""
    return _ASIDE.sub("", _WROTE.sub(r"\1 wrote \2 to the CRM.", words)).strip()


_ASIDE: Final = re.compile(r" When last read: [^.]*\.| Siro's id is [^ ]+\.(?= |$)")
_WROTE: Final = re.compile(r"^(\S+) wrote (.+) of \w+ \S+ \(written\)\.$")


def _decision(advice: str) -> tuple[str, int | None]:
    """A step, and the proposal that it is about: this page links to it in the place of a command."""
    found = _DECIDE.match(advice)
    return (advice, None) if found is None else ("A value waits for a decision.", int(found[1]))


async def _story(bridge: Bridge, header: Header) -> Explanation:
    """The events as `fieldnote explain` tells them, with Siro's users as they were last listed."""
    match header.kind:
        case "appointment":
            return await explain_appointment(bridge, header.key, None, as_listed=True, refreshed=True)
        case "recording":
            return await explain_recording(bridge, header.key, refreshed=True)
        case "deal":
            return await explain_deal(bridge, header.key, refreshed=True)
        case _:
            return Explanation(f"customer {header.key}", "")


async def _sends(bridge: Bridge, header: Header) -> list[Send]:
    if header.kind == "recording":
        return []
    async with bridge.engine.connect() as conn:
        return await sends_of(conn, bridge.name, _STREAMS[header.kind], header.key)


async def _visible_header(bridge: Bridge, viewer: Viewer, kind: str, key: str) -> Header:
    """The subject of the page, if this person sees it."""
    await refresh(bridge)
    header = await load_header(bridge, kind, key) if "\0" not in key else None
    if header is None or not visible_to(viewer).has(header.rep_id):
        raise not_found(kind if kind in {*_MODELS, "recording"} else "record", key)
    return header


async def load_header(bridge: Bridge, kind: str, key: str) -> Header | None:
    """The record of this kind and key; None if there is none."""
    values = {"connection": bridge.name, "key": key}
    async with bridge.engine.connect() as conn:
        if kind == "recording":
            row = (await conn.execute(_RECORDING, values)).one_or_none()
        elif kind in _STREAMS:
            values |= {"stream": _STREAMS[kind], "model": _MODELS[kind].value}
            row = (await conn.execute(_RECORDS[kind], values)).one_or_none()
        else:
            return None
    if row is None:
        return None
    return Header(
        kind, key, row.title, row.more, row.at, row.rep_id, row.rep, row.phone, row.email, row.local_day,
        row.deal, tuple(row.recordings or ()), tuple(row.appointments or ()), row.is_private,
    )  # fmt: skip


# --- acts


@router.post("/journey/{kind}/{key:path}")
async def do(
    request: Request, viewer: Person, kind: str, key: str, act: Text, write: Text = "", appointment: Text = ""
) -> Response:
    """A person's acts on it: send, match, link, unlink, read, write, revert."""
    bridge = connected(request)
    header = await _visible_header(bridge, viewer, kind, key)
    act_on(viewer, [header.rep_id])
    if appointment and (act in {"link", "unlink"}):
        target = await _visible_header(bridge, viewer, "appointment", appointment.strip())
        act_on(viewer, [target.rep_id])
    more = (f"write {write[:20]}" if write else "", f"appointment {appointment[:80]}" if appointment else "")
    subject = ", ".join(filter(None, (f"{kind} {key}", *more)))
    async with recorded(request, one_of(act, _ACTS), subject) as done:
        done.message = await _do(bridge, viewer, header, act, write, appointment.strip())
    return after(done, _address(kind, key))


_ACTS: Final = frozenset({"send", "match", "link", "unlink", "read", "write", "revert"})


async def _do(bridge: Bridge, viewer: Viewer, header: Header, act: str, write: str, appointment: str) -> str:
    kind, key = header.kind, header.key
    match act:
        case "send" if kind in _STREAMS:
            return await send_again(bridge, _STREAMS[kind], key)
        case "write" if kind in _MODELS:
            return await write_now(bridge, _MODELS[kind], key)
        case "read" if kind == "recording":
            result = await read_now(bridge, key)
            return f"Read from Siro. {count(result.writes, 'field or note', 'fields or notes')} written."
        case "match" if kind == "recording":
            found = await match_again(bridge, key)
            if found.engagement is None:
                return "No appointment fits."
            linked = "Linked to" if found.state.value == "linked" else "The best fit is"
            return f"{linked} appointment {found.engagement}, {found.score:.0%} certain."
        case "link" if kind == "recording" and not appointment:
            raise FieldnoteError("no appointment was given", hint="Enter the CRM's number of the appointment.")
        case "link" if kind == "recording":
            await link_to(bridge, key, appointment, actor=viewer.email)
            await read_now(bridge, key)
            return f"Linked to appointment {appointment}."
        case "unlink" if kind == "recording" and appointment:
            await unlink(bridge, key, appointment, actor=viewer.email)
            await read_now(bridge, key)
            return f"The link to appointment {appointment} is removed. Its values wait under Review."
        case "revert" if write.isascii() and write.isdigit() and len(write) < 18:
            return await _revert(bridge, header, int(write), viewer.email)
        case _:
            raise FieldnoteError(f"this act is not for this {kind}: {act}", hint="Reload the page.")


async def _revert(bridge: Bridge, header: Header, write_id: int, actor: str) -> str:
    """Only a write that the page shows."""
    done = await revert(bridge, _writes_of(header, write_id), actor=actor)
    if not done:
        raise FieldnoteError("this write cannot be reverted any more", hint="Reload the page.")
    if done[0].outcome is not Undo.REVERTED:
        raise FieldnoteError(_NOT_REVERTED.get(done[0].outcome, done[0].reason or "the CRM did not take it"))
    return "The earlier value is back in the CRM."


_NOT_REVERTED: Final = {
    Undo.CHANGED: "someone has changed the value since, so it was left alone",
    Undo.LATER: "a later value was written; revert that one first",
    Undo.FORGOTTEN: "the earlier value is no longer stored",
}


def _address(kind: str, key: str) -> str:
    return f"/journey/{quote(kind, safe='')}/{quote(key, safe='')}"


_RECORD: Final = """
    select coalesce(b.customer, b.subject, b.key) as title,
           case when b.customer is null then null else b.subject end as more, b.starts_at as at,
           coalesce(b.rep_id, visitor.rep_id) as rep_id,
           coalesce(b.rep_name, b.rep_email, b.rep_id, visitor.rep) as rep, coalesce(own.email, b.rep_email) as email,
           u.phone, b.local_day, case when b.stream = 'engagements' then b.deal_id end as deal,
           null as appointments, false as is_private,
           (select jsonb_agg(jsonb_build_object('id', r.recording_id, 'state', r.state, 'title', null,
                                                'is_private', known.is_private) order by r.started_at)
            from recording_links l
            join board_recordings r on r.connection = l.connection and r.recording_id = l.recording_id
            join recordings known on known.connection = l.connection and known.recording_id = l.recording_id
            where l.connection = b.connection and l.model = :model and l.record = b.key) as recordings
    from board_records b
    left join lateral (
        select min(a.rep_id) as rep_id, min(coalesce(a.rep_name, a.rep_email, a.rep_id)) as rep
        from board_records a
        where b.rep_id is null and a.connection = b.connection and a.stream = 'engagements' and a.{own} = b.key
        having count(distinct a.rep_id) = 1
    ) as visitor on true
    left join board_reps own on own.connection = b.connection and own.rep_id = coalesce(b.rep_id, visitor.rep_id)
    left join siro_users u on u.connection = own.connection and u.user_id = own.user_id
    where b.connection = :connection and b.stream = :stream and b.key = :key
"""
"""A deal or customer without a rep of its own is that of the one rep who visits it."""
_RECORDS: Final = {
    kind: text(_RECORD.format(own=own))
    for kind, own in {"appointment": "key", "deal": "deal_id", "customer": "account_id"}.items()
}

_RECORDING: Final = text("""
    select coalesce(max(b.customer), 'A recording') as title, max(b.subject) as more, r.started_at as at,
           max(own.rep_id) as rep_id, max(coalesce(own.name, own.email, own.rep_id)) as rep, r.is_private,
           max(own.email) as email, null as phone, null as local_day, null as deal,
           array_agg(distinct l.record) filter (where l.model = 'engagement') as appointments, null as recordings
    from recordings r
    left join board_reps own on own.connection = r.connection and own.user_id = r.user_id
    left join recording_links l on l.connection = r.connection and l.recording_id = r.recording_id
    left join board_records b on b.connection = l.connection and b.key = l.record
        and b.stream = case l.model when 'engagement' then 'engagements' when 'opportunity' then 'opportunities' end
    where r.connection = :connection and r.recording_id = :key
    group by r.started_at, r.is_private
""")
