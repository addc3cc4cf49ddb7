"""Comments on a recording: threads on stretches of it, and the comments in them.

A private thread is its author's and its recipients'. Only the author or an administrator changes or deletes a comment;
anybody who sees one may rate it and mark it as read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from psycopg.types.json import Jsonb

from fieldnote.siro.models import CommentCreate, CommentRate, CommentUpdate, Recipient, ThreadUpdate
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found
from fieldnote.workspace.http.views import moment, person_names
from fieldnote.workspace.resources.recordings.intake import user_of
from fieldnote.workspace.resources.recordings.user_recordings import find
from fieldnote.workspace.rows import Id

# The row policies leave out private threads that the caller has no part in.
_COMMENTS: Final = """
select c.id::text, c.thread_id::text, c.author_id::text, c.text, c.audio, c.unread_by, c.seen_by, c.created_at,
       c.updated_at, h.is_private, h.start_ms, h.end_ms, r.id::text as recording_id, r.title, u.name, u.first_name,
       u.last_name
  from comments c join comment_threads h on h.id = c.thread_id join recordings r on r.id = h.recording_id
  join users u on u.id = c.author_id
 where r.id = %(recording)s
"""
_THREADS: Final = """
select h.id::text, h.organization_id::text, h.recording_id::text, h.created_by::text, h.start_ms, h.end_ms,
       h.is_private, h.privacy_at, h.recipient_ids, h.created_at, r.created_at as recorded_at
  from comment_threads h join recordings r on r.id = h.recording_id
 where r.id = %(recording)s
"""
_NEW_THREAD: Final = """
insert into comment_threads (organization_id, recording_id, created_by, start_ms, end_ms, is_private, recipients,
                             recipient_ids)
values (%(organization)s, %(recording)s, %(caller)s, %(start)s, %(end)s, %(private)s, %(recipients)s, %(ids)s)
returning id::text
"""
_NEW_COMMENT: Final = """
insert into comments (organization_id, thread_id, author_id, text, audio, unread_by, seen_by)
values (%(organization)s, %(thread)s, %(caller)s, %(text)s, %(audio)s, %(unread)s, '[]') returning id::text
"""
_CHANGE: Final = """
update comments
   set text = coalesce(%(text)s, text), audio = coalesce(%(audio)s, audio), unread_by = %(unread)s, seen_by = %(seen)s,
       updated_at = clock_timestamp()
 where id = %(id)s
"""
_ADDRESS: Final = (
    "update comment_threads set recipients = %(recipients)s, recipient_ids = %(ids)s where id = %(thread)s"
)
_DELETE: Final = "delete from comments where id = %(id)s"
_FORGET_EMPTY: Final = """
delete from comment_threads h where h.id = %(thread)s and not exists (select from comments c where c.thread_id = h.id)
"""
_RATE: Final = """
insert into comment_ratings (organization_id, comment_id, user_id, rating)
values (%(organization)s, %(id)s, %(caller)s, %(rating)s)
    on conflict (comment_id, user_id) do update set rating = excluded.rating
"""
_PRIVACY: Final = "update comment_threads set is_private = %(private)s, privacy_at = now() where id = %(thread)s"
_TEAM: Final = """
select u.id::text from users u where u.member_team_id::text = %(team)s
 union select c.user_id::text from team_coaches c where c.team_id::text = %(team)s
