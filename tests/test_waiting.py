"""No test depends on the speed of the machine: CONTRIBUTING.md says how a test waits instead."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.clocks import Clock
from tests.waiting import eventually, until

TESTS: Final = Path(__file__).parent
STOPWATCHES: Final = {"monotonic", "perf_counter", "process_time", "thread_time", "elapsed"}
ALLOWED: Final = {
    "waiting.py": "names a hang",
    "crm/rest_server.py": "keeps its own Retry-After",
    "demo/test_demo.py": "chooses when to kill",
}


def stopwatches(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Functions that could measure elapsed time."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in STOPWATCHES:
            yield f"line {node.lineno}: {node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"line {node.lineno}: {name.name}" for name in node.names if name.name in STOPWATCHES)


def hasty_limits(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Limits in seconds, where HANGS belongs: a slow machine may take longer."""
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if _asks_over_http(node) and {"timeout", "transport"}.isdisjoint(one.arg for one in node.keywords):
            yield f"line {node.lineno}: {name} with the five seconds of httpx2"
        given = {"timeout": node.args[:1], "wait_for": node.args[1:2]}.get(name, [])
        if name in {"communicate", "run", "wait", "result", "join"}:
            given = [keyword.value for keyword in node.keywords if keyword.arg == "timeout"]
        if any(isinstance(value, ast.Constant) and isinstance(value.value, int | float) for value in given):
            yield f"line {node.lineno}: {name}"


def _asks_over_http(call: ast.Call) -> bool:
    """Whether it makes a client of httpx2, or calls without one."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="httpx2"), attr=name):
            return name in {"AsyncClient", "Client", "get", "post", "put", "patch", "delete", "request", "stream"}
    return False


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_holds_a_stopwatch_to_the_machine(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    found = [] if str(path.relative_to(TESTS)) in ALLOWED else list(stopwatches(nodes))
    assert [*found, *hasty_limits(nodes)] == []


def test_waiting_ends_with_the_event_and_names_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([False, False, True])
    until(lambda: next(looks), pause=0)
    assert list(looks) == []
    monkeypatch.setattr("tests.waiting.HANGS", 0)
    with pytest.raises(TimeoutError, match="hangs"):
        until(lambda: False, pause=0)


async def test_an_event_may_be_asked_for_by_a_coroutine() -> None:
    looks = iter([False, True])

    async def happened() -> bool:
        return next(looks)

    await eventually(happened)
    assert list(looks) == []


def test_a_clock_moves_when_it_is_moved() -> None:
    clock = Clock()
    before = clock.now()
    clock.advance(60)
    assert clock() - before == 60
