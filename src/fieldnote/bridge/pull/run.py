"""Pull: what was said goes into the CRM.

Three things say that a recording must be looked at: a webhook, the poll (`updatedAt`, with overlap), and its
not being finished yet, as summaries and extractions land late without moving `updatedAt`. None of them is
believed beyond that: what counts is the state that is fetched then. Whatever changed marks CRM records as
due, in the transaction that stores the change; due records are brought up to date until none is left.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import ColumnElement, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.settings import prepare, refresh_if_few
from fieldnote.bridge.connection import verify
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull.apply import Applied
from fieldnote.bridge.pull.due import DueWork, Halted, is_of_one_item, waiting
from fieldnote.bridge.pull.ledger import open_proposals
from fieldnote.bridge.pull.linking import help_linking
from fieldnote.bridge.pull.ownership import declare
from fieldnote.bridge.pull.readiness import unknown_names
from fieldnote.bridge.pull.recordings import Fetched, Recordings, Stored, Ticket, take_ticket
from fieldnote.bridge.pull.results import CUT_OFF, FieldState, NoteState, PullResult, Stuck
from fieldnote.bridge.pull.start_links import offer_again, offer_links
from fieldnote.bridge.pull.user_token import ExtractionRows, read_words
from fieldnote.bridge.recording import WATCHED_FOR, Model, RecordingSnapshot, Stage
from fieldnote.bridge.run_log import begin, finish, note_progress
from fieldnote.bridge.session import Bridge
from fieldnote.config import RECORDING
from fieldnote.db.bridge_tables import due, events, fields, notes, pulls
from fieldnote.errors import ConfigError, FieldnoteError, Transient
from fieldnote.siro import bulk
from fieldnote.siro.errors import Forbidden, NotFound, SiroError

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=2)
"""How far a new connection looks back. Older history comes by `--since` only."""
OVERLAP = timedelta(minutes=10)
"""How far before the latest `updatedAt` seen each poll starts."""
KEEP_EVENTS = timedelta(days=7)
"""How long a handled webhook is remembered. Its signature is refused as stale long before."""
IN_FLIGHT = 8
SHOWN = 20
_LONGEST_PAUSE = timedelta(minutes=30)
_LATE = {f"{RECORDING}result": "result", f"{RECORDING}evaluationScore": "score"}


async def pull_once(
    bridge: Bridge,
    *,
    accept_change: bool = False,
    max_wait: float = 60.0,
    eager: bool = True,
) -> PullResult:
    """Fetch what moved in Siro and bring the CRM up to date with it.

    `eager` looks at everything unfinished, and retries everything that waits; the daemon's cycle spaces such
    looks out instead. History comes by `backfill_once`. Raises as `push_once` does.
    """
    started, calls = time.monotonic(), bridge.remote.calls
    must_write_back(bridge)
    await verify(bridge, accept_change=accept_change)
    await prepare(bridge)
    async with exclusive(bridge.engine, "pull", bridge.name, max_wait=max_wait):
        await declare_name(bridge)
        run_id = await begin(bridge.engine, bridge.name, "pull")
        work = Pass(bridge, run_id, eager=eager)
        try:
            with bulk():
                await work.poll()
            await work.look_at_events()
            with bulk():
                await work.look_at_unfinished()
                await work.help_linking()
            await work.offer_links()
            await work.apply_due()
            if bridge.remote.has_user_token:
                with bulk():
                    await read_words(bridge.engine, bridge.name, bridge.remote)
        except FieldnoteError as error:
            await finish(bridge.engine, run_id, {"error": type(error).__name__})
            raise
        await refresh_if_few(bridge)
        result = await work.report()
        result.calls = bridge.remote.calls - calls
        result.seconds = time.monotonic() - started
        await finish(bridge.engine, run_id, counts_of(result))
    log.info("pull_done", extra={"connection": bridge.name, "calls": result.calls, "writes": result.writes})
    return result


async def look_at(bridge: Bridge, recording_id: str) -> PullResult:
    """The work of a webhook: fetch one recording, and update the CRM records that it concerns."""
    await verify(bridge)
    run_id = await begin(bridge.engine, bridge.name, "look")
    work = Pass(bridge, run_id, eager=True)
    await work.look_at([recording_id])
    await work.apply_due(touched=True)
    await finish(bridge.engine, run_id, counts_of(work.result))
    return work.result


def must_write_back(bridge: Bridge) -> None:
    """Raise ConfigError if the file names no target."""
    if bridge.config.pull is None or not bridge.config.pull.targets():
        raise ConfigError(
            f"{bridge.config.path} has nothing to write back",
            hint="Add `opportunity` or `engagement` under `pull`.",
        )


async def declare_name(bridge: Bridge) -> None:
    """Keep how Siro names this connection, if the file says so."""
    named = bridge.config.siro.integration_connection_id
    if named is not None:
        async with bridge.engine.begin() as conn:
            await declare(conn, bridge.name, named)


def counts_of(result: PullResult) -> dict[str, object]:
    """The facts that are kept about a run."""
    names = ("read", "changed", "records", "writes", "pending", "calls", "stages")
    failure = {"error": "Stopped"} if result.stopped else {}
    return {name: getattr(result, name) for name in names} | {"settled": result.settled} | failure


class Pass:
    """One pass."""

    def __init__(self, bridge: Bridge, run_id: int, *, eager: bool, result: PullResult | None = None) -> None:
        """`run_id`: under which its writes are kept. `result`: to be filled; without one, a new one is."""
        self.bridge = bridge
        self.run_id = run_id
        self.eager = eager
        self.recordings = Recordings(bridge.name)
        self.result = result if result is not None else PullResult(bridge.name)
        self.rows = ExtractionRows(bridge.remote, self.result.warnings)
        self._seen: set[str] = set()
        self._touched: set[tuple[Model, str]] = set()
        self._doubted: set[str] = set()
        """Recordings that a list shows without what they had, until each was read alone."""

    # --- fetching

    async def poll(self) -> None:
        """Read the list of what was updated. If Siro is silent, the next pass does; other work goes on."""
        try:
            latest = await self._poll()
            await self.look_at(sorted(self._doubted))
        except SiroError as error:
            self._left_over(error)
        else:
            if not self._doubted:
                await self._move_mark(latest)

    async def _poll(self) -> datetime:
        """Page by page; up to when all was read. The high-water mark moves once nothing is doubted any more."""
        now = _now()
        async with self.bridge.engine.begin() as conn:
            mark = await self._mark(conn, now)
        latest = mark
        pages = self.bridge.remote.recordings(mark - OVERLAP)
        while True:
            async with self.bridge.engine.begin() as conn:
                ticket = await take_ticket(conn)
            page = await anext(pages, None)
            if page is None:
                break
            latest = max([latest, *(held.updated_at for held in page)])
            await self._keep([Fetched(held, ticket, alone=False) for held in page], new_since=mark)
            await note_progress(f"{self.result.read} recordings read")
        return min(latest, now)

    async def _move_mark(self, latest: datetime) -> None:
        async with self.bridge.engine.begin() as conn:
            values = {"high_water": latest, "version": self._version()}
            await conn.execute(update(pulls).where(pulls.c.connection == self.bridge.name).values(values))

    async def _mark(self, conn: AsyncConnection, now: datetime) -> datetime:
        """The high-water mark; a file that changed makes every linked record due."""
        version = self._version()
        first = {"connection": self.bridge.name, "high_water": now - LOOK_BACK, "version": version}
        await conn.execute(insert(pulls).values(first).on_conflict_do_nothing())
        statement = select(pulls).where(pulls.c.connection == self.bridge.name)
        row = (await conn.execute(statement)).one()
        if row.version != version:
            await self.recordings.mark_all_due(conn)
            await offer_again(conn, self.bridge.name)
        mark: datetime = row.high_water
        return mark

    def _version(self) -> str:
        """Of the part of the file that says what is written where."""
        pull = self.bridge.config.pull
        what = pull.model_dump(mode="json", exclude={"every"}) if pull is not None else {}
        crm, push = self.bridge.config.crm, self.bridge.config.push
        streams = push.streams().values() if push is not None else ()
        zones = [str(zone) for item in streams if (zone := item.local_timezone or item.timezone) is not None]
        local = [str(crm.local_timezone)] if crm.local_timezone is not None else []
        meaning = json.dumps([what, str(crm.timezone), *local, *zones], sort_keys=True)
        return blake2b(meaning.encode(), digest_size=8).hexdigest()

    async def look_at_events(self) -> None:
        """Webhooks whose job was lost, or that came while no worker ran."""
        async with self.bridge.engine.begin() as conn:
            stale = events.c.handled_at < func.now() - KEEP_EVENTS
            await conn.execute(delete(events).where(events.c.connection == self.bridge.name, stale))
            statement = select(events.c.recording_id).distinct().where(*self._open_events())
            ids = (await conn.scalars(statement)).all()
        await self.look_at(ids)

    async def look_at_unfinished(self) -> None:
        """Late parts may have landed without a sign."""
        now = _now()
        async with self.bridge.engine.begin() as conn:
            held = await self.recordings.unfinished(conn, now - WATCHED_FOR, self._late_parts())
            await self.recordings.restage(conn, await self.recordings.expired(conn, now - WATCHED_FOR), now)
        waiting = [item.id for item, fetched_at in held if self.eager or self._is_time(item, fetched_at, now)]
        await self.look_at([recording_id for recording_id in waiting if recording_id not in self._seen])

    def _late_parts(self) -> list[str]:
        """Parts of a recording that may come after all others, and that the file writes somewhere."""
        targets = self.bridge.config.pull.targets() if self.bridge.config.pull else {}
        named = {name for target in targets.values() for name, _ in target.extractions()}
        return [part for name, part in _LATE.items() if name in named]

    async def help_linking(self) -> None:
        """Read a recording again at once when Fieldnote has linked it just now."""
        try:
            await self.look_at(await help_linking(self.bridge))
        except (Forbidden, NotFound) as error:
            self.result.warnings.append(f"recordings that Siro left unlinked were not matched: {error.message}")
        except SiroError as error:
            self._left_over(error)

    async def offer_links(self) -> None:
        """Appointments that were pushed get the link by which their recording is started."""
        target = self.bridge.config.pull.engagement if self.bridge.config.pull else None
        if target is not None and target.start_link is not None:
            async with self.bridge.engine.begin() as conn:
                await offer_links(conn, self.bridge.name)

    def _is_time(self, held: RecordingSnapshot, fetched_at: datetime, now: datetime) -> bool:
        """The older a recording is, the more rarely it is read."""
        age = now - max(held.started_at, held.updated_at)
        return now - fetched_at >= min(age / 20, _LONGEST_PAUSE)

    async def look_at(self, recording_ids: Sequence[str]) -> None:
        """Fetch these by id, several at a time. One that cannot be read now does not stop the others."""
        queue = iter(dict.fromkeys(recording_ids))

        async def fetcher() -> None:
            for recording_id in queue:
                try:
                    await self._look_at_one(recording_id)
                except SiroError as error:
                    self._left_over(error)
                except Exception as error:
                    if not is_of_one_item(error):
                        raise
                    self._name_unstorable(recording_id, error)

        fetchers = [fetcher() for _ in range(min(IN_FLIGHT, len(recording_ids)))]
        for outcome in await asyncio.gather(*fetchers, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def _name_unstorable(self, recording_id: str, error: Exception) -> None:
        """One recording that cannot be stored is named; the others go on."""
        log.error("recording_not_stored", extra={"recording_id": recording_id, "error": type(error).__name__})
        self.result.warnings.append(f"recording {recording_id!a} cannot be stored ({type(error).__name__})")
        self._seen.add(recording_id)
        self._doubted.discard(recording_id)

    def _left_over(self, error: SiroError) -> None:
        """Report a passing problem and leave it to the next pass; let a lasting one stop this pass."""
        if not isinstance(error, Transient):
            raise error
        self.result.stopped = error.message

    async def _look_at_one(self, recording_id: str) -> None:
        async with self.bridge.engine.begin() as conn:
            ticket = await take_ticket(conn)
        try:
            held = await self.bridge.remote.recording(recording_id)
        except NotFound:
            log.info("recording_gone", extra={"recording_id": recording_id})
            async with self.bridge.engine.begin() as conn:
                await self.recordings.gone(conn, recording_id)
            self._seen.add(recording_id)
        else:
            await self._keep([Fetched(held, ticket, alone=True)])
        self._doubted.discard(recording_id)
        await self._close_events(recording_id, ticket)

    async def _keep(self, fetched: Sequence[Fetched], *, new_since: datetime | None = None) -> None:
        """`new_since`: what moved after it has not been dealt with, whether or not it says anything new."""
        whole = [replace(item, held=await self.rows.add(item.held)) for item in fetched]
        stored = await self._store(whole)
        changed = {held.id for held in stored.changed}
        self._doubted |= {
            item.held.id
            for item in fetched
            if item.held.id in stored.kept
            and not item.alone
            and (item.held.id in changed or (new_since is not None and item.held.updated_at > new_since))
        }
        self._seen.update(item.held.id for item in fetched)
        self.result.read += len(fetched)
        self.result.changed += len(stored.changed)
        self._touched |= stored.records

    async def _store(self, fetched: Sequence[Fetched]) -> Stored:
        """All at once; if one of several cannot be stored, each by itself."""
        try:
            async with self.bridge.engine.begin() as conn:
                return await self.recordings.store(conn, fetched, _now())
        except Exception as error:
            if len(fetched) < 2 or not is_of_one_item(error):
                raise
        total = Stored([], set())
        for item in fetched:
            try:
                one = await self._store([item])
            except Exception as error:
                if not is_of_one_item(error):
                    raise
                self._name_unstorable(item.held.id, error)
            else:
                total = Stored(total.changed + one.changed, total.records | one.records, total.kept | one.kept)
        return total

    def _open_events(self) -> list[ColumnElement[bool]]:
        return [events.c.connection == self.bridge.name, events.c.handled_at.is_(None)]

    async def _close_events(self, recording_id: str, ticket: Ticket) -> None:
        """One that came after the fetch had begun may know more than the fetch brought, and stays open."""
        these = events.c.recording_id == recording_id, events.c.received_at <= ticket.at
        async with self.bridge.engine.begin() as conn:
            await conn.execute(update(events).where(*self._open_events(), *these).values(handled_at=func.now()))

    # --- writing

    async def apply_due(self, *, touched: bool = False) -> None:
        """Bring every due record up to date; with `touched`, only those that this pass fetched news for."""
        work = DueWork(self.bridge, self.run_id)
        try:
            if not (touched or self.eager):
                for tried in await work.probe():
                    self._count(tried)
            for model, record in await self._due(touched=touched):
                await note_progress(f"{self.result.records} CRM records compared")
                done = await work.apply(model, record)
                if done is not None:
                    self._count(done)
        except Halted as reason:
            self.result.stopped = str(reason)

    def _count(self, done: Applied) -> None:
        self.result.records += 1
        self.result.changes.extend(done.changes)

    async def _due(self, *, touched: bool) -> list[tuple[Model, str]]:
        statement = select(due.c.model, due.c.record).where(due.c.connection == self.bridge.name)
        if not self.eager:
            statement = statement.where(due.c.retry_at <= func.now())
        if touched:  # a backfill may have made very many others due
            pairs = [(model.value, record) for model, record in self._touched]
            statement = statement.where(tuple_(due.c.model, due.c.record).in_(pairs))
        async with self.bridge.engine.connect() as conn:
            rows = await conn.execute(statement.order_by(due.c.retry_at, due.c.model, due.c.record))
            return [(Model(row.model), row.record) for row in rows]

    # --- reporting

    async def report(self) -> PullResult:
        """The state now, whichever pass led to it."""
        async with self.bridge.engine.begin() as conn:
            stages = await self.recordings.stages(conn)
            self.result.stages = {stage.value: count for stage, count in sorted(stages.items())}
            self.result.stuck = await self.recordings.in_stage(conn, Stage.STUCK, SHOWN)
            self.result.problems = await waiting(conn, self.bridge.name, await self._problems(conn))
            self.result.proposals = await open_proposals(conn, self.bridge.name)
            counted = select(func.count()).where(due.c.connection == self.bridge.name)
            self.result.pending = int((await conn.execute(counted)).scalar_one())
            seen = await self.recordings.names_seen(conn)
        if seen and self.bridge.config.pull is not None:
            wanted = [name for target in self.bridge.config.pull.targets().values() for name, _ in target.extractions()]
            self.result.warnings += unknown_names(wanted, seen)
        self._warn_of_ownership(stages)
        return self.result

    async def _problems(self, conn: AsyncConnection) -> list[Stuck]:
        """Fields and notes that the CRM did not take, as far as the file still names them."""
        targets = self._targets()
        states = [FieldState.REFUSED.value, FieldState.RECORD_MISSING.value, FieldState.INTERRUPTED.value]
        statement = select(fields).where(fields.c.connection == self.bridge.name, fields.c.state.in_(states))
        found = [
            Stuck(row.model, row.record, row.column_name, row.state, row.reason or CUT_OFF)
            for row in await conn.execute(statement.order_by(fields.c.changed_at))
            if (row.model, row.table_name, row.column_name) in targets
        ]
        states = [NoteState.REFUSED.value, NoteState.INTERRUPTED.value]
        in_notes = select(notes).where(notes.c.connection == self.bridge.name, notes.c.state.in_(states))
        found += [
            Stuck(row.model, row.record, "note", row.state, row.reason or CUT_OFF)
            for row in await conn.execute(in_notes.order_by(notes.c.changed_at))
            if (row.model, row.table_name, "") in targets
        ]
        return found

    def _targets(self) -> set[tuple[str, str, str]]:
        """Model, table and column of all that the file asks to be written; a note has no column."""
        found: set[tuple[str, str, str]] = set()
        targets = self.bridge.config.pull.targets() if self.bridge.config.pull else {}
        for model, target in targets.items():
            found.update((model, target.table, settings.to) for settings in target.fields.values())
            if target.start_link is not None:
                found.add((model, target.table, target.start_link))
            found.update((model, note.table, "") for note in target.all_notes())
        return found

    def _warn_of_ownership(self, stages: dict[Stage, int]) -> None:
        if stages.get(Stage.OWNERSHIP_UNKNOWN):
            self.result.warnings.append(
                f"{stages[Stage.OWNERSHIP_UNKNOWN]} recordings are linked, but not to a record that this connection "
                "has pushed, so their owner is unknown. Run `fieldnote push` first; a file that only pulls needs "
                "`siro.integration_connection_id`."
            )
        if stages.get(Stage.SHARED_RECORD):
            self.result.warnings.append(
                f"{stages[Stage.SHARED_RECORD]} recordings are linked to records that two connections have "
                "pushed under one externalId: give their keys a prefix in one of the files."
            )


def _now() -> datetime:
    return datetime.now(UTC)
