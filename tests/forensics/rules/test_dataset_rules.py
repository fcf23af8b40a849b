"""Rule forensics and candidates on a dataset: their rows are places in the sample that comes with them."""

from __future__ import annotations

import pytest
from doubles import WordEncoder, two_experts
from forensics.stored import rows_of

from lab.errors import SearchError
from lab.forensics.evidence import Evidence
from lab.forensics.rules.of_dataset import rules_of, suggest
from lab.types import NONE

CONFIG = two_experts(threshold=0.99)
ROWS = [
    ("lol one", "zoomer", "tune"), ("so bored", "zoomer", "tune"), ("lol entropy", "professor", "dev"),
    ("entropy two", "professor", "dev"), ("not a lol", NONE, "sealed"), ("rofl three", "zoomer", "tune"),
    ("rofl four", "zoomer", "tune"), ("rofl five", "zoomer", "dev"), ("x", None, "tune"),
    ("rofl six", "zoomer", "tune"),
]  # fmt: skip
PROMPTS, LABELS, SPLITS = ([row[place] for row in ROWS] for place in range(3))
TUNE, DEV = ["lol one", "rofl three", "rofl four", "rofl six"], ["lol entropy", "entropy two", "rofl five"]


def asked(splits):
    rows = rows_of(PROMPTS, LABELS, splits=splits)
    evidence = Evidence(rows.prompts, WordEncoder())
    return rows, lambda _: evidence


@pytest.mark.parametrize(
    ("split", "prompts", "lol_hits"),
    [
        ("tune", TUNE, ["lol one"]),
        ("dev", DEV, ["lol entropy"]),
        ("all", [prompt for prompt in PROMPTS if prompt in TUNE + DEV], ["lol one", "lol entropy"]),
    ],
)
def test_a_pattern_is_read_on_the_rows_of_the_split_and_sealed_ones_are_never_among_them(split, prompts, lol_hits):
    rows, evidence = asked(SPLITS)
    found = rules_of(rows, CONFIG, split, evidence)
    assert [rows.prompts[row] for row in found.sample.rows] == prompts
    lol = next(one for one in found.report.patterns if one.pattern == "lol")
    assert [rows.prompts[found.sample.rows[place]] for place in lol.hits] == lol_hits
    assert found.report.n == len(found.sample) == len(found.decided.expert)


def test_under_300_rows_all_are_read():
    rows, evidence = asked(None)
    assert len(rules_of(rows, CONFIG, "tune", evidence).sample) == 8


def test_sealed_rows_are_refused():
    rows, evidence = asked(SPLITS)
    with pytest.raises(SearchError, match="not for reading"):
        rules_of(rows, CONFIG, "sealed", evidence)


def test_a_keyword_router_needs_no_scores():
    rows, evidence = asked(SPLITS)
    found = rules_of(rows, two_experts(strategy="keyword"), "tune", evidence)
    assert found.report.note == "This router has no layer 2, so a pattern saves no time."


def test_suggestions_are_mined_on_tune_and_measured_on_dev():
    rows, evidence = asked(SPLITS)
    found = suggest(rows, CONFIG, evidence)
    rofl = next(one for one in found.candidates.patterns if one.text == "rofl")
    assert [rows.prompts[found.tune.rows[place]] for place in rofl.tune.fixed] == [
        "rofl three",
        "rofl four",
        "rofl six",
    ]
    assert [rows.prompts[found.dev.rows[place]] for place in rofl.dev.fixed] == ["rofl five"]


def test_too_few_rows_to_judge_a_suggestion_are_said():
    rows, evidence = asked(None)
    with pytest.raises(SearchError, match=r"too few labelled rows .* \(under 300\)"):
        suggest(rows, CONFIG, evidence)
