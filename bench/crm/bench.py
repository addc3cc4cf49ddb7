"""Reading a large account through a preset: `uv run python -m bench.crm.bench [NAME …] [--appointments 100000]`.

A stand-in runs in a process of its own, with its real page sizes and limits. The output has the calls beside the fewest
that the page sizes allow, the calls that were one too many, the time beside the wait that the limits demand, the memory
of the process that reads, and the calls of a cycle in which nothing changed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from fieldnote.config import Config, load
from fieldnote.crm import Place, open_driver
from fieldnote.crm.types import Source
from fieldnote.db.embedded import ensure_server, stop_server

VISITS = {"hubspot": "Sales visit", "salesforce": "Event", "servicetitan": "Sales Estimate"}
URLS = {
    "hubspot": ("url: ${HUBSPOT_URL}",), "salesforce": (),
    "servicetitan": ("url: ${SERVICETITAN_URL}", "token_url: ${SERVICETITAN_TOKEN_URL}"),
}  # fmt: skip


def fewest(name: str, visits: int) -> int:
    """The calls that the page sizes allow at least, for a first reading of everything."""
    fifth = visits // 5 + 1
    pages = {
        # A full page must be followed by one that is not. 1,000 links a call: two for meetings, one for deals.
        "hubspot": (
            visits // 200 + 1 + 2 * (fifth // 200 + 1) + 2 * math.ceil(visits / 1000) + math.ceil(fifth / 1000) + 5
        ),
        # Each object is described once. Event, EventRelation, Opportunity, Account, Contact, Lead, User.
        "salesforce": 7 + visits // 2000 + 1 + 1 + 3 * (fifth // 2000 + 1) + 2,
        # 1,000 rows a page: appointments, assignments, jobs, customers, locations, contacts, and three small ones.
        "servicetitan": 2 * math.ceil(visits / 1000) + 4 * math.ceil(fifth / 1000) + 3,
    }
    return pages[name]


def demanded(name: str, paths: Counter[str]) -> float:
    """The seconds that the limits of the preset make these calls take."""
    total = sum(paths.values())
    if name == "hubspot":
        searches = sum(count for path, count in paths.items() if path.endswith("/search"))
        return max(searches / 4, (total - searches) / 9)
    return total / 50 if name == "servicetitan" else 0.0


def measure(name: str, visits: int, folder: Path, database_url: str) -> dict[str, Any]:
    """One account, read twice."""
    with served(name, visits) as sandbox:
        url, environment = sandbox.url, sandbox.environment
        config = written_config(name, folder, environment)
        driver = open_driver(config.crm, Place(name, folder, database_url, folder / "home"))
        sources = read_sources(config)
        began = time.monotonic()
        driver.refresh(sources)
        seconds = time.monotonic() - began
        paths, refused = _calls(url)
        rows = sum(len(page.rows) for page in driver.pages(sources[-1]))
        driver.refresh(sources)
        again, _ = _calls(url)
        driver.close()
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024  # before the stand-in is waited for
    return {
        "crm": name, "appointments": visits, "rows": rows, "calls": sum(paths.values()), "fewest": fewest(name, visits),
        "too many": refused, "seconds": round(seconds, 1), "demanded": round(demanded(name, paths), 1),
        "memory MB": memory,
        "calls of an unchanged cycle": dict(again - paths),
    }  # fmt: skip


def written_config(name: str, folder: Path, environment: dict[str, str]) -> Config:
    """The smallest file that pushes from this stand-in."""
    path = folder / f"{name}.yaml"
    own = "".join(f"  {line}\n" for line in URLS[name])
    path.write_text(f"version: 1\ncrm:\n  driver: {name}\n{own}  visits: [{VISITS[name]}]\npush: {{}}\n")
    return load(path, environment)


def read_sources(config: Config) -> list[Source]:
    """The streams of a file, as a driver reads them."""
    return [
        Source(f"push.{stream}", settings.key, settings.query, settings.table, settings.cursor)
        for stream, settings in (config.push.streams() if config.push else {}).items()
    ]


def _calls(url: str) -> tuple[Counter[str], int]:
    calls = httpx2.get(f"{url}/_sandbox/calls", params={"last": 100_000}, timeout=120).json()
    paths = Counter(one["path"] for one in calls if "token" not in one["path"])
    return paths, sum(one["status"] == 429 for one in calls)


@dataclass(frozen=True, slots=True)
class Served:
    """A stand-in in a process of its own."""

    url: str
    environment: dict[str, str]
    process: int

    def busy(self) -> float:
        """The processor seconds that it has used, as Linux counts them."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(name: str, visits: int) -> Iterator[Served]:
    command = [sys.executable, "-m", "bench.crm.server", name, str(visits)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        yield Served(said["url"], said["environment"], process.pid)
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(VISITS))
    parser.add_argument("--appointments", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fn") as text:
        folder = Path(text)
        server = ensure_server(folder / "db")
        try:
            for name in options.names:
                print(json.dumps(measure(name, options.appointments, folder, server.url(f"bench_{name}"))), flush=True)
        finally:
            stop_server(folder / "db")


if __name__ == "__main__":
    main()
