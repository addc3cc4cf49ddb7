"""The demo: a contractor's CRM, a workspace, and the bridge between them, all in this process.

Every step first looks at the current state. So a killed run continues where it ended, and a second run finds nothing
to do.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from fieldnote.bridge import Bridge, Daemon, PullResult, PushResult, open_bridge, pull_once, push_once
from fieldnote.config import Config
from fieldnote.db.bridge_tables import events
from fieldnote.db.embedded import ensure_server, stop_server
from fieldnote.db.encryption import SecretBox
from fieldnote.demo import audio, crm
from fieldnote.demo.contractor import Visit
from fieldnote.demo.conversations import CONVERSATIONS, Conversation
from fieldnote.demo.crm import ContractorCrm
from fieldnote.demo.expected import COLUMNS, Expected, expect
from fieldnote.demo.sides import CrmSide, DatabaseSide
from fieldnote.demo.standin_side import open_side
from fieldnote.demo.state import FILE, Memory, Secrets, remember
from fieldnote.insight import read_transcript
from fieldnote.workspace import (
    Explained,
    NewRecording,
    Organization,
    Workspace,
    WorkspaceServer,
    add_recording,
    add_user,
    add_webhook,
    attach_audio,
    count_records,
    ensure_oauth_app,
    ensure_organization,
    explain_links,
    open_workspace,
)

ORGANIZATION: Final = "Front Range Exteriors"
ADMIN: Final = "office@frontrange.example"
WEBHOOKS_WAIT: Final = 20.0
"""Seconds to wait for the webhooks to bring everything home, before the poll does."""
PERSONS_WORDS: Final = "Spoke to them on the phone: only the dog worries them."
"""The words that a person types into a field that Fieldnote wrote, between two visits on one deal."""

Progress = Callable[[str], None]
"""Receives the current step in a few words."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The places of a demo: its home, and three databases of its own in its own server."""

    home: Path
    memory: Memory
    secrets: Secrets
    side: CrmSide
    bridge_url: str
    workspace_url: str
    resumed: bool
    """An earlier run left its data here."""

    @property
    def workspace_base(self) -> str:
        """Where the workspace answers. A connection remembers it, so it is the same at each run."""
        return f"http://127.0.0.1:{self.memory.port}"

    def config(self, user_id: str) -> Config:
        """The demo's file, with this stage for its environment and no other."""
        environment = {
            "SIRO_TOKEN": self.secrets.token,
            "SIRO_BASE_URL": f"{self.workspace_base}/api-externalApi",
            "SIRO_API_URL": self.workspace_base,
            "SIRO_CLIENT_ID": self.secrets.client_id,
            "SIRO_CLIENT_SECRET": self.secrets.client_secret,
            "SIRO_USER_ID": user_id,
            "SIRO_WEBHOOK_SECRET": self.secrets.webhook_secret,
        }
        return self.side.config(self.home, environment)


@dataclass(frozen=True, slots=True)
class Correction:
    """A field that a person corrected, although a later conversation says something else about it."""

    deal_id: str
    column: str
    words: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happened, for the report."""

    stage: Stage
    contractor: ContractorCrm
    expected: Expected
    correction: Correction
    pushed: PushResult
    push_again: PushResult
    pull_again: PullResult
    held: Mapping[str, int]
    """Engagements and opportunities in the workspace."""
    links: Mapping[str, Explained]
    """By the visit's recording key."""
    built: crm.Snapshot
    """The CRM as it was built."""
    now: crm.Snapshot
    webhooks: int
    calls: int
    seconds: float
    bridge: Bridge
    workspace: Workspace


def set_stage(home: Path, *, seed: int | None, fresh: bool, progress: Progress, crm_name: str | None = None) -> Stage:
    """Have the home, its server and its databases. `crm_name`: over the stand-in of this CRM, always from the start."""
    if fresh or crm_name is not None:
        progress("deleting the data of an earlier run")
        stop_server(home)
        for path in home.iterdir() if home.is_dir() else ():
            if path.name != "demo.lock":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    resumed = (home / FILE).exists()
    progress("starting PostgreSQL")
    server = ensure_server(home)
    return Stage(
        home=home,
        memory=remember(home, seed=seed),
        secrets=Secrets.of(SecretBox.open(home)),
        side=DatabaseSide(server.url("contractor")) if crm_name is None else open_side(crm_name),
        bridge_url=server.url("bridge"),
        workspace_url=server.url("workspace"),
        resumed=resumed,
    )


