"""Windows of calls: by themselves, and shared by the processes of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fieldnote.config import CallWindow
from fieldnote.crm.rest.pace import Pace
from fieldnote.crm.rest.shared_pace import SharedSlots
from fieldnote.crm.types import Place

WINDOWS = (CallWindow(calls=3, seconds=1000), CallWindow(calls=2, seconds=500, path="search$", instead=True))


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.sampled_from(["crm/search", "crm/deals"]), max_size=30), st.integers(1, 5), st.integers(1, 60))
def test_no_window_has_more_calls_than_it_takes(paths: Sequence[str], calls: int, seconds: int) -> None:
    time = Time()
    windows = (CallWindow(calls=calls, seconds=seconds), CallWindow(calls=1, seconds=seconds, path="search$"))
    pace = Pace(windows, clock=time, sleep=time.sleep)
    went: list[tuple[float, str]] = []
    for path in paths:
        pace.wait(path)
        went.append((time.now, path))
    for begin, _ in went:
        inside = [path for at, path in went if begin <= at < begin + seconds]
        assert len(inside) <= calls
        assert inside.count("crm/search") <= 1


def test_a_window_is_shared_by_all_processes_of_a_connection_and_by_no_other(tmp_path: Path, bridge_url: str) -> None:
    with ExitStack() as stack:
        _share(stack, tmp_path, bridge_url)


def _share(stack: ExitStack, tmp_path: Path, bridge_url: str) -> None:
    def pace(connection: str) -> tuple[Pace, Time]:
        time = Time()
        shared = SharedSlots(Place(connection, tmp_path, bridge_url, tmp_path))
        stack.callback(shared.close)
        return Pace(WINDOWS, shared=shared, clock=time, sleep=time.sleep), time

    (one, first), (two, second), (other, third) = pace("shop"), pace("shop"), pace("elsewhere")
    for each in (one, two, one):
        each.wait("crm/deals")
    assert (first.now, second.now) == (0, 0)
    two.wait("crm/deals")
    assert 900 < second.now < 1100
    one.wait("crm/search")  # counts for its own window alone
    assert first.now == 0
    other.wait("crm/deals")
    assert third.now == 0


def test_without_the_database_each_process_keeps_the_pace_by_itself(tmp_path: Path) -> None:
    time = Time()
    shared = SharedSlots(Place("shop", tmp_path, "postgresql://nobody@127.0.0.1:1/none", tmp_path))
    pace = Pace(WINDOWS[:1], shared=shared, clock=time, sleep=time.sleep)
    for _ in range(3):
        pace.wait("crm/deals")
    assert time.now == 0
    pace.wait("crm/deals")
    assert time.now >= 1000
