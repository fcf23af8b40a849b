"""What a draft does to labelled rows: the counts by hand, and those of the shared comparison."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from doubles import WordEncoder, two_experts
from forensics.stored import rows_of

from lab.forensics.draft_effect import NO_PROOF, draft_effect
from lab.forensics.evidence import Evidence
from lab.forensics.tuning import effect
from lab.types import NONE, Expert

PROMPTS = ("lol what", "entropy please", "lol entropy", "tell me a joke now", "quarks", "tell me a joke")
LABELS = ("zoomer", "professor", "zoomer", "zoomer", NONE, "zoomer")


def measured(before, after, *, prompts=PROMPTS, labels=LABELS, **given):
    rows = rows_of(prompts, labels, **given)
    evidence = Evidence(rows.prompts, WordEncoder())
    return rows, draft_effect(rows, before, after, lambda _: evidence), lambda _: evidence


def test_counts_and_their_rows_are_those_worked_by_hand():
    live = two_experts(strategy="keyword", fallback="professor")
    draft = replace(live, on_conflict="priority", experts=live.experts[::-1])
    # live: zoomer, professor, conflict -> fallback professor (wrong), fallback (wrong), fallback = none (right)
    # draft: the conflict goes to zoomer, who is listed first now; "tell me a joke" is an utterance of zoomer itself
    _, found, _ = measured(live, draft)
    assert found.sample.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.left_out.utterances.tolist() == [5]
    assert found.sample.rows[found.comparison.fixed].tolist() == [2]
    assert found.comparison.broken.tolist() == []
    before, after = found.accuracies
    assert (before.value, after.value) == (pytest.approx(3 / 5), pytest.approx(4 / 5))
    assert (before.low, after.high) == (pytest.approx(0.2307, abs=1e-4), pytest.approx(0.9638, abs=1e-4))


def test_rows_of_a_removed_expert_count_as_broken():
    live = two_experts()
    draft = replace(live, experts=(live.experts[0], Expert("poet", patterns=("ode",))))
    _, found, _ = measured(live, draft)
    assert "zoomer" in found.sample.experts
    assert 0 in found.sample.rows[found.comparison.broken].tolist()


def test_only_dev_rows_judge_where_there_are_splits_and_all_rows_where_there_are_none():
    live = two_experts()
    splits = ("tune", "dev", "sealed", "dev", "tune", "dev")
    _, found, _ = measured(live, live, splits=splits)
    assert (found.split, found.sample.rows.tolist()) == ("dev", [1, 3])
    _, found, _ = measured(live, live)
    assert (found.split, len(found.sample)) == ("all", 5)


def test_it_says_what_the_shared_effect_says():
    live = two_experts()
    draft = replace(live, threshold=0.9)
    rows, found, evidence = measured(live, draft)
    shared = effect(rows, live, draft, evidence)
    for name in ("fixed", "broken", "both_wrong", "moved"):
        np.testing.assert_array_equal(getattr(found.comparison, name), getattr(shared, name))
    assert found.comparison.accuracy == shared.accuracy


def test_rows_that_may_have_chosen_the_setting_give_counts_and_no_verdict():
    live = two_experts()
    draft = replace(live, threshold=0.9, fallback="professor")
    prompts = tuple(f"tell me a joke {number}" for number in range(12))
    _, found, _ = measured(live, draft, prompts=prompts, labels=("zoomer",) * 12)
    assert found.comparison.verdict == "worse"
    assert found.verdict is None
    said = found.in_words(second="the draft", first="live")
    assert said == f"It fixes 0 of 12 prompts and breaks 7. {NO_PROOF}"
    _, found, _ = measured(live, draft, prompts=prompts, labels=("zoomer",) * 12, splits=("dev",) * 12)
    assert found.verdict == "worse"
    assert "the draft is worse than live" in found.in_words(second="the draft", first="live")
