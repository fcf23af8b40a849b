"""Latency: every stage of every prompt, cold and warm, with percentiles that say when they cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from doubles import WordEncoder, two_experts
from hypothesis import given
from hypothesis import strategies as st

from lab.encoders.cache import CachedEncoder
from lab.errors import PromptError, SearchError
from lab.forensics.latency.end_to_end import end_to_end
from lab.forensics.latency.report import Timed, measure, summary, timed
from lab.forensics.latency.spread import LEAST_N, nearest_rank, percentile_bound, spread
from lab.forensics.metrics import wilson
from lab.routing.keyword import KeywordStrategy
from lab.types import NONE, Decision, Layer, RouterConfig, Timings

PROMPTS = ["entropy is what", "tell me a story", "lol", "so very bored", "lol"]


class Counting(WordEncoder):
    """Remembers every text that it really encoded."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.extend(texts)
        return super().encode(texts)


class Scripted:
    """A router whose decisions, timings and clock are given."""

    def __init__(self, decisions: dict[str, tuple[Layer, Timings, float]]) -> None:
        self.config = two_experts()
        self.decisions, self.now_ns, self.decided = decisions, 0, list[str]()

    def clock(self) -> int:
        return self.now_ns

    def decide(self, prompt: str) -> Decision:
        layer, timings, total_ms = self.decisions.get(prompt, (Layer.FALLBACK, Timings(), 1e6))
        self.decided.append(prompt)
        self.now_ns += int(total_ms * 1e6)
        return Decision(prompt, "professor", layer, None, None, (), timings)


# ------------------------------------------------------------------------------------------------ known answers


SCRIPT = {
    "one": (Layer.KEYWORD, Timings(1.0), 2.0),
    "two": (Layer.SEMANTIC, Timings(2.0, 8.0, 1.0), 12.0),
    "three": (Layer.FALLBACK, Timings(3.0, 88.0, 3.0), 95.0),
    "four": (Layer.KEYWORD, Timings(2.0), 51.0),
}


def test_stages_totals_yield_budget_and_expected_time_come_from_each_prompts_own_times():
    router = Scripted(SCRIPT)
    report = timed(router, ["one", "two", "three", "four", "two"], warm=False, clock=router.clock)
    assert (report.n, report.repeats, report.warm, report.unmeasured_calls) == (4, 1, False, 3)
    assert [one.row for one in report.timed] == [0, 1, 2, 3]
    assert [one.total_ms for one in report.timed] == [2.0, 12.0, 95.0, 51.0]
    assert [(name, stage.n, stage.mean) for name, stage in report.stages] == [
        ("keyword", 4, 2.0), ("encode", 2, 48.0), ("score", 2, 2.0), ("total", 4, 40.0),
    ]  # fmt: skip
    assert report.fast_path == wilson(2, 4)
    assert (report.over_budget, report.over_budget_rows) == (wilson(2, 4), (2, 3))
    # E = T1 + (1 - h)·T2 = 2 + ½·50
    assert report.expected == (2.0, 0.5, 50.0, 27.0)


def test_what_ran_first_to_warm_the_process_up_is_not_counted():
    router = Scripted(SCRIPT)
    timed(router, ["one"], warm=False, clock=router.clock)
    assert router.decided[-1] == "one"
    assert len(router.decided) == 4
    again = Scripted(SCRIPT)
    report = timed(again, ["one", "short one"], warm=False, clock=again.clock)
    assert again.decided.count("short one") == 1  # a prompt is timed the first time that it is seen
    assert report.unmeasured_calls == 2


def test_a_router_that_never_needed_layer_2_says_nothing_of_its_time():
    found = [Timed(row, Layer.KEYWORD, 1.0, None, None, 1.5) for row in range(3)]
    report = summary(found, warm=False, budget_ms=50)
    assert report.expected == (1.0, 1.0, None, 1.0)
    assert (report.encode.n, report.encode.counts, report.encode.p95_note) == (0, (), "The stage did not run.")
    assert isnan(report.encode.p50)


def test_nothing_timed_is_no_report():
    with pytest.raises(SearchError, match="Nothing was timed"):
        summary([], warm=False, budget_ms=50)
    with pytest.raises(SearchError, match="no prompts to time"):
        measure(two_experts(), WordEncoder(), [], warm=False)


