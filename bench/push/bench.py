"""Fieldnote's push beside dlt and two loops: `uv run python bench/push/bench.py [scenario …]`.

Run it by hand, with nothing else at work on the machine. README.md in this folder says what each scenario does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import daemon
import exactness
import hooks
import speed
from contestants import ALL
from report import Report, show
from stage import Stage, staged

SCENARIOS = {**speed.SCENARIOS, **daemon.SCENARIOS, **hooks.SCENARIOS, **exactness.SCENARIOS}
LONG = ("million", "rate-limit")
"""Only played when they are named."""


def main() -> None:
    options = _options()
    for contestant in ALL:
        if contestant.missing:
            print(f"{contestant.name} does not take part: {', '.join(contestant.missing)} is not installed")
    with tempfile.TemporaryDirectory(prefix="fn") as folder:
        asked = {"rows": options.rows, "rounds": options.rounds, "only": tuple(options.only), "seed": options.seed}
        with staged(Path(folder), **asked) as stage:
            kept = [_play(stage, name) for name in options.scenario or _short()]
    sys.exit(0 if all(kept) else 1)


def _short() -> list[str]:
    return [name for name in SCENARIOS if name not in LONG]


def _play(stage: Stage, name: str) -> bool:
    """Whether all that the scenario asks was kept."""
    found: Report | list[Report] = SCENARIOS[name](stage)
    reports = found if isinstance(found, list) else [found]
    for report in reports:
        show(report)
    return all(report.kept for report in reports)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; none: all but {' and '.join(LONG)}")
    parser.add_argument("--rows", type=int, help="appointments, in place of the scenario's own number")
    parser.add_argument("--rounds", type=int, help="how often each is run, in place of the scenario's own number")
    names = [contestant.name for contestant in ALL]
    parser.add_argument("--only", action="append", default=[], choices=names, help="who takes part; may be repeated")
    parser.add_argument("--seed", type=int, default=7, help="of the moments at which a run is killed")
    options = parser.parse_args()
    for name in options.scenario:
        if name not in SCENARIOS:
            parser.error(f"there is no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return options


if __name__ == "__main__":
    main()
