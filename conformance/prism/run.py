"""Every operation of the Siro client against Prism, an independent mock of the published contract.

`python -m conformance.prism.run` from the project's root; the README beside this says more.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fieldnote.siro import BadResponse, Refused, RepeatedPage, RetryPolicy, Siro, SiroError
from fieldnote.siro.operations import Audience, Endpoint
from scripts.reference import contract, method_of
from tests.siro.contract import DATA, FILES, Described, operations
from tests.siro.signatures import arguments, called

HERE: Final = Path(__file__).parent
PRISM: Final = HERE / "node_modules/.bin/prism"
NOT_DONE: Final = "answered that it was not done"


@contextmanager
def prism(audience: Audience, *, dynamic: bool, log: Path) -> Iterator[str]:
    """A running mock of one contract. Its address."""
    port = _free_port()
    how = ["--dynamic"] if dynamic else []
    command = [str(PRISM), "mock", "--errors", "--port", str(port), *how, str(DATA / FILES[audience])]
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"Prism ended: {log.read_text()[-2000:]}")
        try:
            httpx2.get(f"http://127.0.0.1:{port}/", timeout=1)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("Prism does not answer")


class Run:
    """Calls one operation after the other, and keeps what went wrong."""

    def __init__(self, siro: Siro, draws: int, number: int) -> None:
        self.siro = siro
        self.draws = draws
        self.number = number
        self.calls = 0
        self.problems: list[str] = []

    def call(self, endpoint: Endpoint, described: Described) -> None:
        """Several calls with arguments drawn from the contract."""
        before = self.calls
        try:
            self._checked(endpoint, described)()
        except* (SiroError, ValidationError) as group:
            self.problems += [f"{described.name} (siro.{endpoint.python}): {error}" for error in group.exceptions]
        if self.calls == before:
            self.problems.append(f"{described.name} (siro.{endpoint.python}): was not reached")

    def _checked(self, endpoint: Endpoint, described: Described) -> Callable[[], None]:
        method: Any = method_of(endpoint, self.siro)

        @seed(self.number)
        @settings(
            max_examples=self.draws, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(st.data())
        def check(data: st.DataObject) -> None:
            try:
                positional, named, _ = data.draw(st.composite(arguments)(method, described))
            except ValidationError:
                reject()  # a link that aims at a record twice or not at all: the client refuses it as Siro does
            self._once(method, positional, named)

        return check

    def _once(self, method: Any, positional: list[Any], named: dict[str, Any]) -> None:
        sent = self.siro.totals.calls
        try:
            _until_minted(lambda: called(method, positional, named))
        except RepeatedPage:
            pass  # the mock gives the same page for ever, with a cursor
        except Refused as error:
            if NOT_DONE not in str(error):  # an answer that the contract has: 200, and an error in it
                raise
        self.calls += self.siro.totals.calls - sent


def _until_minted(call: Callable[[], object]) -> None:
    """A made-up user token may have blanks in it. The client refuses it, and asks for another at the next call."""
    for _ in range(20):
        try:
            call()
        except BadResponse as error:
            if "cannot be in a header" not in str(error):
                raise
        else:
            return
    call()


def run(draws: int, number: int, *, dynamic: bool) -> list[str]:
    """All operations of both contracts. The problems."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        urls = {
            audience: stack.enter_context(prism(audience, dynamic=dynamic, log=Path(folder) / f"{audience}.log"))
            for audience in FILES
        }
        siro = Siro(
            token="token",
            client_id="client",
            client_secret="secret",
            user_id="user",
            rate_limit=None,
            base_url=urls[Audience.ORGANIZATION],
            api_url=urls[Audience.USER],
            policy=RetryPolicy(attempts=1),
        )
        stack.enter_context(siro)
        work = Run(siro, draws, number)
        described = operations()
        for endpoint in contract():
            work.call(endpoint, described[endpoint.audience, endpoint.method, endpoint.template])
        kind = "answers made up each time" if dynamic else "the contract's fixed answers"
        print(f"{len(described)} operations, {work.calls} calls, {kind}: {len(work.problems)} problems")
        return work.problems


def main() -> None:
    """Both kinds of answers. Exit status 1 where there was a problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=5, help="calls of each operation")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    if not PRISM.exists():
        raise SystemExit(f"Prism is not installed: run `npm install` in {HERE.relative_to(Path.cwd())}")
    print(f"seed {options.seed}")
    problems = [p for dynamic in (False, True) for p in run(options.draws, options.seed, dynamic=dynamic)]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