@asynccontextmanager
async def play(stage: Stage, progress: Progress) -> AsyncIterator[Story]:
    """Play the loop to its end. Inside, workspace and bridge keep running, so that one can look around."""
    started, began = time.monotonic(), datetime.now(UTC)
    progress("building the contractor's CRM")
    contractor = await asyncio.to_thread(stage.side.build, stage.memory.day, stage.memory.seed)
    async with AsyncExitStack() as stack:
        stack.enter_context(stage.side.running())
        progress("starting the workspace")
        workspace = await stack.enter_async_context(
            open_workspace(database_url=stage.workspace_url, home=stage.home, retry_after=(timedelta(seconds=1),) * 5)
        )
        organization = await _introduce(workspace, stage, contractor)
        await stack.enter_async_context(WorkspaceServer(workspace, port=stage.memory.port))
        config = await asyncio.to_thread(stage.config, organization.admin_id)
        bridge = await stack.enter_async_context(_open_bridge(stage, config))
        progress("pushing appointments, deals, customers and reps")
        pushed = await push_once(bridge, accept_change=stage.resumed)
        daemon = await stack.enter_async_context(Daemon(bridge, host="127.0.0.1", port=stage.memory.hook_port))
        hook, secret = f"{daemon.url}/hooks/siro", stage.secrets.webhook_secret
        await add_webhook(workspace.engine, workspace.box, organization.id, url=hook, secret=secret)
        field = _Field(stage, contractor, bridge, workspace, organization, progress)
        await field.play()
        progress("checking that a second run changes nothing")
        async with _open_bridge(stage, config) as other:  # with a count of its own, beside the daemon's
            push_again = await push_once(other)
            pull_again = await pull_once(other)
        yield Story(
            stage=stage,
            contractor=contractor,
            expected=field.expected(contractor.visits),
            correction=field.correction,
            pushed=pushed,
            push_again=push_again,
            pull_again=pull_again,
            held=await count_records(workspace, organization.id),
            links=await field.links(),
            built=contractor.built,
            now=await asyncio.to_thread(stage.side.snapshot),
            webhooks=await _webhooks(bridge, since=began),
            calls=bridge.remote.calls,
            seconds=time.monotonic() - started,
            bridge=bridge,
            workspace=workspace,
        )


async def leave_a_question(story: Story) -> bool:
    """After the report: a person changes a visit so that it cannot be sent, and the console shows what to do.

    False: the kinds of visits are fixed in this CRM, so nothing is left. The caller says it, so the log need not warn.
    """
    if not await asyncio.to_thread(story.stage.side.rename_a_visit):
        return False
    log = logging.getLogger("fieldnote.bridge.push")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        await push_once(story.bridge)
    finally:
        log.setLevel(level)
    return True


def _open_bridge(stage: Stage, config: Config) -> AbstractAsyncContextManager[Bridge]:
    return open_bridge(config, home=stage.home, database_url=stage.bridge_url)


async def _introduce(workspace: Workspace, stage: Stage, contractor: ContractorCrm) -> Organization:
    """The organization with its token, its OAuth app, and the reps as its users."""
    secrets = stage.secrets
    organization = await ensure_organization(workspace.engine, name=ORGANIZATION, admin=ADMIN, token=secrets.token)
    await ensure_oauth_app(
        workspace.engine,
        organization,
        name="Fieldnote",
        client_id=secrets.client_id,
        client_secret=secrets.client_secret,
    )
    for email, name, phone in contractor.reps:
        await add_user(workspace.engine, organization, email=email, name=name, phone=phone)
    return organization


async def _webhooks(bridge: Bridge, *, since: datetime) -> int:
    async with bridge.engine.connect() as conn:
        statement = select(func.count()).select_from(events).where(events.c.received_at >= since)
        return int((await conn.execute(statement)).scalar_one())


