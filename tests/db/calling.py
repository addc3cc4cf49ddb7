"""A process that makes a given number of calls, under a budget that it shares: `python -m tests.db.calling …`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import nullcontext

from fieldnote.db.rate_limit import SharedLimiter
from fieldnote.siro import AsyncSiro, Budget, bulk


async def call(options: argparse.Namespace) -> None:
    budget = Budget(options.budget, options.window)
    with SharedLimiter(options.database, budget, longest_call=options.longest) as limiter:
        async with AsyncSiro(token="shared", base_url=options.server, limiter=limiter) as siro:
            with bulk() if options.bulk else nullcontext():
                await asyncio.gather(*(siro.auth.caller_identity() for _ in range(options.calls)))
            totals = siro.totals
    sys.stdout.write(f"{totals.calls} calls, {totals.retries} retries\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--budget", type=int, required=True)
    parser.add_argument("--window", type=float, required=True)
    parser.add_argument("--longest", type=float, default=300.0)
    parser.add_argument("--bulk", action="store_true")
    asyncio.run(call(parser.parse_args()))


if __name__ == "__main__":
    main()
