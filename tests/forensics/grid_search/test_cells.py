"""The interval of a share in every cell is Wilson's of its counts; measures by expert are those by name."""

from dataclasses import replace

import numpy as np
import pytest
from small import evidence, sample, three_experts

from lab.forensics.grid_search.axes import regular
from lab.forensics.grid_search.cells import Cells, Reach
from lab.forensics.measures import ratio
from lab.forensics.metrics import wilson
from lab.forensics.sample import Measured, Stakes

AXES = (regular("threshold", -0.2, 1, 9), regular("min_margin", 0, 0.4, 5))


def cells() -> Cells:
    config = three_experts(strategy="semantic", threshold=-0.2)
    return Cells(Reach(Measured.of(sample(config), config, evidence()), AXES))


@pytest.mark.parametrize("name", ["accuracy", "recall:zoomer", "precision:banker", "claim_accuracy"])
def test_it_is_wilsons_of_the_counts_of_every_cell(name):
    found = cells()
    low, high = found.interval(name)
    share = ratio(name, found.sample, Stakes())
    assert low.shape == high.shape == found.shape
    undefined = 0
    for cell in np.ndindex(found.shape):
        decided = found.outcomes_at(*cell)
        expected = wilson(share.over(decided).sum(), share.under(decided).sum())
        assert (low[cell], high[cell]) == pytest.approx(tuple(expected[1:]), nan_ok=True)
        undefined += bool(np.isnan(low[cell]))
    assert (undefined > 0) == (name in ("precision:banker", "claim_accuracy"))  # nobody claims at 1 and .4


def test_its_value_lies_inside():
    found = cells()
    low, high = found.interval("accuracy")
    assert ((low <= found.metric("accuracy")) & (found.metric("accuracy") <= high)).all()


@pytest.mark.parametrize("changes", [{}, {"strategy": "semantic"}, {"fallback": "zoomer"}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_expert_by_expert_it_says_the_same_as_measure_by_measure(changes, weighted):
    config = replace(three_experts(threshold=-0.2), **changes)
    rows = sample(config)
    if weighted:
        rows = rows.weighted_by({"type 0": 5.0, "type 1": 1.0, "type 2": 0.5})
    stakes = Stakes(call={"zoomer": 2.5, "banker": 0.5})
    found = Cells(Reach(Measured.of(rows, config, evidence()), AXES), stakes)
    names = []
    for expert, measures in found.each_expert():
        names.append(expert)
        assert set(measures) == {"precision", "recall", "calls", "spend"}
        for name, values in measures.items():
            assert values == pytest.approx(found.metric(f"{name}:{expert}"), abs=1e-9, nan_ok=True), (name, expert)
    assert names == ["professor", "zoomer", "banker"]
