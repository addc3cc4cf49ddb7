"""Extraction and summaries in processes of their own, each request with a deadline.

Such work is bound by rules, not by I/O: in the server's own process one hostile transcript would keep every call
waiting. A process that misses the deadline is killed, and the next request starts another one. One organization never
has all processes, and those that wait take turns.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

log = logging.getLogger(__name__)

DEADLINE: Final = 60.0
"""Seconds. A conversation of an hour takes a second or two."""
MODULE: Final = "fieldnote.insight.worker"
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
"""Variables that the process gets: none of them is a secret."""


class InsightFailed(Exception):
    """A conversation was not worked through. The message is a reason for an operator, and quotes nothing."""


def pool_size() -> int:
    """Processes: one for each core, but at least two, so that one organization leaves one to the others."""
    return min(max(2, os.cpu_count() or 1), 4)


class Processes:
    """Idle processes. They belong to no event loop, so that several pools may share them, one after the other."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-P", "-m", MODULE)) -> None:
        self.command = tuple(command)
        self._idle: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def take(self) -> subprocess.Popen[bytes]:
        """One that is idle and alive, or a new one."""
        with self._lock:
            while self._idle:
                if (process := self._idle.pop()).poll() is None:
                    return process
                _kill(process)
        return subprocess.Popen(  # noqa: S603 - this program's own module
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote the conversation
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
        )

    def put_back(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._idle.append(process)

    def close(self) -> None:
        """Kill all that are idle."""
        with self._lock:
            while self._idle:
                _kill(self._idle.pop())


class InsightPool:
    """Requests of many organizations in a few processes, which are started when needed."""

    def __init__(
        self,
        *,
        size: int | None = None,
        deadline: float = DEADLINE,
        processes: Processes | None = None,
        module: str = MODULE,
    ) -> None:
        """`processes` are the caller's to close; without any, `module` is run. A progress begins the deadline again."""
        self.size = pool_size() if size is None else size
        self.deadline = deadline
        self._processes = processes or Processes((sys.executable, "-P", "-m", module))
        self._own = processes is None
        self._threads = ThreadPoolExecutor(self.size, "insight")
        self._share = max(1, self.size - 1)
        self._busy: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def close(self) -> None:
        """Kill every idle process. One at work is killed by the cancellation of its call."""
        if self._own:
            self._processes.close()
        self._threads.shutdown(wait=False)

    async def look_into(
        self, organization_id: str, request: Mapping[str, Any], on_progress: Callable[[float], None] | None = None
    ) -> dict[str, Any]:
        """The reply to a request. Raises InsightFailed at the deadline, or if the process died."""
        line = json.dumps({**request, "deadline": self.deadline}).encode() + b"\n"
        async with self._turn(organization_id):
            loop = asyncio.get_running_loop()
            process = await loop.run_in_executor(self._threads, self._processes.take)
            limit = asyncio.timeout(self.deadline)

            def advance(progress: float) -> None:
                with suppress(RuntimeError):  # it has ended
                    limit.reschedule(loop.time() + self.deadline)
                if on_progress is not None:
                    on_progress(progress)

            asking = loop.run_in_executor(
                self._threads, _ask, process, line, lambda progress: loop.call_soon_threadsafe(advance, progress)
            )
            asking.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, though nobody waits
            try:
                async with limit:
                    reply = await asyncio.shield(asking)
            except TimeoutError:
                raise InsightFailed(f"it took more than {self.deadline:g} s") from None
            except (OSError, ValueError, EOFError) as error:
                log.warning("insight_process_died", extra={"error": type(error).__name__})
                raise InsightFailed("the process that worked on it died") from error
            else:
                self._processes.put_back(process)
            finally:
                if not asking.done() or asking.exception() is not None:
                    _kill(process)  # which ends the thread that reads from it, too
        if (error_name := reply.get("error")) is not None:
            raise InsightFailed(reply.get("reason") or f"it raised {error_name}")
        return reply

    # --- turns

    @asynccontextmanager
    async def _turn(self, organization_id: str) -> AsyncIterator[None]:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(organization_id, deque()).append(turn)
        self._give_turns()
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():  # it was given in the moment of the cancellation
                self._busy[organization_id] -= 1
            else:
                self._withdraw(organization_id, turn)
            self._give_turns()
            raise
        try:
            yield
        finally:
            self._busy[organization_id] -= 1
            self._give_turns()

    def _give_turns(self) -> None:
        """Each organization in turn, as long as processes are free and its share allows it."""
        while self._busy.total() < self.size:
            organization_id = next((one for one in self._waiting if self._busy[one] < self._share), None)
            if organization_id is None:
                return
            turn = self._waiting[organization_id].popleft()
            self._waiting.move_to_end(organization_id)
            if not self._waiting[organization_id]:
                del self._waiting[organization_id]
            if not turn.done():
                self._busy[organization_id] += 1
                turn.set_result(None)

    def _withdraw(self, organization_id: str, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(organization_id, deque())
        with suppress(ValueError):
            waiting.remove(turn)
        if not waiting:
            self._waiting.pop(organization_id, None)


def _ask(process: subprocess.Popen[bytes], line: bytes, advance: Callable[[float], object]) -> dict[str, Any]:
    """Send a request and wait for the reply, in a thread. Raises EOFError, OSError or ValueError if it dies."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(line)
    process.stdin.flush()
    while True:
        answer = process.stdout.readline()
        if not answer.endswith(b"\n"):
            raise EOFError
        reply: dict[str, Any] = json.loads(answer)
        if "progress" not in reply:
            return reply
        advance(float(reply["progress"]))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process. A thread that waits for its reply sees the end of the stream."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
