"""The same world through the product: appointments by the API, recordings by `record --batch`, links by the API.

`python -m bench.matching.through_server --reps 12 --days 28`. It makes a home and a database of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from bench.matching.quality import Answers, answers_of, first_world, measure
from bench.matching.rates import DISORDER
from bench.matching.world import World, make_world
from fieldnote.matching import USUAL, Appointment, Conversation, match

BATCH = 200


class Product:
    """A workspace of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {"FIELDNOTE_HOME": str(home)}
        made = self.command("workspace", "init", "--org", "Bench", "--admin", "boss@bench.test")
        self.client = httpx2.Client(headers={"authorization": f"Bearer {made['token']}"}, timeout=120, trust_env=False)

    def command(self, *words: str) -> Any:
        return json.loads(self.output(*words, "--json"))

    def output(self, *words: str) -> str:
        command = [sys.executable, "-m", "fieldnote", *words]
        return subprocess.run(command, env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    @contextmanager
    def served(self) -> Iterator[None]:
        command = [sys.executable, "-m", "fieldnote", "workspace", "serve", "--port", "0", "--rate-limit", "off"]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            self.client.base_url = httpx2.URL(process.stdout.readline().split()[-1] + "/api-externalApi")
            try:
                yield
            finally:
                process.terminate()

    def sync(self, appointments: list[Appointment]) -> None:
        for start in range(0, len(appointments), BATCH):
            body = [_engagement(one) for one in appointments[start : start + BATCH]]
            self.client.put("/v1/integrations/sync/batch/engagements", json=body).raise_for_status()

    def record(self, conversations: list[Conversation], file: Path) -> dict[str, str]:
        """The keys of the recordings by their ids."""
        file.write_text("".join(json.dumps(_line(one)) + "\n" for one in conversations))
        printed = self.output("workspace", "record", "--batch", str(file)).splitlines()
        return {json.loads(said)["recordingId"]: one.id for said, one in zip(printed, conversations, strict=True)}

    def links(self, keys: dict[str, str]) -> Answers:
        found: Answers = {}
        cursor: str | None = ""
        while cursor is not None:
            asked = {"pageSize": "200", "showCrmLinks": "true"} | ({"cursor": cursor} if cursor else {})
            page = self.client.get("/v1/core/recordings", params=asked).raise_for_status().json()
            for row in page["data"]:
                linked = row.get("crm", {}).get("engagement", {}).get("externalId")
                found[keys[row["id"]]] = linked, linked, 1.0
            cursor = page["cursor"]
        return found


def _engagement(one: Appointment) -> dict[str, Any]:
    account: dict[str, Any] = {"externalId": f"c-{one.id}", "name": one.customer}
    if one.place is not None:
        account |= {"latitude": one.place.latitude, "longitude": one.place.longitude}
    return {
        "externalId": one.id,
        "startTime": one.starts_at.isoformat(),
        "endTime": one.ends_at.isoformat() if one.ends_at else None,
        "subject": one.title,
        "engagementType": {"activityType": one.kind, "name": one.kind},
        "engagementUsers": [{"externalId": rep, "email": f"{rep}@bench.test"} for rep in sorted(one.rep_ids)],
        "account": account,
        **({"deletedAt": one.starts_at.isoformat()} if one.cancelled else {}),
    }


def _line(one: Conversation) -> dict[str, Any]:
    return {
        "id": one.id,
        "user": f"{one.rep_id}@bench.test",
        "startedAt": one.starts_at.isoformat(),
        "durationSeconds": one.duration.total_seconds() if one.duration else None,
        "title": one.title or None,
        "latitude": one.place.latitude if one.place else None,
        "longitude": one.place.longitude if one.place else None,
        "appointmentId": None,
        "opportunityId": None,
        "transcript": None,
    }


def play(world: World, *, reps: int, late: bool) -> Answers:
    """The product's links. `late`: the appointments come after the recordings."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        product = Product(home)
        try:
            for n in range(reps):
                product.command("workspace", "user", "add", "--email", f"rep-{n}@bench.test", "--name", f"Rep No{n}")
            with product.served():
                if not late:
                    product.sync(world.appointments)
                began = time.perf_counter()
                keys = product.record(world.conversations, Path(folder, "history.jsonl"))
                spent = time.perf_counter() - began
                print(f"record --batch: {len(keys)} lines in {spent:.1f} s, {60 * len(keys) / spent:.0f} a minute")
                if late:
                    product.sync(world.appointments)
                    time.sleep(max(10.0, len(keys) / 50))  # for the jobs that look at the links again
                return product.links(keys)
        finally:
            product.output("db", "stop")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--reps", type=int, default=12)
    arguments.add_argument("--days", type=int, default=28)
    arguments.add_argument("--late", action="store_true", help="the appointments come after the recordings")
    given = arguments.parse_args()
    world = make_world(given.seed, reps=given.reps, days=given.days)
    answers = play(world, reps=given.reps, late=given.late)
    pure = answers_of(match(world.conversations, world.appointments, rates=USUAL))
    same = sum(answers[key][0] == pure[key][0] for key in pure)
    print(f"{same} of {len(pure)} links are those of the pure matcher\n")
    heads = ("", "Recordings", "Decidable", "Links: precision", "recall", "Best guess: precision", "recall")
    print(f"| {' | '.join(heads)} | Links, all | Strays linked |")
    print("|---|---|---|---|---|---|---|---|---|")
    measured = first_world(world, DISORDER)
    print(measure(measured, answers)["overall"].row("through the server"))
    print(measure(measured, pure)["overall"].row("the pure matcher"))


if __name__ == "__main__":
    main()
