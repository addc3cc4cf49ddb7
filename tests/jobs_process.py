"""A worker in a process of its own, for the tests of jobs: `python -m tests.jobs_process URL`."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import procrastinate

from fieldnote.db.engine import Application
from fieldnote.jobs import WorkerSettings, make_app, run_worker

QUICK = WorkerSettings(
    heartbeat=timedelta(seconds=0.2),
    stalled_after=timedelta(minutes=1),  # tests move the heartbeat of the dead; none of the living is ever so late
    poll=timedelta(seconds=0.2),
    stop_after=timedelta(seconds=0.2),
)
blueprint = procrastinate.Blueprint()


@blueprint.task(name="append", pass_context=True)
async def append(context: procrastinate.JobContext, text: str) -> None:
    """Add `text` to the list that the worker was given."""
    context.additional_context["done"].append(text)


@blueprint.task(name="hang_once", pass_context=True)
async def hang_once(context: procrastinate.JobContext, marker: str) -> None:
    """Hang for ever the first time, which leaves `marker`; end at once the second time."""
    path = Path(marker)
    if await asyncio.to_thread(path.exists):
        context.additional_context["done"].append(marker)
        return
    await asyncio.to_thread(path.touch)
    await asyncio.sleep(3600)


@blueprint.task(name="fail_once", retry=1, queueing_lock="fail_once", pass_context=True)
async def fail_once(context: procrastinate.JobContext, marker: str) -> None:
    """Wait until `marker` is there, then fail; with no marker named, end at once."""
    path = Path(marker)
    while True:
        if not marker or await asyncio.to_thread(path.exists):
            break
        await asyncio.sleep(0.02)
    context.additional_context["done"].append(marker)
    if marker:
        raise RuntimeError("as it should")


if __name__ == "__main__":
    app = make_app(Application.BRIDGE, sys.argv[1], blueprint)
    asyncio.run(run_worker(app, context={"done": []}, settings=QUICK))
