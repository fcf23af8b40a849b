"""The grid: every cell is what routing each prompt with that configuration gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder, two_experts
from forensics.small import evidence, labels, sample, three_experts
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import SearchError
from lab.forensics.evidence import LAYERS, Evidence
from lab.forensics.grid_search.axes import MOST_CELLS, Axis, config_at, own, parse, regular, value_in
from lab.forensics.grid_search.cells import single
from lab.forensics.grid_search.grid import Grid, drawing
from lab.forensics.measures import known
from lab.forensics.metrics import macro_f1
from lab.forensics.sample import Measured, Stakes, sample_of
from lab.routing import build
from lab.types import NONE, Layer

ENCODER = WordEncoder()
AXES = {
    "threshold": regular("threshold", 0, 1, 9),
    "min_margin": regular("min_margin", 0, 0.6, 5),
    "threshold:zoomer": regular("threshold:zoomer", 0, 1, 6),
    "threshold:professor": regular("threshold:professor", -0.2, 0.9, 5),
    "aggregate": Axis("aggregate", ("max", "centroid", "mean_top_k:2")),
    "strategy": Axis("strategy", ("hybrid", "semantic", "keyword")),
    "on_conflict": Axis("on_conflict", ("defer", "priority")),
}
CONFIGS = st.builds(
    lambda make, **changes: make(**changes),
    st.sampled_from([two_experts, three_experts]),
    strategy=st.sampled_from(["hybrid", "semantic", "keyword"]),
    threshold=st.sampled_from([0.2, 0.5]),
    min_margin=st.sampled_from([0.0, 0.1]),
    aggregate=st.sampled_from(["max", "centroid", "mean_top_k"]),
)


def routed(config, prompts):
    """Decide each prompt, one by one, as the Route page does."""
    router = build(config, ENCODER)
    return [router.decide(prompt) for prompt in prompts]


@given(
    config=CONFIGS,
    names=st.lists(st.sampled_from(sorted(AXES)), min_size=1, max_size=3, unique=True),
    data=st.data(),
)
@settings(max_examples=60)
def test_every_cell_is_what_routing_each_prompt_gives(config, names, data):
    axes = [AXES[name] for name in names]
    labelled = sample(config, 40)
    grid = Grid(config, axes, labelled, lambda _: evidence(40))
    cell = tuple(data.draw(st.integers(0, size - 1)) for size in grid.shape)
    decisions = routed(grid.config_at(cell), evidence(40).prompts)
    wanted = labels(config, 40)
    right = [
        one.layer == Layer.FALLBACK if label == NONE else one.expert == label
        for one, label in zip(decisions, wanted, strict=True)
    ]
    out = grid.outcomes_at(cell)
    assert [labelled.name(code) for code in out.expert] == [one.expert for one in decisions]
    assert [LAYERS[code] for code in out.layer] == [one.layer for one in decisions]
    assert grid.metric("accuracy")[cell] == sum(right) / 40
    assert grid.metric("coverage")[cell] == sum(one.layer != Layer.FALLBACK for one in decisions) / 40
    predicted = [
        NONE if label == NONE and one.layer == Layer.FALLBACK else one.expert
        for one, label in zip(decisions, wanted, strict=True)
    ]
    assert grid.metric("macro_f1")[cell] == pytest.approx(macro_f1(wanted, predicted))
    for expert in labelled.experts:
        hits = sum(one == expert == label for one, label in zip(predicted, wanted, strict=True))
        assert grid.metric(f"precision:{expert}")[cell] == pytest.approx(
            hits / predicted.count(expert) if expert in predicted else np.nan, nan_ok=True
        )
        assert grid.metric(f"recall:{expert}")[cell] == hits / wanted.count(expert)


@given(config=CONFIGS, weights=st.lists(st.floats(0.1, 5), min_size=6, max_size=6))
@settings(max_examples=20)
def test_weighted_by_the_traffic_every_query_type_has_its_share(config, weights):
    traffic = {f"type {index}": weight for index, weight in enumerate(weights)}
    labelled = sample(config, 60)
    weighted = labelled.weighted_by(traffic)
    axes = [AXES["threshold"], AXES["min_margin"]]
    found = Grid(config, axes, weighted, lambda _: evidence(60)).metric("accuracy")
    parts = [
        Grid(config, axes, labelled.take(np.array([t == name for t in labelled.query_types])), lambda _: evidence(60))
        for name in traffic
    ]
    by_hand = sum(weight / sum(weights) * part.metric("accuracy") for weight, part in zip(weights, parts, strict=True))
    assert found == pytest.approx(by_hand)


def test_a_cell_of_costs_worked_by_hand():
    # nobody claims at threshold 1, so all four go to the professor: right for his two, the joke is misrouted
    config = two_experts(strategy="semantic", threshold=1.0)
    asked = Evidence(("why is it blue", "entropy why", "weather please what", "it is"), ENCODER)
    labelled = sample_of(config, ["professor", "professor", "zoomer", NONE])
    stakes = Stakes(
        call={"professor": 3.0, "zoomer": 1.0},
        misroute={("zoomer", "professor"): 0.5},
        answer_ms={"professor": 900.0, "zoomer": 100.0},
        overhead_ms=(1.0, 4.0),
    )
    grid = Grid(config, [Axis("threshold", (1.0,))], labelled, lambda _: asked, stakes)
    assert grid.metric("cost")[0] == 3.0
    assert grid.metric("misroute_cost")[0] == 0.5 / 4
    assert grid.metric("accuracy")[0] == 0.75  # the `none` row is right at the fallback
    assert grid.metric("none_recall")[0] == 1.0
    assert grid.metric("overhead_ms")[0] == 4.0  # there is no layer 1 to ask
    assert grid.metric("end_to_end_ms")[0] == 904.0
    assert grid.metric("calls:professor")[0] == 1.0
    assert grid.metric("spend:professor")[0] == 3.0
    assert np.isnan(grid.metric("claim_accuracy")[0])
    assert grid.metric("leak:zoomer>professor")[0] == 1.0


def test_time_that_nobody_measured_is_not_a_number():
    config = two_experts()
    grid = Grid(config, [AXES["threshold"]], sample(config, 40), lambda _: evidence(40))
    assert np.isnan(grid.metric("overhead_ms")).all()
    assert np.isnan(grid.metric("end_to_end_ms")).all()


def test_every_measure_that_is_offered_can_be_computed():
    config = three_experts()
    grid = Grid(config, [AXES["threshold"], AXES["min_margin"]], sample(config, 40), lambda _: evidence(40))
    for measure in known(grid.sample.experts):
        assert grid.metric(measure.name).shape == (9, 5), measure.name
    with pytest.raises(SearchError, match="No measure is called"):
        grid.metric("beauty")


def test_the_threshold_axis_speaks_for_all_but_those_with_an_axis_of_their_own():
    config = two_experts()
    config = replace(config, experts=tuple(replace(expert, threshold=0.9) for expert in config.experts))
    alone = config_at(config, [AXES["threshold"]], [0.3])
    assert [alone.threshold_of(expert) for expert in alone.experts] == [0.3, 0.3]
    both = config_at(config, [AXES["threshold"], AXES["threshold:zoomer"]], [0.3, 0.7])
    assert [both.threshold_of(expert) for expert in both.experts] == [0.3, 0.7]
    assert value_in(config, AXES["threshold"]) is None
    assert value_in(both, AXES["threshold:zoomer"]) == 0.7


def test_a_live_router_is_found_on_the_grid():
    config = two_experts(threshold=0.26, min_margin=0.0)
    grid = Grid(config, [AXES["threshold"], AXES["min_margin"]], sample(config, 40), lambda _: evidence(40))
    assert grid.nearest(config) == (2, 0)
    outside = Grid(config, [Axis("aggregate", ("centroid",))], sample(config, 40), lambda _: evidence(40))
    assert outside.nearest(config) is None


@given(most=st.integers(1, 12), data=st.data())
def test_a_drawing_shows_the_best_cell_of_each_place(most, data):
    config = two_experts()
    axes = [AXES["threshold"], AXES["aggregate"], AXES["min_margin"]]
    grid = Grid(config, axes, sample(config, 40), lambda _: evidence(40))
    first, second = data.draw(st.permutations(axes))[:2]
    values = grid.metric("accuracy")
    shown = drawing(grid, values, first, second, higher_is_better=True, most=most)
    assert shown.values.shape == (min(most, len(first.values)), min(most, len(second.values)))
    assert shown.values.max() == values.max()
    for row, line in enumerate(shown.cells):
        for column, cell in enumerate(line):
            assert values[cell] == shown.values[row, column]


def test_the_virtual_fallback_and_a_single_scored_expert_are_counted():
    config = three_experts(strategy="semantic")
    lonely = replace(
        config,
        experts=tuple(
            replace(expert, utterances=expert.utterances if expert.name == "banker" else ())
            for expert in config.experts
        ),
    )
    measured = Measured.of(sample(lonely, 40), lonely, evidence(40))
    assert np.isinf(measured.layer2.margin).all()
    share = single(measured, "share:semantic")
    assert share == np.mean([one.layer == Layer.SEMANTIC for one in routed(lonely, evidence(40).prompts)])
    assert single(measured, "calls:none") == 1 - share


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("threshold", "has no values"),
        ("threshold=nan:1:10", "not a range of numbers"),
        ("threshold=0:inf:10", "not a range of numbers"),
        ("threshold=1:0:10", "runs backwards"),
        ("threshold=0:1:0", "has 0 values"),
        ("threshold=0:1:1000000000", "1,000,000,000 values"),
        ("threshold=a:b:c", "is no range"),
        ("threshold=0.1,nan,0.9", "not a range of numbers"),
        ("threshold=-3:1:5", "leaves what can matter"),
        ("min_margin=-1:1:5", "leaves what can matter"),
        ("beauty=1,2", "No axis is called"),
        ("strategy=hybrid,best", "it takes keyword, semantic, hybrid"),
        ("aggregate=mean_top_k:0", "it takes max, centroid, mean_top_k:5"),
        ("layer1=maybe", "it is on or off"),
    ],
)
def test_an_axis_that_cannot_be_says_how_one_is_written(text, says):
    with pytest.raises(SearchError, match=says):
        parse(text)


def test_axes_are_read_as_they_are_written():
    assert parse("threshold=0:1:5").values == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert parse("threshold:zoomer=.1,.3,.2").values == (0.1, 0.2, 0.3)
    assert parse("layer1=on,off") == Axis("strategy", ("hybrid", "semantic"))
    assert parse("aggregate=max,mean_top_k:7").values == ("max", "mean_top_k:7")
    assert parse(f"{own('a=b')}=0:1:2".replace("a=b", "ab")).expert == "ab"


def test_a_billion_cells_are_refused_with_their_number():
    config = two_experts()
    axes = [regular("threshold", 0, 1, 100_000), regular("min_margin", 0, 1, 10_000)]
    with pytest.raises(SearchError, match="1,000,000,000 cells"):
        Grid(config, axes, sample(config, 40), lambda _: evidence(40))
    assert MOST_CELLS < 10**9


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        ([regular("threshold", 0, 1, 3)] * 2, "given twice"),
        ([regular("threshold:nobody", 0, 1, 3)], "names no expert"),
        ([], "at least one axis"),
    ],
)
def test_axes_that_do_not_fit_the_router_are_refused(axes, says):
    config = two_experts()
    with pytest.raises(SearchError, match=says):
        Grid(config, axes, sample(config, 40), lambda _: evidence(40))


def test_rows_without_a_known_label_are_left_out_and_none_left_is_said():
    config = two_experts()
    kept = sample_of(config, ["zoomer", None, "banker", NONE])
    assert kept.rows.tolist() == [0, 3]
    with pytest.raises(SearchError, match="banker"):
        sample_of(config, ["banker", None])
    with pytest.raises(SearchError, match="not labelled"):
        sample_of(config, [None, None])
