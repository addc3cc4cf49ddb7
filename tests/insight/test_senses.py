"""How the words of a passage are weighed one by one against those of a definition."""

from __future__ import annotations

import numpy as np
import pytest

from fieldnote.insight.local.senses import best_of, content_words
from scripts.weight_fitting import counts_of, joint_floors


def test_each_wanted_word_counts_by_its_nearest_word() -> None:
    nearness = np.array([[0.1, 0.9], [0.5, 0.2]], np.float32)
    even = np.array([0.5, 0.5], np.float32)
    assert best_of(nearness, even, [0, 1]) == pytest.approx(0.7)
    assert best_of(nearness, even, [0]) == pytest.approx(0.3)
    assert best_of(nearness, even, []) == 0.0


def test_words_that_mean_nothing_alone_are_left_out() -> None:
    assert content_words("the dog is 12 and it's old") == ["dog", "old"]


def test_joint_floors_stay_precise_and_take_what_they_can() -> None:
    """A sure kind pays for one that is less sure; a kind that is mostly wrong gives nothing."""
    sure = [(0.9, True, False)] * 20
    mixed = [(0.8, True, False)] * 6 + [(0.7, True, False)] * 4 + [(0.7, False, False)] * 3 + [(0.6, False, False)] * 9
    wrong = [(0.9, False, False)] * 8 + [(0.9, True, False)]
    found = {"sure": sure, "mixed": mixed, "wrong": wrong}
    floors = joint_floors(found, percents=range(50, 99), precise=0.85)
    counts = [counts_of(found[kind], floors[kind]) for kind in found]
    right, false = (sum(one[at] for one in counts) for at in (0, 1))
    assert right / (right + false) >= 0.85
    assert counts == [(20, 0), (10, 3), (0, 0)]


def test_ignored_values_count_for_nothing() -> None:
    assert counts_of([(0.9, False, True), (0.9, True, False)], 0.5) == (1, 0)
