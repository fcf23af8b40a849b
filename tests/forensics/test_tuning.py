"""A whole search: chosen on tune, judged on dev, and nothing marks its own homework."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from doubles import WordEncoder, two_experts

from lab.errors import SearchError
from lab.forensics.datasets import Rows
from lab.forensics.goal_report import careless, limits_on_dev
from lab.forensics.grid_search.axes import Axis, regular
from lab.forensics.grid_search.goals import parse_goal
from lab.forensics.runs import packages, recommended_of, result_to_json, spec_from_json, spec_to_json
from lab.forensics.sample import Stakes
from lab.forensics.teaching import fit_scorer, learning_part
from lab.forensics.tuning import Spec, dev_baselines, effect, evidence_for, outcomes_in, tune
from lab.forensics.usable import usable, usable_by_both
from lab.records import Dataset
from lab.routing import build
from lab.types import NONE, Expert, Layer

ENCODER = WordEncoder()
PROFESSOR = "explain prove why theorem entropy integral sky light".split()  # noqa: SIM905
ZOOMER = "joke bored lol vibe party meme funny chill".split()  # noqa: SIM905
NOBODY = "alarm playlist lamp timer volume thermostat".split()  # noqa: SIM905
COMMON = "please the a me tell it is my".split()  # noqa: SIM905


def dataset(n, *, nested=False, seed=0, labels=None):
    """Rows whose words tell their label, for the most part; a quarter is labelled none."""
    draw = random.Random(seed)
    prompts, said = [], []
    for _ in range(n):
        label = draw.choice(["professor", "zoomer", "professor", "zoomer", NONE])
        words = {"professor": PROFESSOR, "zoomer": ZOOMER, NONE: NOBODY}[label]
        picked = draw.choices(words, k=draw.randint(1, 2)) + draw.choices(COMMON, k=draw.randint(1, 4))
        draw.shuffle(picked)
        prompts.append(" ".join(picked))
        said.append(label)
    order = [*["tune"] * (n // 2), *["dev"] * (n // 4), *["sealed"] * (n - n // 2 - n // 4)]
    about = Dataset("d", 1, "made", "h", n, {}, {}, {}, 0, "import", "made.csv", datetime.now(UTC))
    return Rows(
        about, "h" * 64, tuple(prompts), tuple(labels or said), ("chat", "maths") * (n // 2) + ("chat",) * (n % 2),
        (None,) * n, np.arange(n), tuple(["tune"] * n if nested else order), nested,
    )  # fmt: skip


BASE = two_experts(strategy="semantic", threshold=0.9)
CONFIG = replace(
    BASE,
    experts=(
        replace(BASE.experts[0], utterances=tuple(PROFESSOR)),
        replace(BASE.experts[1], utterances=tuple(ZOOMER)),
    ),
)
AXES = (regular("threshold", 0, 1, 51), regular("min_margin", 0, 0.5, 6))
ROWS = dataset(600)


def evidence(rows):
    return evidence_for(rows, lambda name: ENCODER)


@pytest.fixture(scope="module")
def found():
    return tune(ROWS, CONFIG, CONFIG, Spec(AXES, "best accuracy"), evidence(ROWS))


def test_it_is_chosen_on_tune_rows_and_judged_on_dev_rows(found):
    assert {ROWS.splits[row] for row in found.grid.sample.rows} == {"tune"}
    assert {ROWS.splits[row] for row in found.dev.rows} == {"dev"}
    assert found.reference == "live"
    router = build(found.recommended, ENCODER)
    right = [
        one.layer == Layer.FALLBACK if label == NONE else one.expert == label
        for row in found.dev.rows
        for one, label in [(router.decide(ROWS.prompts[row]), ROWS.labels[row])]
    ]
    assert found.accuracy.value == pytest.approx(np.mean(right))


def test_a_threshold_that_claims_nothing_is_beaten_and_it_is_said(found):
    assert found.comparison.verdict == "better"
    assert found.accuracy.low > found.comparison.accuracy.first
    assert found.exact is not None
    assert found.exact.measures["accuracy"] >= found.choice.found


def test_under_three_hundred_rows_every_row_is_judged_by_a_choice_that_did_not_see_it():
    few = dataset(160, nested=True)
    once = tune(few, CONFIG, CONFIG, Spec(AXES, "best accuracy"), evidence(few))
    assert once.nested
    assert len(once.dev) == 160
    flattering = once.grid.metric("accuracy").max()
    assert once.accuracy.value <= flattering + 1e-12
    again = tune(few, CONFIG, CONFIG, Spec(AXES, "best accuracy"), evidence(few))
    assert again.accuracy == once.accuracy
    names = [one.name for one in dev_baselines(once, evidence(few))]
    assert "logistic regression" in names


def test_thresholds_of_a_learned_scorer_are_searched_on_rows_that_it_did_not_learn_from():
    spec = Spec((regular("threshold", 0, 1, 41), Axis("scorer", ("cosine", "learned"))), "best accuracy")
    found = tune(ROWS, CONFIG, CONFIG, spec, evidence(ROWS))
    whole, _ = usable(ROWS, CONFIG, "tune")
    assert set(found.grid.sample.rows) == set(whole.take(~learning_part(whole)).rows)
    assert 0.55 < learning_part(whole).mean() < 0.78
    assert found.recommended.learned is not None
    assert found.recommended.learned.rows == int(learning_part(whole).sum())
    again = tune(ROWS, replace(found.recommended, scorer="learned"), CONFIG, spec, evidence(ROWS))
    assert again.grid.config.learned == found.recommended.learned  # what is being tuned is not learnt anew


def test_a_router_with_a_learned_scorer_routes_as_its_cells_say():
    config = fit_scorer(replace(CONFIG, threshold=0.5), usable(ROWS, CONFIG, "tune")[0], evidence(ROWS))
    config = replace(config, scorer="learned")
    sample, _ = usable(ROWS, config, "dev")
    decided = outcomes_in(sample, config, evidence(ROWS))
    router = build(config, ENCODER)
    for place, row in enumerate(sample.rows.tolist()):
        assert router.decide(ROWS.prompts[row]).expert == sample.name(int(decided.expert[place]))


def test_rows_that_cannot_count_are_left_out_and_listed():
    labels = ["professor", "zoomer", None, "banker", *ROWS.labels[4:]]
    rows = dataset(600, labels=labels)
    mine = replace(CONFIG.experts[1], utterances=(rows.prompts[5].upper() + " ",))
    config = replace(CONFIG, experts=(CONFIG.experts[0], mine))
    sample, left = usable(rows, config, "tune")
    assert left.unlabelled.tolist() == [2]
    assert left.unknown.tolist() == [3]
    assert 5 in left.utterances
    assert not set(sample.rows) & {2, 3, *left.utterances}


def test_a_dataset_that_is_all_utterances_says_so():
    rows = dataset(10)
    held = replace(CONFIG.experts[1], utterances=tuple(dict.fromkeys(rows.prompts)))
    with pytest.raises(SearchError, match="utterances of this router itself"):
        usable(rows, replace(CONFIG, experts=(CONFIG.experts[0], held)))


def test_a_live_router_with_other_experts_is_not_compared_with():
    other = replace(CONFIG, experts=(Expert("banker", utterances=("my bank",)),), fallback="banker")
    found = tune(ROWS, CONFIG, other, Spec(AXES[:1], "best accuracy"), evidence(ROWS))
    assert found.reference == "the draft as it is"


def test_the_effect_of_a_change_counts_rows_of_experts_that_come_and_go():
    more = replace(CONFIG, experts=(*CONFIG.experts, Expert("dj", utterances=tuple(NOBODY))), threshold=0.3)
    found = effect(ROWS, replace(CONFIG, threshold=0.3), more, evidence(ROWS))
    assert found.n == ROWS.splits.count("dev")
    assert len(found.moved) > 0
    back = effect(ROWS, more, replace(CONFIG, threshold=0.3), evidence(ROWS))
    assert set(back.fixed) == set(found.broken)


def test_one_row_one_class_and_copies_of_one_prompt_are_a_sentence():
    one = dataset(1, nested=True)
    with pytest.raises(SearchError, match="one class cannot tell"):
        tune(one, CONFIG, CONFIG, Spec(AXES, "best accuracy"), evidence(one))
    copies = replace(dataset(40, nested=True), groups=np.zeros(40, dtype=np.int64))
    with pytest.raises(SearchError, match="All 40 rows are near-duplicates of each other"):
        tune(copies, CONFIG, CONFIG, Spec(AXES, "best accuracy"), evidence(copies))
    same = dataset(40, nested=True, labels=["zoomer"] * 40)
    with pytest.raises(SearchError, match="The 40 rows of 'made' to search on are all labelled 'zoomer'"):
        tune(same, CONFIG, CONFIG, Spec(AXES, "best macro-F1"), evidence(same))


def test_a_run_written_as_json_reads_back_as_it_was(found):
    stakes = Stakes(call={"zoomer": 2.0}, misroute={("professor", "zoomer"): 3.0}, overhead_ms=(0.1, 4.0))
    assert spec_from_json(spec_to_json(found.spec, stakes)) == (found.spec, stakes)
    result = result_to_json(found)
    assert recommended_of(result) == found.recommended
    assert result["dev"]["n"] == len(found.dev)
    assert result["dev"]["fixed"] == len(found.comparison.fixed)
    assert packages()["numpy"] == np.__version__


def test_a_split_without_a_usable_row_is_said_and_never_filled_from_another():
    bare = replace(ROWS, splits=("tune",) * len(ROWS))
    with pytest.raises(SearchError, match="'made' has no dev rows"):
        tune(bare, CONFIG, CONFIG, Spec(AXES, "best accuracy"), evidence(bare))


def noise(seed, n=150):
    """Rows whose label says nothing of their words."""
    draw = random.Random(seed)
    return dataset(n, nested=True, seed=seed, labels=[draw.choice(["professor", "zoomer"]) for _ in range(n)])


@pytest.mark.slow
def test_weights_that_learnt_some_of_the_rows_do_not_judge_them():
    held, better = [], 0
    for seed in range(12):
        rows = noise(seed)
        sample, _ = usable(rows, CONFIG)
        taught = replace(fit_scorer(CONFIG, sample, evidence(rows)), scorer="learned", threshold=0.5)
        found = tune(rows, taught, CONFIG, Spec((regular("threshold", 0, 1, 21),), "best accuracy"), evidence(rows))
        held.append(found.accuracy.value)
        better += found.comparison.verdict == "better"
    assert np.mean(held) < 0.53
    assert better <= 2


def test_a_prompt_that_either_router_holds_judges_neither():
    prompt = ROWS.prompts[next(row for row, split in enumerate(ROWS.splits) if split == "dev")]
    first = CONFIG.experts[0]
    holds = replace(CONFIG, experts=(replace(first, utterances=(*first.utterances, prompt)), CONFIG.experts[1]))
    for before, after in ((holds, CONFIG), (CONFIG, holds)):
        sample, left = usable_by_both(ROWS, before, after, "dev")
        assert prompt not in {ROWS.prompts[row] for row in sample.rows}
        assert prompt in {ROWS.prompts[row] for row in left.utterances}
    found = tune(ROWS, CONFIG, holds, Spec(AXES, "best accuracy"), evidence(ROWS))
    assert prompt not in {ROWS.prompts[row] for row in found.dev.rows}


def test_a_threshold_for_each_expert_stands_beside_the_search_and_baselines_learn_from_all_tune_rows():
    spec = Spec((regular("threshold", 0, 1, 41), Axis("scorer", ("cosine", "learned"))), "best accuracy")
    found = tune(ROWS, CONFIG, CONFIG, spec, evidence(ROWS))
    assert found.taught == len(found.tune) - len(found.grid.sample) > 0
    measured = {one.name: one for one in dev_baselines(found, evidence(ROWS))}
    assert f"learnt on the {len(found.tune)} tune rows" in measured["logistic regression"].about
    own = measured["a threshold for each expert"]
    assert own.config is not None
    assert own.accuracy.value == pytest.approx(
        found.dev.right(outcomes_in(found.dev, own.config, evidence(ROWS))).mean()
    )


def test_a_rare_label_is_among_what_the_scorer_learns_from():
    sample, _ = usable(ROWS, CONFIG, "tune")
    for rare in range(40):
        labels = np.zeros(len(sample), dtype=np.int64)
        labels[rare] = 1
        assert learning_part(replace(sample, labels=labels))[rare]


def test_what_a_goal_comes_to_on_unseen_rows_is_said():
    goal = "at most 10 % of professor prompts to zoomer, at least 30 % coverage, then cheapest"
    stakes = Stakes(call={"professor": 4.0, "zoomer": 1.0})
    found = tune(ROWS, CONFIG, CONFIG, Spec(AXES, goal), evidence(ROWS), stakes)
    leak, coverage = limits_on_dev(found)
    told = {one.measure: one for one in found.comparison.told}
    assert leak.startswith("On dev, the share of professor prompts that go to zoomer is ")
    assert f"{told['coverage'].second.value:.1%}" in coverage
    assert "wanted at least 30.0%: kept" in coverage
    assert careless(parse_goal("cheapest", ("professor", "zoomer")))
    assert not careless(found.goal)


def test_baselines_against_a_draft_name_the_draft():
    other = replace(CONFIG, experts=(*CONFIG.experts, Expert("banker", utterances=("money",))))
    found = tune(ROWS, CONFIG, other, Spec(AXES, "best accuracy"), evidence(ROWS))
    assert found.reference == "the draft as it is"
    names = [one.name for one in dev_baselines(found, evidence(ROWS))]
    assert "the draft as it is" in names
    assert "live version" not in names
