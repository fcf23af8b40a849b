"""Probes drawn from what a router gets right: query types take turns, sealed rows stay sealed."""

from __future__ import annotations

from collections import Counter

import pytest
from doubles import WordEncoder, two_experts
from forensics.stored import rows_of

from lab.errors import DatasetError
from lab.forensics.evidence import Evidence
from lab.forensics.probe_draw import draw_probes
from lab.forensics.probes import read, run, write
from lab.forensics.tuning import outcomes_in
from lab.forensics.usable import usable
from lab.routing import build
from lab.types import NONE

CONFIG = two_experts(strategy="keyword", fallback=NONE)
ENCODER = WordEncoder()


def drawn(rows, n, seed=0):
    evidence = Evidence(rows.prompts, ENCODER)
    sample, _ = usable(rows, CONFIG)
    return draw_probes(rows, sample, outcomes_in(sample, CONFIG, lambda _: evidence), n, seed=seed)


def many(splits=None):
    prompts = [*(f"lol {n}" for n in range(20)), *(f"entropy {n}" for n in range(20)), "quarks", "lol wrong", "bank"]
    labels = [*["zoomer"] * 20, *["professor"] * 20, NONE, "professor", "zoomer"]
    types = [*["joke"] * 20, *["physics"] * 20, "odd", "joke", "odd"]
    return rows_of(prompts, labels, query_types=types, splits=splits)


def test_query_types_take_turns_and_every_probe_passes_today():
    probes = drawn(many(), 5)
    assert Counter(tag for probe in probes for tag in probe.tags) == {"joke": 2, "physics": 2, "odd": 1}
    assert run(build(CONFIG, ENCODER), probes).failed == ()
    assert read(write(probes)) == probes
    assert all(probe.note.endswith("of hand-made") for probe in probes)


def test_what_is_wrong_today_is_no_probe_and_all_that_is_right_can_be_had():
    probes = drawn(many(), 1_000)
    assert len(probes) == 41
    assert {"lol wrong", "bank"} & {probe.prompt for probe in probes} == set()


def test_the_same_seed_draws_the_same():
    assert drawn(many(), 7, seed=3) == drawn(many(), 7, seed=3)
    assert drawn(many(), 7, seed=3) != drawn(many(), 7, seed=4)


def test_sealed_rows_are_never_drawn():
    rows = many(splits=[*["sealed"] * 20, *["tune"] * 10, *["dev"] * 13])
    assert all(probe.expert != "zoomer" for probe in drawn(rows, 1_000))


def test_a_prompt_that_stands_twice_is_one_probe():
    assert len(drawn(rows_of(["lol", "lol"], ["zoomer", "zoomer"]), 5)) == 1


def test_nothing_right_is_said():
    with pytest.raises(DatasetError, match="gets none of the 1 rows of 'hand-made' right"):
        drawn(rows_of(["bank"], ["zoomer"]), 5)
