"""The traffic's mix of query types, by the nearest labelled prompts."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from lab.forensics.datasets import Rows
from lab.forensics.traffic import in_words, mix
from lab.records import Dataset


def rows(types):
    n = len(types)
    about = Dataset("d", 1, "d", "h", n, {}, {}, {}, 0, "import", "f", datetime.now(UTC))
    nothing = (None,) * n
    return Rows(about, "h", ("p",) * n, nothing, tuple(types), nothing, np.arange(n), ("tune",) * n, True)


def near(direction, n):
    vectors = np.zeros((n, 4), dtype=np.float32)
    vectors[:, direction] = 1.0
    return vectors


def test_routed_prompts_count_for_the_type_they_are_nearest_to():
    known = rows(["code"] * 5 + ["chat"] * 5 + [None])
    vectors = np.concatenate([near(0, 5), near(1, 5), near(2, 1)])
    found = mix(known, vectors, np.concatenate([near(0, 30), near(1, 10)]))
    assert found.n == 40
    assert found.shares == pytest.approx({"chat": 0.25, "code": 0.75})
    assert in_words(found) == "code 75%, chat 25%"


def test_too_few_prompts_or_types_tell_nothing():
    known = rows(["code"] * 5 + ["chat"] * 5)
    vectors = np.concatenate([near(0, 5), near(1, 5)])
    assert mix(known, vectors, near(0, 29)) is None
    assert mix(rows(["code"] * 10), vectors, near(0, 50)) is None
