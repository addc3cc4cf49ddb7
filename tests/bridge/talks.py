"""Random lives of conversations, and of the people who work in the CRM meanwhile: what pull is held against."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse, JSONResponse

from tests.bridge.conftest import Crm
from tests.bridge.stub_siro import StubSiro, iso

DEALS = (1, 2, 3)
MONEY = ("$100", "$2,000", "$30,000 - $40,000", "whatever my wife says")
WORTH = {"$100": 100, "$2,000": 2000, "$30,000 - $40,000": 40000}
WORDS = ("price", "time", "the roof", "their son")


def bad_line(dice: random.Random) -> Callable[[str, str, Any], Response | None]:
    """A server and a line that misbehave while recordings are read."""

    def misbehave(method: str, path: str, _body: Any) -> Response | None:
        if method != "GET" or "recordings" not in path or dice.random() > 0.25:
            return None
        match dice.choice(["500", "429", "cut", "edge", "502"]):
            case "429":
                return Response(status_code=429)
            case "cut":
                return Response('{"data": [{"id": "r1", "orga', media_type="application/json")
            case "edge":
                return HTMLResponse("<title>Access denied</title>", 403)
            case "502":
                return JSONResponse({"error": "oops"}, 502)
            case _:
                return JSONResponse({"error": "oops"}, 500)

    return misbehave


@dataclass
class Talk:
    """One recording, as its life has left it."""

    started_at: datetime
    deal: int | None
    said: dict[str, str]
    summary: str
    deleted: bool = False
    purged: bool = False

    @property
    def counts(self) -> bool:
        """Whether what was said in it asks for something."""
        return self.deal is not None and not self.deleted


@dataclass
class Talks:
    """One Siro and one CRM, and a pair of dice."""

    crm: Crm
    stub: StubSiro
    dice: random.Random
    talks: dict[str, Talk] = field(default_factory=dict)
    typed: dict[tuple[int, str], Any] = field(default_factory=dict)
    """The value that a person last entered, by deal and column."""
    noted: dict[tuple[int, str], str | None] = field(default_factory=dict)
    """A person's version of a note, by deal and recording; None: they deleted it."""
    unclear: set[int] = field(default_factory=set)
    """Deals of which a recording was deleted, or the link removed: what it gave may stay."""
    unread: set[str] = field(default_factory=set)
    """Recordings that changed since all had last come to rest: what is purged of those was never there to read."""
    lost: bool = False
    """Whether a column that we write has another name just now."""
    tick: int = 0

    def step(self) -> None:
        """One thing happens."""
        self.tick += 1
        self.dice.choice(self.events())()

    def events(self) -> tuple[Callable[[], None], ...]:
        return (
            self.record, self.record, self.extract_again, self.revise, self.link_again, self.unlink, self.delete,
            self.purge, self.type, self.type, self.edit_note, self.delete_note, self.refuse, self.lose_a_column,
        )  # fmt: skip

    # --- what happens in Siro

    def record(self) -> None:
        started = datetime.now(UTC) - timedelta(hours=self.dice.uniform(1, 40))
        deal = self.dice.choice([*DEALS, None])
        talk = Talk(started, deal, self._said(), f"Summary {self.tick}.")
        self._put(f"r{self.tick}", talk)

    def extract_again(self) -> None:
        if found := self._some(lambda talk: not talk.purged):
            name, talk = found
            talk.said = self._said()
            self._put(name, talk)

    def revise(self) -> None:
        if found := self._some(lambda talk: not talk.purged):
            name, talk = found
            talk.summary = f"Summary {self.tick}."
            self._put(name, talk)

    def link_again(self) -> None:
        if found := self._some(lambda _: True):
            name, talk = found
            talk.deal = self.dice.choice(DEALS)
            self._put(name, talk)

    def unlink(self) -> None:
        if found := self._some(lambda _: True):
            name, talk = found
            self.unclear |= {talk.deal} if talk.deal else set()
            talk.deal = None
            self._put(name, talk)

    def delete(self) -> None:
        if found := self._some(lambda talk: talk.deal is not None):
            name, talk = found
            talk.deleted = True
            self.unclear.add(talk.deal or 0)
            self._put(name, talk)

    def purge(self) -> None:
        """Siro keeps nothing of it but that it was."""
        found = self._some(lambda talk: not talk.purged)
        if found and found[0] not in self.unread:
            name, talk = found
            talk.purged = True
            self._put(name, talk)

    def _said(self) -> dict[str, str]:
        names = {"Budget": MONEY, "Objections": WORDS, "Log": WORDS, "Decision Maker": WORDS}
        return {name: self.dice.choice(words) for name, words in names.items() if self.dice.random() < 0.7}

    def _some(self, fits: Callable[[Talk], bool]) -> tuple[str, Talk] | None:
        found = [(name, talk) for name, talk in self.talks.items() if fits(talk) and not talk.deleted]
        return self.dice.choice(found) if found else None

    def _put(self, name: str, talk: Talk) -> None:
        self.talks[name] = talk
        self.unread.add(name)
        self.stub.record(
            name,
            started_at=talk.started_at,
            opportunity=str(talk.deal) if talk.deal else None,
            said={} if talk.purged else talk.said,
            summary=None if talk.purged else talk.summary,
        )
        extra = {"isSummaryDone": True, "deleted": talk.deleted}
        self.stub.recordings[name] |= extra | ({"rootDataPurgedAt": iso(datetime.now(UTC))} if talk.purged else {})

    # --- what people do in the CRM

    def type(self) -> None:
        deal, column = self.dice.choice(DEALS), self.dice.choice(["budget_max", "objections", "decision"])
        value = str(self.tick) if column == "budget_max" else f"typed {self.tick}"
        self.crm.set_deal(deal, column, value)
        self.typed[deal, column] = int(value) if column == "budget_max" else value

    def edit_note(self) -> None:
        if note := self._a_note():
            self.crm.execute(f"update deal_notes set body = 'edited {self.tick}' where id = {note[0]}")
            self.noted[note[1], note[2]] = f"edited {self.tick}"

    def delete_note(self) -> None:
        if note := self._a_note():
            self.crm.execute(f"delete from deal_notes where id = {note[0]}")
            self.noted[note[1], note[2]] = None

    def _a_note(self) -> tuple[int, int, str] | None:
        rows = self.crm.execute("select id, deal_id, external_key from deal_notes order by id")
        if not rows:
            return None
        number, deal, key = self.dice.choice(rows)
        return number, deal, str(key).removeprefix("siro:")

    # --- what the CRM does

    def refuse(self) -> None:
        """It takes no objections but a person's."""
        self.crm.execute(
            "create trigger if not exists refused before update of objections on deals "
            "when coalesce(new.objections, '') not like 'typed%' begin select raise(abort, 'no'); end"
        )

    def lose_a_column(self) -> None:
        """Somebody renames one that we write."""
        if not self.lost:
            self.crm.execute("alter table deals rename column log to diary")
            self.lost = True

    def heal(self) -> None:
        """Both are fixed."""
        self.crm.execute("drop trigger if exists refused")
        if self.lost:
            self.crm.execute("alter table deals rename column diary to log")
            self.lost = False

    # --- what must be true

    def wrongs(self) -> list[str]:
        """Everything in the CRM that should not be so, once all has come to rest."""
        return [*self._fields(), *self._notes()]

    def _fields(self) -> list[str]:
        found = []
        for deal in DEALS:
            for column, wanted in {"budget_max": self._budget(deal), "objections": self._objections(deal)}.items():
                live = self.crm.deal(deal, column)
                if (deal, column) in self.typed:
                    if live != self.typed[deal, column]:
                        found.append(
                            f"deal {deal}: {column} is {live!r}, and a person typed {self.typed[deal, column]!r}"
                        )
                elif live != wanted and deal not in self.unclear:
                    found.append(f"deal {deal}: {column} is {live!r} and should be {wanted!r}")
            decision = self.crm.deal(deal, "decision")
            if decision != self.typed.get((deal, "decision")):
                found.append(f"deal {deal}: decision is {decision!r}, and only a person writes there")
            if not self._log_is_right(deal):
                found.append(f"deal {deal}: log is {self.crm.deal(deal, 'log')!r}")
        return found

    def _of(self, deal: int) -> list[Talk]:
        return sorted((t for t in self.talks.values() if t.counts and t.deal == deal), key=lambda talk: talk.started_at)

    def _budget(self, deal: int) -> int | None:
        values = [WORTH[talk.said["Budget"]] for talk in self._of(deal) if talk.said.get("Budget") in WORTH]
        return values[-1] if values else None

    def _objections(self, deal: int) -> str | None:
        values = [talk.said["Objections"] for talk in self._of(deal) if "Objections" in talk.said]
        return values[-1] if values else None

    def _log_is_right(self, deal: int) -> bool:
        lines = dict.fromkeys(talk.said["Log"] for talk in self._of(deal) if "Log" in talk.said)
        live = self.crm.deal(deal, "log")
        if deal in self.unclear:
            return True
        return bool(live == ("\n".join(lines) or None))

    def _notes(self) -> list[str]:
        rows = self.crm.notes()
        keys = [(deal, str(key).removeprefix("siro:")) for deal, _, key in rows]
        found = [f"note {key} exists twice" for key in set(keys) if keys.count(key) > 1]
        bodies = dict(zip(keys, (body for _, body, _ in rows), strict=True))
        for place, body in self.noted.items():
            if bodies.get(place) != body:
                found.append(f"note {place} is {bodies.get(place)!r}, and a person made it {body!r}")
        for name, talk in self.talks.items():
            place = (talk.deal or 0, name)
            if talk.counts and place not in self.noted and talk.summary not in bodies.get(place, ""):
                found.append(f"note {place} does not say {talk.summary!r}: {bodies.get(place)!r}")
        return found
