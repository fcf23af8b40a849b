"""A measure over one threshold: every breakpoint exact, a band that covers what a bootstrap draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder, two_experts
from forensics.small import evidence, labels, sample, three_experts
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import SearchError
from lab.forensics.curve import Curve, curve, first_ordered, held, thinned, value_of
from lab.forensics.evidence import Evidence
from lab.forensics.grid_search.axes import Axis, config_at, own, regular
from lab.forensics.grid_search.grid import Grid
from lab.forensics.metrics import macro_f1
from lab.forensics.sample import Stakes, sample_of
from lab.routing import build
from lab.types import NONE, Layer

AXES = [regular("threshold", 0, 1, 5), regular(own("zoomer"), 0, 1, 4), regular("min_margin", 0, 0.5, 3)]


@given(
    axis=st.sampled_from(AXES),
    make=st.sampled_from([two_experts, three_experts]),
    measure=st.sampled_from(["accuracy", "coverage", "macro_f1", "cost", "calls:zoomer"]),
    at=st.floats(0, 1),
)
@settings(max_examples=60)
def test_between_breakpoints_it_is_what_routing_every_prompt_gives(axis, make, measure, at):
    config, n = make(threshold=0.2), 50
    labelled = sample(config, n)
    found = curve(labelled, config_at(config, [axis], [0.0]), axis, measure, lambda _: evidence(n), samples=2)
    if at > found.thresholds[-1]:
        at = float(found.thresholds[-1])
    there = config_at(config, [axis], [at])
    direct = value_of(labelled, there, measure, lambda _: evidence(n))
    assert found.at(at) == pytest.approx(direct, nan_ok=True)


def test_a_curve_worked_by_hand():
    # alone, "tell me a joke" has the score 1 with the zoomer's utterance, and goes to the professor only above 1
    config = two_experts(strategy="semantic", threshold=0.0)
    asked = Evidence(("tell me a joke", "explain the sky"), WordEncoder())
    labelled = sample_of(config, ["zoomer", "professor"])
    found = curve(labelled, config, regular(own("zoomer"), 0, 0.5, 3), "accuracy", lambda _: asked)
    assert found.thresholds.tolist() == [0.0, 0.5, 1.0]
    assert found.measure.tolist() == [1.0, 1.0, 1.0]
    assert (found.n, found.groups, found.breakpoints) == (2, 2, 1)
    found = curve(labelled, config, regular("min_margin", 0, 2, 3), "calls:zoomer", lambda _: asked)
    assert found.measure[0] == 0.5
    assert found.measure[-1] == 0.0
    assert found.at(0.0) == 0.5
    assert np.isnan(found.at(2.5))


def test_the_value_at_a_marked_router_counts_its_own_settings():
    config = two_experts(threshold=0.3)
    labelled, wanted = sample(config), labels(config, 120)
    turned = replace(config, experts=config.experts[::-1])
    decisions = [build(turned, WordEncoder()).decide(prompt) for prompt in evidence().prompts]
    right = [
        one.layer == Layer.FALLBACK if label == NONE else one.expert == label
        for one, label in zip(decisions, wanted, strict=True)
    ]
    assert value_of(labelled, turned, "accuracy", lambda _: evidence()) == pytest.approx(np.mean(right))
    predicted = [
        NONE if label == NONE and one.layer == Layer.FALLBACK else one.expert
        for one, label in zip(decisions, wanted, strict=True)
    ]
    found = value_of(labelled, turned, "macro_f1", lambda _: evidence())
    assert found == pytest.approx(macro_f1(wanted, predicted))


def test_a_router_with_other_experts_has_no_value_here():
    with pytest.raises(SearchError, match="other experts"):
        value_of(sample(two_experts()), three_experts(), "accuracy", lambda _: evidence())


def test_the_band_is_the_bootstrap_of_the_cell_by_group():
    config, axis = two_experts(threshold=0.2), AXES[0]
    labelled = sample(config)
    labelled = replace(labelled, groups=labelled.groups // 3)
    found = curve(labelled, config, axis, "accuracy", lambda _: evidence(), samples=300, seed=4)
    assert found.samples == 300
    assert found.groups == 40
    assert (found.low <= found.measure + 1e-12).mean() > 0.99
    assert (found.high >= found.measure - 1e-12).mean() > 0.99
    place = len(found.thresholds) // 2
    there = config_at(config, [axis], [float(found.thresholds[place])])
    right = labelled.right(Grid(there, [axis], labelled, lambda _: evidence()).slices[0].measured.outcomes())
    by_group = right.reshape(40, 3).mean(axis=1)
    spread = 1.96 * by_group.std() / np.sqrt(40)
    assert found.high[place] - found.low[place] == pytest.approx(2 * spread, rel=0.35)
    again = curve(labelled, config, axis, "accuracy", lambda _: evidence(), samples=300, seed=4)
    assert (again.low == found.low).all()


def test_one_group_of_near_duplicates_has_no_band():
    labelled = replace(sample(two_experts()), groups=np.zeros(120, dtype=np.int64))
    found = curve(labelled, two_experts(), AXES[0], "accuracy", lambda _: evidence())
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()
    assert found.samples == 0
    assert not np.isnan(found.measure).any()


def test_undefined_stretches_stay_undefined():
    labelled = sample(two_experts())
    asked = evidence()
    config = two_experts(strategy="semantic")
    found = curve(labelled, config, AXES[0], "claim_accuracy", lambda _: asked, samples=20)
    assert np.isnan(found.measure[-1])  # above all scores nothing is claimed
    assert not np.isnan(found.measure[0])


def test_the_other_axes_stay_where_the_cell_holds_them():
    config = two_experts()
    axes = [regular("threshold", 0, 1, 5), regular(own("zoomer"), 0, 1, 5), Axis("strategy", ("hybrid", "semantic"))]
    grid = Grid(config, axes, sample(config), lambda _: evidence())
    lowest = held(grid, (3, 2, 1), axes[0])
    assert lowest.strategy == "semantic"
    assert lowest.threshold == 0.0
    assert lowest.expert("zoomer").threshold == 0.5
    assert first_ordered(grid) == axes[0]
    for place, value in enumerate(axes[0].values):
        found = curve(grid.sample, lowest, axes[0], "accuracy", lambda _: evidence(), samples=1)
        assert found.at(float(value)) == pytest.approx(grid.metric("accuracy")[place, 2, 1])


def test_names_have_no_curve():
    strategies = Axis("strategy", ("hybrid", "semantic"))
    grid = Grid(two_experts(), [strategies], sample(two_experts()), lambda _: evidence())
    assert first_ordered(grid) is None
    with pytest.raises(SearchError, match="needs an axis of numbers"):
        curve(grid.sample, two_experts(), strategies, "accuracy", lambda _: evidence())


@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=3_000))
def test_thinning_keeps_the_ends_and_every_extreme(values):
    column = np.array(values)
    n = len(column)
    whole = Curve(np.arange(n) / n, column, column, column, 5, 5, n, 1)
    kept = thinned(whole, 100)
    assert len(kept) <= 100 or n <= 100
    assert kept[0] == 0
    assert kept[-1] == n - 1
    if not np.isnan(column).all():
        assert np.nanmax(column[kept]) == np.nanmax(column)
        assert np.nanmin(column[kept]) == np.nanmin(column)


def test_costs_are_those_of_the_stakes():
    config = two_experts(strategy="semantic")
    labelled = sample(config)
    stakes = Stakes(call={"professor": 3.0, "zoomer": 1.0})
    found = curve(labelled, config, AXES[0], "cost", lambda _: evidence(), stakes, samples=2)
    shares = curve(labelled, config, AXES[0], "calls:zoomer", lambda _: evidence(), stakes, samples=2)
    assert found.measure == pytest.approx(3.0 - 2.0 * shares.measure)
    assert found.measure[-1] == 3.0  # all left to the professor
