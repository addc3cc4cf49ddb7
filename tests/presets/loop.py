"""A stand-in, a Siro with a state, and a file that `fieldnote init` wrote: the whole loop, and whether it is equal."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from fieldnote.bridge import Bridge, open_bridge
from fieldnote.cli.root import app
from fieldnote.config import Config, load
from fieldnote.sandbox import StandIn, open_sandbox, serving
from fieldnote.siro import RetryPolicy
from tests.bridge.stub_siro import StubSiro, serve
from tests.presets.hands import Hands, hands_of
from tests.sandbox.contractors import small


@dataclass
class Loop:
    """Both sides, and the file between them."""

    crm: StandIn
    hands: Hands
    stub: StubSiro
    folder: Path
    database_url: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.crm.environment(), "SIRO_TOKEN": self.stub.token, "SIRO_API_URL": self.stub.url,
            "SIRO_BASE_URL": f"{self.stub.url}/api-externalApi",
        }  # fmt: skip

    @property
    def path(self) -> Path:
        return self.folder / "fieldnote.yaml"

    def init(
        self, *words: str, checks: bool = False, answers: str | None = None, unset: Iterable[str] = ()
    ) -> tuple[int, str]:
        """Run `fieldnote init --crm`; without `checks` it has no Siro to check with. `unset`: variables to ask for."""
        kept = dict(os.environ)
        os.environ.update(self.environment)
        os.environ["FIELDNOTE_BRIDGE_DATABASE_URL"] = self.database_url
        if not checks:
            del os.environ["SIRO_TOKEN"]
        for name in unset:
            del os.environ[name]
        command = ["init", "--crm", self.crm.name, "--output", str(self.path), "--env-file", str(self.folder / "f.env")]
        try:
            result = CliRunner().invoke(app, [*command, *words], input=answers)
        finally:
            os.environ.clear()
            os.environ.update(kept)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    def written(self, *words: str) -> Config:
        """The file that `init` writes without a question."""
        visits = [word for one in self.hands.visits for word in ("--visits", one)]
        status, said = self.init("--yes", "--force", "--policy", "fill", *visits, *words)
        assert status == 0, said
        return load(self.path, self.environment)

    @asynccontextmanager
    async def opened(self, config: Config | None = None) -> AsyncIterator[Bridge]:
        async with open_bridge(
            config or load(self.path, self.environment), home=self.folder / "home", database_url=self.database_url,
            retries=RetryPolicy(attempts=1),
        ) as bridge:  # fmt: skip
            yield bridge

    # --- the comparison

    def differences(self) -> list[str]:
        """Where Siro does not show what the stand-in's own store has."""
        truth = self.hands.truth()
        found: list[str] = []
        engagements, opportunities = self.stub.records["engagements"], self.stub.records["opportunities"]
        for key, visit in truth.visits.items():
            record = engagements.get(key)
            if not visit.alive:
                found += [f"{key} is gone, and Siro shows it"] if record and not record.get("deletedAt") else []
                continue
            seen = None if record is None or record.get("deletedAt") else self._seen(record)
            wanted = (visit.start, visit.reps, visit.deal, visit.customer)
            found += [f"{key}: {wanted} in the CRM, {seen} in Siro"] if seen != wanted else []
        for deal, (state, alive) in truth.deals.items():
            record = opportunities.get(deal)
            shown = None if record is None or record.get("deletedAt") else record.get("disposition")
            found += (
                [f"deal {deal}: {state if alive else None}, {shown}"] if shown != (state if alive else None) else []
            )
        extra = [key for key, one in engagements.items() if key not in truth.visits and not one.get("deletedAt")]
        return [*found, *(f"{key} is in Siro alone" for key in extra)]

    def _seen(self, record: dict[str, Any]) -> tuple[datetime, frozenset[str], str | None, str | None]:
        reps = [one for one in record.get("engagementUsers") or [] if not one.get("deletedAt")]
        assert len({one["externalId"] for one in reps}) == len(reps)
        return (
            datetime.fromisoformat(record["startTime"]), frozenset(one["externalId"] for one in reps),
            (record.get("opportunity") or {}).get("externalId"),
            (record.get(self.hands.customer_model) or {}).get("externalId"),
        )  # fmt: skip


@contextmanager
def open_loop(name: str, folder: Path, database_url: str) -> Iterator[Loop]:
    """A filled stand-in that is served, and a Siro."""
    crm = open_sandbox(name)
    crm.fill(small())
    with serving(crm), serve(StubSiro()) as stub:
        yield Loop(crm, hands_of(crm), stub, folder, database_url)
