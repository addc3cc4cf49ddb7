"""How many calls a second the workspace takes, how long each lasts, and what memory it needs.

A served workspace in a home of its own (embedded PostgreSQL), loaded by `load.py` from another process.
Run by hand, with nothing else at work on the machine: `uv run python bench/workspace/rates.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
SAID = "Rep: What budget do you have in mind?\nMary: Between forty and fifty thousand dollars.\n" * 20


class Bench:
    """A served workspace of one organization."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("FIELDNOTE_", "SIRO_"))}
        self.environment["FIELDNOTE_HOME"] = str(home)
        self.token = self.command("workspace", "init", "--org", "Acme", "--admin", "ann@acme.test")["token"]
        self.command("workspace", "user", "add", "--email", "rep0@acme.test", "--name", "Rep Number0")

    def command(self, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "fieldnote", *arguments, "--json"],
            env=self.environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def record(self, count: int) -> list[str]:
        """Conversations of one rep, which are linked to visits where one fits."""
        transcript = self.home / "said.txt"
        transcript.write_text(SAID)
        return [
            self.command(
                "workspace", "record", "--transcript", str(transcript), "--user", "rep0@acme.test",
                "--started-at", f"2026-01-{5 + n // 20:02}T{n % 20:02}:00:00Z", "--duration", "3000",
            )["recordingId"]
            for n in range(count)
        ]  # fmt: skip

    @contextmanager
    def served(self) -> Iterator[None]:
        command = [sys.executable, "-m", "fieldnote", "workspace", "serve", "--port", "0", "--rate-limit", "off"]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            self.process = psutil.Process(process.pid)
            self.url = process.stdout.readline().split()[-1]
            try:
                yield
            finally:
                process.terminate()

    def load(self, kind: str, **options: object) -> Any:
        """Run the load generator; its result and what the server used meanwhile."""
        before, began = self.process.cpu_times(), time.perf_counter()
        command = [sys.executable, str(HERE / "load.py"), kind, "--url", self.url, "--token", self.token]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        after = self.process.cpu_times()
        used = after.user + after.system - before.user - before.system
        result["cpu"] = used / (time.perf_counter() - began)
        result["memory"] = self.process.memory_info().rss / 1e6
        return result


def show(name: str, result: Any) -> None:
    print(
        f"{name:34} {result['rate']:7.0f}/s   p50 {result['p50']:6.1f} ms   p99 {result['p99']:6.1f} ms   "
        f"server {result['memory']:4.0f} MB, {100 * result['cpu']:3.0f} % of a core   failures {result['failures']}"
        + (f"\n  {result['failure']}" if result["failure"] else ""),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="of each measurement")
    parser.add_argument("--flight", type=int, default=16, help="requests in flight")
    parser.add_argument("--fill", type=int, default=0, help="then fill it, by batches, to so many engagements")
    parser.add_argument("--only", default="single,recording,batch")
    options = parser.parse_args()
    # Below a folder that PostgreSQL's own user may enter, where this runs as root.
    home = Path(tempfile.mkdtemp(prefix="fieldnote-bench-", dir="/var/tmp"))
    home.chmod(0o711)
    try:
        bench = Bench(home)
        recordings = bench.record(5)
        with bench.served():
            measure(bench, options, ",".join(recordings))
    finally:
        subprocess.run([sys.executable, "-m", "fieldnote", "db", "stop"], env=bench.environment, check=False)
        shutil.rmtree(home, ignore_errors=True)


def measure(bench: Bench, options: argparse.Namespace, recordings: str) -> None:
    """Each kind of call by itself; then again at each tenth of the way to `--fill` engagements."""
    common = {"seconds": options.seconds, "flight": options.flight}
    if "single" in options.only:
        bench.load("single", start=10_000_000, seconds=3, flight=options.flight)  # to warm up
        show("PUT engagement, new", bench.load("single", start=20_000_000, **common))
        show("PUT engagement, the same again", bench.load("single", start=20_000_000, **common))
    if "recording" in options.only:
        show("GET recording", bench.load("recording", recordings=recordings, **common))
    if "batch" in options.only:
        show("PUT batch of 100, new", bench.load("batch", start=30_000_000, seconds=options.seconds, flight=4))
    for step in range(10 if options.fill else 0):
        start, end = step * options.fill // 10, (step + 1) * options.fill // 10
        show(f"fill to {end:,}", bench.load("batch", start=start, until=end, seconds=100_000, flight=4))
        show(
            "  PUT engagement, new",
            bench.load("single", start=40_000_000 + step * 100_000, seconds=5, flight=options.flight),
        )
        show("  GET recording", bench.load("recording", recordings=recordings, seconds=5, flight=options.flight))


if __name__ == "__main__":
    main()