class _Field:
    """The day in the field: visits are recorded, a person corrects what came of one, and a last visit follows."""

    def __init__(
        self,
        stage: Stage,
        contractor: ContractorCrm,
        bridge: Bridge,
        workspace: Workspace,
        organization: Organization,
        progress: Progress,
    ) -> None:
        self.stage = stage
        self.contractor = contractor
        self.bridge = bridge
        self.workspace = workspace
        self.organization = organization
        self.progress = progress
        self.conversations: Mapping[str, Conversation] = {story.key: story for story in CONVERSATIONS}
        self.last = max((v for v in contractor.visits if v.deal_id is not None), key=_second_on_deal(contractor.visits))
        self.correction = self._choose_correction()

    async def play(self) -> None:
        first = [visit for visit in self.contractor.visits if visit is not self.last]
        if self.last.recording_key not in await self.links():
            await self._record(first)
            await self._until_home(first)
            self.progress("a person corrects a field in the CRM")
            await asyncio.to_thread(self._correct)
        await self._record([self.last])
        await self._until_home(self.contractor.visits)

    async def links(self) -> dict[str, Explained]:
        """The workspace's facts about each recording, by its key."""
        found = await explain_links(self.workspace, self.organization.id)
        number = self.stage.side.number
        return {
            link.key: replace(link, appointment=link.appointment and number("appointment", link.appointment))
            for link in found
            if link.key is not None
        }

    def expected(self, visits: Sequence[Visit]) -> Expected:
        return expect(visits, self.conversations)

    async def _record(self, visits: Sequence[Visit]) -> None:
        for number, visit in enumerate(visits, 1):
            self.progress(f"recording conversation {number} of {len(visits)}: {visit.customer_name}")
            recording_id = await add_recording(self.workspace, self.organization.id, self._recording(visit))
            await self._add_sound(visit, recording_id)

    async def _add_sound(self, visit: Visit, recording_id: str) -> None:
        key = visit.conversation_key
        if (sound := audio.sound_of(key, visit.rep_name)) is None:
            return
        with as_file(sound) as path:
            await attach_audio(
                self.workspace,
                self.organization.id,
                recording_id,
                path,
                media_type=audio.MEDIA_TYPE,
                length=audio.length_of(key),
            )

    def _recording(self, visit: Visit) -> NewRecording:
        conversation = self.conversations[visit.conversation_key]
        transcript = conversation.read(visit.rep_name.split()[0])
        said = read_transcript(transcript, name=conversation.file)
        with_sound = audio.sound_of(visit.conversation_key, visit.rep_name) is not None
        return NewRecording(
            user_email=visit.rep_email,
            utterances=audio.with_times(visit.conversation_key, said) if with_sound else said,
            started_at=visit.started_at,
            duration=audio.length_of(visit.conversation_key) if with_sound else timedelta(seconds=visit.duration_s),
            # The sound is shorter than a visit. Without coordinates, a short recording is linked if its title names it.
            title=visit.title or (visit.customer_name if with_sound else None),
            place=visit.place,
            appointment_id=self._external("appointment", visit.appointment_id) if visit.deep_link else None,
            opportunity_id=self._external("deal", visit.deal_id) if visit.deep_link else None,
            key=visit.recording_key,
        )

    def _external(self, kind: str, number: str | None) -> str | None:
        return None if number is None else self.stage.side.external(kind, number)

    async def _until_home(self, visits: Sequence[Visit]) -> None:
        """Wait until the values are in the CRM. The poll brings those that no webhook brings in time."""
        self.progress("waiting for the webhooks")
        keys = {visit.recording_key for visit in visits}
        expected = self.expected(visits)
        deadline = time.monotonic() + WEBHOOKS_WAIT
        while time.monotonic() < deadline:
            links = [link for key, link in (await self.links()).items() if key in keys]
            notified = all(link.processed and link.notified for link in links)
            if notified and self._is_home(expected, await asyncio.to_thread(self.stage.side.snapshot)):
                return
            await asyncio.sleep(0.2)
        await pull_once(self.bridge)

    def _is_home(self, expected: Expected, now: crm.Snapshot) -> bool:
        """Whether each expected value is present. The checks decide whether it is right."""
        notes = [str(deal_id) for deal_id, key, _ in now.notes if key is not None]
        filled = all(now.deals[int(deal)].get(column) is not None for deal, column in expected.values)
        return filled and all(notes.count(deal) >= count for deal, count in expected.notes.items())

    # --- the person

    def _choose_correction(self) -> Correction:
        """A text that both visits on the deal speak of, so that the second one would overwrite it."""
        deal_id = self.last.deal_id or ""
        earlier = [v for v in self.contractor.visits if v.deal_id == deal_id and v is not self.last]
        both = self.expected(earlier).values.keys() & self.expected([self.last]).values.keys()
        texts = [column for column in reversed(COLUMNS.values()) if (deal_id, column) in both]
        return Correction(deal_id, texts[0], PERSONS_WORDS)

    def _correct(self) -> None:
        correction = self.correction
        self.stage.side.correct(correction.deal_id, correction.column, correction.words)


def _second_on_deal(visits: Sequence[Visit]) -> Callable[[Visit], tuple[int, datetime]]:
    deals = [visit.deal_id for visit in visits]
    return lambda visit: (deals.count(visit.deal_id), visit.started_at)
