"""Random days at each stand-in, with faults and kills: nothing is lost, doubled or overwritten.

The model keeps what people typed and what was said. Everything else is read from the stand-in's own store.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, PushRequest, pull_once, push_once
from fieldnote.errors import FieldnoteError
from fieldnote.sandbox import SANDBOXES, Fault, FaultKind
from tests.bridge.stub_siro import ago
from tests.presets.hands import tomorrow
from tests.presets.loop import Loop, open_loop

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

STEPS, LONG = 40, 2000
_MARK = re.compile(r"\[fieldnote (\S+?)\]")
_DEALS = (200, 201, 202)
_FAULTS = (
    FaultKind.STATUS, FaultKind.LOST, FaultKind.CUT, FaultKind.HTML, FaultKind.EMPTY, FaultKind.EXPIRED, FaultKind.BUSY,
    FaultKind.HALF,
)  # fmt: skip


@dataclass
class Model:
    """One run."""

    loop: Loop
    dice: random.Random
    typed: dict[tuple[str, str], str] = field(default_factory=dict)
    """The words that a person typed last, by deal and column."""
    said: dict[tuple[str, str], list[tuple[datetime, str]]] = field(default_factory=dict)
    recordings: dict[str, str] = field(default_factory=dict)
    """From a recording to its deal."""
    closed: set[int] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Visits that were deleted or canceled."""
    steps: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    # --- steps

    async def step(self, bridge: Bridge) -> None:
        kinds = {
            self.person: 50, self.speak: 14, self.types: 8, self.fault: 10, self.push: 8, self.full: 2, self.pull: 8,
            self.kill: 1,
        }  # fmt: skip
        [chosen] = self.dice.choices(list(kinds), list(kinds.values()))
        self.steps.append(chosen.__name__)
        self.loop.crm.clock.advance(self.dice.choice([0, 0, 1, 30]))
        await chosen(bridge)
        self.untouched()

    async def person(self, bridge: Bridge) -> None:
        del bridge
        hands, dice = self.loop.hands, self.dice
        alive = sorted(key for key, visit in hands.truth().visits.items() if visit.alive)
        deal = dice.choice(_DEALS)
        if not alive or dice.random() < 0.2:
            hands.add(deal, dice.choice([1, 2]), tomorrow(dice.randrange(24)))
            return
        visit = dice.choice(alive)
        match dice.randrange(8):
            case 0 | 1:
                hands.move(visit, tomorrow(dice.randrange(24)) + timedelta(minutes=dice.randrange(60)))
            case 2:
                hands.assign(visit, dice.sample([1, 2], dice.choice([1, 2])))
            case 3:
                hands.relink(visit, deal)
            case 4:
                (hands.cancel if dice.random() < 0.5 else hands.delete)(visit)
                self.gone.add(visit)
            case 5:
                left = sorted(hands.truth().visits.keys() - self.gone)
                hands.retype(dice.choice(left or [visit]), sales=dice.random() < 0.6)
            case 6:
                hands.merge(*dice.sample([100, 101, 102], 2))
            case _:
                if deal not in self.closed:
                    self.closed.add(deal)
                    hands.close(deal, won=dice.random() < 0.5)

    async def speak(self, bridge: Bridge) -> None:
        """A conversation. A later one counts where nobody typed."""
        del bridge
        hands, key = self.loop.hands, f"r{len(self.recordings)}"
        deal = hands.deal_key(self.dice.choice(_DEALS))
        at = ago(hours=24) + timedelta(minutes=len(self.recordings))
        self.recordings[key] = deal
        amount, when = 1000 * self.dice.randint(1, 90), f"in week {self.dice.randint(1, 50)}"
        self.said.setdefault((deal, hands.budget), []).append((at, str(amount)))
        said = {"Budget": f"${amount:,}"}
        if self.dice.random() < 0.6:
            said["Timeline"] = when
            self.said.setdefault((deal, hands.timeline), []).append((at, when))
        self.loop.stub.record(key, started_at=at, opportunity=deal, said=said, summary=f"Talk {key} <b>& more</b>")

    async def types(self, bridge: Bridge) -> None:
        del bridge
        hands = self.loop.hands
        deal, column = hands.deal_key(self.dice.choice(_DEALS)), self.dice.choice([hands.budget, hands.timeline])
        word = str(self.dice.randint(100_000, 900_000))
        self.loop.crm.clock.advance(1)
        hands.edit(deal, column, word)
        self.typed[deal, column] = word

    async def fault(self, bridge: Bridge) -> None:
        del bridge
        kind, method = self.dice.choice(_FAULTS), self.dice.choice(["*", "GET", "POST", "PATCH"])
        self.loop.crm.faults.arm(Fault(kind, method, skip=self.dice.randrange(6), times=self.dice.choice([1, 1, 3])))

    async def push(self, bridge: Bridge) -> None:
        await self.cycle(push_once(bridge))

    async def full(self, bridge: Bridge) -> None:
        await self.cycle(push_once(bridge, request=PushRequest(full=True)))

    async def pull(self, bridge: Bridge) -> None:
        await self.cycle(pull_once(bridge))

    async def cycle(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        try:
            await work
        except FieldnoteError as error:
            self.failures[type(error).__name__] += 1

    async def kill(self, bridge: Bridge) -> None:
        """SIGKILL in the middle of a pass, after some calls to the CRM."""
        del bridge
        loop = self.loop
        command = [sys.executable, "-m", "tests.bridge.process", self.dice.choice(["push", "pull"])]
        process = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
            [*command, str(loop.path), str(loop.folder / "home"), loop.database_url],
            env={**os.environ, **loop.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        already, calls = len(loop.crm.calls), self.dice.randrange(12)
        while process.poll() is None and len(loop.crm.calls) <= already + calls:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.01)
        await asyncio.sleep(self.dice.uniform(0, 0.3))
        process.kill()
        process.wait()

    # --- what must hold

    def untouched(self) -> None:
        """A person's value is never overwritten, not even for a moment."""
        for (deal, column), word in self.typed.items():
            assert self.loop.hands.value(deal, column) == word, (deal, column, self.steps)

    async def ends(self, bridge: Bridge) -> None:
        """Without faults, both sides become equal."""
        loop, hands = self.loop, self.loop.hands
        loop.crm.faults.clear()
        for _ in range(3):
            async with bridge.engine.begin() as conn:  # what failed waits for minutes; here, for nothing
                await conn.execute(text("update due set retry_at = now()"))
            await self.pull(bridge)
            # One job of ServiceTitan has many visits here, and all of them leave when it becomes a service call.
            await self.cycle(push_once(bridge, request=PushRequest(full=True, accept_deletes=10_000)))
            wrong = [*loop.differences(), *self.wrong_fields(), *self.wrong_notes()]
            if not wrong:
                break
        assert not wrong, f"{wrong[:8]} after {' '.join(self.steps)}, {dict(self.failures)}"
        self.untouched()
        assert len(loop.crm.calls) > 0
        assert not [one for one in loop.stub.records["engagements"] if one not in hands.truth().visits]

    def wrong_fields(self) -> list[str]:
        found = []
        for (deal, column), said in self.said.items():
            value = self.loop.hands.value(deal, column)
            wanted = self.typed.get((deal, column), max(said)[1])
            found += [f"{deal}.{column} is {value} instead of {wanted}"] if value != wanted else []
        return found

    def wrong_notes(self) -> list[str]:
        found = []
        for deal in sorted(set(self.recordings.values())):
            marks = Counter(mark for body in self.loop.hands.notes(deal) for mark in _MARK.findall(body))
            doubled = [mark for mark, count in marks.items() if count > 1]
            wanted = sum(one == deal for one in self.recordings.values())
            found += [f"{deal}: notes doubled: {doubled}"] if doubled else []
            found += [f"{deal}: {len(marks)} notes instead of {wanted}"] if len(marks) != wanted else []
        return found


@pytest.mark.parametrize("name", sorted(SANDBOXES))
async def test_nothing_is_lost_doubled_or_overwritten(
    name: str, tmp_path: Path, bridge_url: str, seed: int, long: bool
) -> None:
    with open_loop(name, tmp_path, bridge_url) as loop:
        config = loop.written()
        model = Model(loop, random.Random(f"{seed}/{name}"))
        async with AsyncExitStack() as stack:
            bridge = await stack.enter_async_context(loop.opened(config))
            assert (await push_once(bridge)).settled  # a recording is linked to what Siro has
            for _ in range(LONG if long else STEPS):
                await model.step(bridge)
            await model.ends(bridge)