"""
_USERS: Final = "select id::text from users where id::text = any(%(ids)s)"
_PEOPLE: Final = "select id::text, email, name, first_name, last_name from users where id::text = any(%(ids)s)"


class _Comment(NamedTuple):
    id: str
    thread_id: str
    author_id: str
    text: str | None
    audio: dict[str, object] | None
    unread_by: list[str]
    seen_by: list[str]
    created_at: datetime
    updated_at: datetime
    is_private: bool
    start_ms: float
    end_ms: float
    recording_id: str
    title: str
    name: str
    first_name: str | None
    last_name: str | None


class _Thread(NamedTuple):
    id: str
    organization_id: str
    recording_id: str
    created_by: str
    start_ms: float
    end_ms: float
    is_private: bool
    privacy_at: datetime
    recipient_ids: list[str]
    created_at: datetime
    recorded_at: datetime


class _Person(NamedTuple):
    id: str
    email: str
    name: str
    first_name: str | None
    last_name: str | None


# --- comments


async def list_comments(call: Call) -> dict[str, object]:
    """The comments on a recording, the earliest first; of some threads, of one person, or without the private ones."""
    recording = await find(call)
    values: dict[str, object] = {"recording": recording.id}
    statement = _COMMENTS
    if (threads := call.text("threadIds")) is not None:
        statement += " and h.id::text = any(%(threads)s)"
        values["threads"] = [one.strip() for one in threads.split(",")]
    if (author := call.text("commenterUid")) is not None:
        statement += " and c.author_id::text = %(author)s"
        values["author"] = author
    if call.flag("excludePrivate"):
        statement += " and not h.is_private"
    rows = await call.transaction.read(_Comment, statement + " order by c.created_at, c.id", values)
    return {"data": [_comment(row) for row in rows]}


async def get_comment(call: Call) -> dict[str, object]:
    """One comment."""
    return {"data": _comment(await _find(call))}


async def create_comment(call: Call) -> dict[str, object]:
    """Say something of a stretch of a recording, in a new thread or in one that is there."""
    wanted = call.read(CommentCreate)
    recording = await find(call)
    if wanted.text is None and wanted.audio is None:
        raise invalid([issue("custom", ["text"], "Either text or audio is needed")])
    meant = await _meant(call, wanted.recipients)
    thread_id = wanted.selected_thread_id
    if thread_id is None:
        thread_id = await _begin(call, recording.id, wanted, meant)
    else:
        meant = (await _find_thread(call, recording.id, thread_id)).recipient_ids
    values = _own(call) | {
        "thread": thread_id,
        "text": wanted.text,
        "audio": wanted.audio and Jsonb(wanted.audio.wire()),
        "unread": Jsonb([one for one in meant if one != user_of(call)]),
    }
    [made] = await call.transaction.read(Id, _NEW_COMMENT, values)
    return {"data": _comment(await _find(call, made.id))}


async def update_comment(call: Call) -> dict[str, object]:
    """Change a comment's words or whom it is for, or say for whom it is read."""
    wanted = call.read(CommentUpdate)
    row = await _find(call)
    if {"text", "audio", "recipients"} & wanted.model_fields_set:
        _may_change(call, row)
    if wanted.recipients is not None:
        await _may_address(call, row)
        meant = await _meant(call, wanted.recipients)
        address = {"thread": row.thread_id, "recipients": _json(wanted.recipients), "ids": Jsonb(meant)}
        await call.transaction.driver.execute(_ADDRESS, address)
    added = set(wanted.unread_uids.add or ()) if wanted.unread_uids else set()
    read = set(wanted.unread_uids.remove or ()) if wanted.unread_uids else set()
    await _require_users(call, added)
    unread = [*dict.fromkeys([*(one for one in row.unread_by if one not in read), *sorted(added - read)])]
    values = {
        "id": row.id,
        "text": wanted.text,
        "audio": wanted.audio and Jsonb(wanted.audio.wire()),
        "unread": Jsonb(unread),
        "seen": Jsonb([*dict.fromkeys([*row.seen_by, *sorted(read & set(row.unread_by))])]),
    }
    await call.transaction.driver.execute(_CHANGE, values)
    return {"data": _comment(await _find(call))}


async def delete_comment(call: Call) -> dict[str, object]:
    """Take a comment back; a thread goes with its last one. The comment as it was."""
    row = await _find(call)
    _may_change(call, row)
    await call.transaction.driver.execute(_DELETE, {"id": row.id})
    await call.transaction.driver.execute(_FORGET_EMPTY, {"thread": row.thread_id})
    return {"data": _comment(row)}


async def rate_comment(call: Call) -> dict[str, object]:
    """A user's reaction to a comment; the last one of each counts."""
    wanted = call.read(CommentRate)
    row = await _find(call)
    await call.transaction.driver.execute(_RATE, _own(call) | {"id": row.id, "rating": wanted.rating})
    return {"data": {"commentId": row.id, "rating": wanted.rating}}


# --- threads


async def list_threads(call: Call) -> dict[str, object]:
    """The threads on a recording, in the order of its stretches."""
    recording = await find(call)
    values = {"recording": recording.id}
    rows = await call.transaction.read(_Thread, _THREADS + " order by h.start_ms, h.created_at, h.id", values)
    return {"data": await _shown(call, recording.id, rows)}


async def update_thread(call: Call) -> dict[str, object]:
    """Make a thread private, or open to all who see the recording."""
    wanted = call.read(ThreadUpdate)
    recording = await find(call, "recording_id")
    thread = await _find_thread(call, recording.id, call.word("thread_id"))
    if thread.created_by != user_of(call) and call.caller.role != "admin":
        raise failed(403, "The thread is another user's")
    if wanted.is_private and user_of(call) not in (thread.created_by, *thread.recipient_ids):
        raise failed(403, "Only the creator or a recipient makes a thread private")
    await call.transaction.driver.execute(_PRIVACY, {"thread": thread.id, "private": wanted.is_private})
    return {"data": (await _shown(call, recording.id, [await _find_thread(call, recording.id, thread.id)]))[0]}


async def _shown(call: Call, recording_id: str, threads: Sequence[_Thread]) -> list[dict[str, object]]:
    values = {"recording": recording_id}
    found: dict[str, list[_Comment]] = {}
    for row in await call.transaction.read(_Comment, _COMMENTS + " order by c.created_at, c.id", values):
        found.setdefault(row.thread_id, []).append(row)
    ids = sorted({user for row in threads for user in row.recipient_ids})
    people = {row.id: row for row in await call.transaction.read(_Person, _PEOPLE, {"ids": ids})}
    return [_thread(row, found.get(row.id, []), people) for row in threads]