# --------------------------------------------------------------------------------------------------- cold and warm


def test_cold_goes_past_the_memory_of_the_encoder(tmp_path: Path):
    inner = Counting()
    encoder = CachedEncoder(inner, tmp_path)
    encoder.encode(PROMPTS)
    inner.asked.clear()
    report = measure(two_experts(), encoder, PROMPTS, warm=False)
    assert [text for text in inner.asked if text in PROMPTS] == ["tell me a story", "so very bored"]
    assert [one.layer for one in report.timed] == [Layer.KEYWORD, Layer.SEMANTIC, Layer.KEYWORD, Layer.SEMANTIC]
    assert report.encode.n == report.score.n == 2


def test_warm_finds_every_vector_in_memory(tmp_path: Path):
    inner = Counting()
    encoder = CachedEncoder(inner, tmp_path, in_memory=1)  # each is put there right before it is timed
    report = measure(two_experts(), encoder, PROMPTS, warm=True)
    assert report.warm
    assert report.score.n == 2  # scored anew, not remembered from the call before
    assert sorted(inner.asked).count("tell me a story") == 1


def test_an_encoder_without_memory_has_no_warm_time_but_a_keyword_router_needs_none():
    with pytest.raises(SearchError, match="remembers no vectors, so there is no warm time"):
        measure(two_experts(), WordEncoder(), PROMPTS, warm=True)
    report = measure(two_experts(strategy="keyword"), WordEncoder(), PROMPTS, warm=True)
    assert (report.n, report.encode.n) == (4, 0)
    assert report.expected.layer2_ms is None


@pytest.mark.parametrize("strategy", ["keyword", "semantic", "hybrid"])
def test_stages_that_ran_add_up_to_less_than_the_total(strategy: str):
    report = measure(two_experts(strategy=strategy), WordEncoder(), PROMPTS, warm=False)
    for one in report.timed:
        stages = (one.keyword_ms or 0) + (one.encode_ms or 0) + (one.score_ms or 0)
        assert 0 < stages <= one.total_ms
    assert (report.keyword.n == 4) == (strategy != "semantic")
    mean = sum((one.keyword_ms or 0) + (one.encode_ms or 0) + (one.score_ms or 0) for one in report.timed) / 4
    assert report.expected.expected_ms == pytest.approx(mean)  # E is the mean overhead, told apart by stages


def test_the_router_that_is_timed_does_not_share_its_matcher(monkeypatch: pytest.MonkeyPatch):
    config = two_experts(strategy="keyword")
    read: list[str] = []
    monkeypatch.setattr(
        KeywordStrategy(config).fit().matcher_, "find", read.append
    )  # routers with its patterns share it
    measure(config, WordEncoder(), PROMPTS, warm=False)
    assert read == []


def test_progress_is_told_and_the_work_can_be_stopped():
    told: list[tuple[int, int]] = []
    measure(two_experts(), WordEncoder(), PROMPTS, warm=False, progress=lambda *at: told.append(at))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def stop() -> None:
        if len(told) == 6:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        measure(two_experts(), WordEncoder(), PROMPTS, warm=False, progress=lambda *at: told.append(at), check=stop)
    assert told[4:] == [(1, 4), (2, 4)]


def test_a_prompt_that_cannot_be_routed_is_named_before_anything_is_timed():
    with pytest.raises(PromptError, match="Row 1 cannot be routed, and so not timed: The prompt is empty"):
        measure(two_experts(), WordEncoder(), ["fine", "  "], warm=False)


def test_one_utterance_in_all_is_a_router_as_well():
    config: RouterConfig = two_experts()
    only = tuple(replace(expert, utterances=expert.utterances[:1]) for expert in config.experts[:1])
    report = measure(replace(config, experts=only, strategy="semantic"), WordEncoder(), ["explain it"], warm=False)
    assert report.n == 1


# --------------------------------------------------------------------------------------------------------- spread