def _thread(row: _Thread, comments: Sequence[_Comment], people: Mapping[str, _Person]) -> dict[str, object]:
    last = {"latestComment": _comment(comments[-1])} if comments else {}
    recipients = {
        user: _recipient(people[user], sum(user in one.unread_by for one in comments)) for user in row.recipient_ids
    }
    return last | {
        "id": row.id,
        "organizationId": row.organization_id,
        "recordingId": row.recording_id,
        "recordingDateCreated": moment(row.recorded_at),
        "createdBy": row.created_by,
        "dateCreated": moment(row.created_at),
        "countComments": len(comments),
        "deleted": False,
        "privacy": {"isPrivate": row.is_private, "updatedAt": moment(row.privacy_at)},
        "recipients": recipients,
        "recipientUids": row.recipient_ids,
        "timestampStartInMilliseconds": row.start_ms,
        "timestampEndInMilliseconds": row.end_ms,
        "unreadUids": [*dict.fromkeys(user for one in comments for user in one.unread_by)],
    }


def _recipient(row: _Person, unread: int) -> dict[str, object]:
    first, last = person_names(row)
    names = {name: value for name, value in (("firstName", first), ("lastName", last)) if value is not None}
    return names | {"uid": row.id, "email": row.email, "unreadComments": unread}


# --- what both need


async def _begin(call: Call, recording_id: str, wanted: CommentCreate, meant: Sequence[str]) -> str:
    start, end = float(wanted.highlight_range.start), float(wanted.highlight_range.end)
    if not 0 <= start <= end:
        raise invalid([issue("custom", ["highlightRange"], "The stretch ends before it starts, or begins below 0")])
    values = _own(call) | {
        "recording": recording_id,
        "start": start,
        "end": end,
        "private": wanted.is_private is True,
        "recipients": _json(wanted.recipients),
        "ids": Jsonb(list(meant)),
    }
    [made] = await call.transaction.read(Id, _NEW_THREAD, values)
    return made.id


async def _meant(call: Call, recipients: Iterable[Recipient]) -> list[str]:
    """The users that recipients are: a team is all who are in it or coach it. Raises ApiError."""
    found: list[str] = []
    for one in recipients:
        if one.type == "user":
            await _require_users(call, [one.key])
            found.append(one.key)
        else:
            if not await call.transaction.exists("select 1 from teams where id::text = %(id)s", {"id": one.key}):
                raise not_found("Team")
            found += [row.id for row in await call.transaction.read(Id, _TEAM, {"team": one.key})]
    return [*dict.fromkeys(found)]


async def _require_users(call: Call, ids: Iterable[str]) -> None:
    wanted = set(ids)
    rows = await call.transaction.read(Id, _USERS, {"ids": [*wanted]})
    if {row.id for row in rows} != wanted:
        raise not_found("User")


def _may_change(call: Call, row: _Comment) -> None:
    if row.author_id != user_of(call) and call.caller.role != "admin":
        raise failed(403, "The comment is another user's")


async def _may_address(call: Call, row: _Comment) -> None:
    """Only the creator of a thread or an administrator says who else reads it. Raises ApiError."""
    thread = await _find_thread(call, row.recording_id, row.thread_id)
    if thread.created_by != user_of(call) and call.caller.role != "admin":
        raise failed(403, "The thread is another user's")


async def _find(call: Call, comment_id: str | None = None) -> _Comment:
    recording = await find(call)
    wanted = call.record_id("Comment", "commentId") if comment_id is None else comment_id
    values = {"recording": recording.id, "id": wanted}
    rows = await call.transaction.read(_Comment, _COMMENTS + " and c.id = %(id)s", values)
    if not rows:
        raise not_found("Comment")
    return rows[0]


async def _find_thread(call: Call, recording_id: str, thread_id: str) -> _Thread:
    values = {"recording": recording_id, "id": thread_id}
    rows = await call.transaction.read(_Thread, _THREADS + " and h.id::text = %(id)s", values)
    if not rows:
        raise not_found("Thread")
    return rows[0]


def _own(call: Call) -> dict[str, object]:
    return {"organization": call.organization_id, "caller": user_of(call)}


def _json(recipients: Iterable[Recipient]) -> Jsonb:
    return Jsonb([one.wire() for one in recipients])


def _comment(row: _Comment) -> dict[str, object]:
    first, last = person_names(row)
    shown = {"text": row.text, "audio": row.audio, "commenterFirstName": first, "commenterLastName": last}
    return {name: value for name, value in shown.items() if value is not None} | {
        "id": row.id,
        "threadId": row.thread_id,
        "recordingId": row.recording_id,
        "recordingTitle": row.title,
        "commenterUid": row.author_id,
        "dateCreated": moment(row.created_at),
        "dateUpdated": moment(row.updated_at),
        "isPrivate": row.is_private,
        "seenByUids": row.seen_by,
        "unreadUids": row.unread_by,
        "timestampStartInMilliseconds": row.start_ms,
        "timestampEndInMilliseconds": row.end_ms,
    }