def test_percentiles_are_values_that_were_measured():
    times = np.arange(1.0, 101.0)
    assert [nearest_rank(times, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert nearest_rank(np.array([7.0]), 0.5) == 7
    found = spread([3.0, None, 1.0, 2.0])
    assert (found.n, found.mean, found.p50, found.p95, found.slowest) == (3, 2.0, 2.0, 3.0, 3.0)


def test_the_bound_of_p95_needs_59_values():
    # P(all n below the percentile) = .95^n must be at most .05: .95^58 = .0510, .95^59 = .0485
    assert spread(range(58)).p95_high is None
    assert "needs 59 prompts; there are 58" in str(spread(range(58)).p95_note)
    enough = spread(range(LEAST_N))
    assert (enough.p95_high, enough.p95_note) == (58.0, None)  # the greatest


@pytest.mark.parametrize("n", [59, 93, 100, 500, 5_000])
def test_the_bound_is_the_least_order_statistic_that_is_sure_enough(n: int):
    from scipy.stats import binom

    rank = percentile_bound(np.arange(1.0, n + 1), 0.95)
    assert rank is not None
    assert binom.cdf(rank - 1, n, 0.95) >= 0.95 > binom.cdf(rank - 2, n, 0.95)


def test_the_bound_covers_the_true_percentile_about_as_often_as_it_says():
    draw = np.random.default_rng(0)
    bounds = [percentile_bound(np.sort(draw.random(200)), 0.95) for _ in range(1_000)]
    covered = sum(bound is not None and bound >= 0.95 for bound in bounds)
    assert 940 <= covered <= 990


@given(st.lists(st.floats(1e-5, 1e5), min_size=1, max_size=80))
def test_a_histogram_counts_every_value_once(values: list[float]):
    found = spread(values)
    assert sum(found.counts) == found.n == len(values)
    assert len(found.edges) == len(found.counts) + 1
    assert found.edges[0] < min(values) <= max(values) < found.edges[-1]
    assert list(found.edges) == sorted(found.edges)
    assert min(values) <= found.p50 <= found.p95 <= found.p99 <= found.slowest == max(values)


def test_a_stage_that_took_no_time_is_counted_too():
    assert sum(spread([0.0, 0.0, 1.0]).counts) == 3


# ------------------------------------------------------------------------------------------------------ end to end


def test_expected_time_adds_overhead_and_the_mean_of_each_expert_by_its_share():
    found = end_to_end({"a": 30, "b": 10}, {"a": [100.0, 300.0], "b": [1000.0] * 5}, 4.0)
    assert [(row.expert, row.share, row.n) for row in found.experts] == [("a", 0.75, 2), ("b", 0.25, 5)]
    assert found.expected_ms is not None
    assert found.expected_ms.value == 4 + 0.75 * 200 + 0.25 * 1000
    # of a's two values a sample's mean is 100, 200 or 300, with ¼, ½, ¼
    assert (found.expected_ms.low, found.expected_ms.high) == (4 + 75 + 250, 4 + 225 + 250)
    assert found.experts[1].mean_ms == (1000.0, 1000.0, 1000.0)
    assert found.note is None


def test_an_expert_without_a_measured_answer_leaves_no_expected_time():
    found = end_to_end({"a": 1, "b": 1}, {"a": [100.0, 120.0]}, 4.0)
    assert found.expected_ms is None
    assert found.note == "No measured answer of b, so no expected time. Ask there once, then look again."
    assert found.experts[1].mean_ms is None
    assert end_to_end({"a": 1, "b": 0}, {"a": [100.0]}, 4.0).expected_ms is not None  # b gets no prompts


def test_a_single_answer_gives_a_mean_without_an_interval():
    found = end_to_end({"a": 1}, {"a": [100.0]}, 4.0).expected_ms
    assert found is not None
    assert found.value == 104
    assert isnan(found.low)
    assert isnan(found.high)


def test_who_is_nobody_takes_no_time():
    found = end_to_end({NONE: 1, "a": 1}, {"a": [100.0, 100.0]}, 4.0)
    assert found.expected_ms == (54.0, 54.0, 54.0)
    assert found.experts[0].mean_ms is None


def test_no_prompts_at_all_have_no_end_to_end_time():
    with pytest.raises(SearchError, match="No prompt goes to any expert"):
        end_to_end({"a": 0}, {"a": [1.0]}, 1.0)
