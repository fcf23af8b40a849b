"""A look at sealed rows: the figures by hand, counted before they are shown, once a router."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dataset_case import rows_of, sifted
from doubles import WordEncoder, two_experts

from lab.errors import NotFound, SearchError
from lab.forensics.datasets import Rows, add
from lab.forensics.evidence import FALLBACK, KEYWORD
from lab.forensics.sealed import look, sealed_to_json
from lab.forensics.tuning import evidence_for
from lab.store import Store, looks
from lab.types import NONE, Expert, RouterConfig

SEALED = (
    ("lol one", "zoomer"),  # the pattern of the zoomer: right
    ("lol two", "professor"),  # wrong
    ("entropy three", "professor"),  # the pattern of the professor: right
    ("nothing known", "professor"),  # left to the fallback, the professor: right
    ("nothing else", NONE),  # left to the fallback: right
    ("lol five", "poet"),  # no expert of this router
    ("lol six", None),
)


def router(**changes: object) -> RouterConfig:
    """Patterns alone decide."""
    return two_experts(strategy="keyword", **changes)


@pytest.fixture
def rows(store: Store, tmp_path) -> Rows:
    """The sealed rows above, and others that no look may touch; the dataset is stored."""
    dataset = add(store, tmp_path, sifted([("any", "zoomer")]), name="any").dataset
    prompts = [*(prompt for prompt, _ in SEALED), "lol tune", "lol dev"]
    labels = [*(label for _, label in SEALED), "professor", "professor"]
    made = rows_of(prompts, labels, [*["sealed"] * len(SEALED), "tune", "dev"])  # type: ignore[list-item]
    return replace(made, dataset=dataset)


def seen(rows: Rows, store: Store, config: RouterConfig, live: RouterConfig, **more: str):
    return look(rows, config, live, evidence_for(rows, lambda name: WordEncoder()), store, "a test", **more)


def test_the_figures_are_of_the_sealed_rows_alone(rows, store):
    found = seen(rows, store, router(), router(experts=router().experts[::-1]))
    assert found.sample.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.accuracy.value == 4 / 5
    assert found.outcomes.layer.tolist() == [KEYWORD, KEYWORD, KEYWORD, FALLBACK, FALLBACK]
    assert found.comparison.verdict == "same"
    assert (found.left_out.unknown.tolist(), found.left_out.unlabelled.tolist()) == ([5], [6])


def test_it_stands_beside_the_live_router(rows, store):
    mute = replace(router().experts[1], patterns=())
    live = router(experts=(router().experts[0], mute))  # all to the professor
    found = seen(rows, store, router(), live)
    assert [rows.prompts[found.sample.rows[place]] for place in found.comparison.fixed] == ["lol one"]
    assert [rows.prompts[found.sample.rows[place]] for place in found.comparison.broken] == ["lol two"]
    assert found.comparison.accuracy.first == found.comparison.accuracy.second == 4 / 5


def test_rows_of_an_expert_that_only_one_of_both_has_count(rows, store):
    poet = Expert("poet", patterns=("lol five",))
    live = router(experts=(poet, *router().experts), on_conflict="priority")
    found = seen(rows, store, router(), live)
    assert found.sample.rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.accuracy.value == 4 / 6
    assert found.comparison.accuracy.first == 5 / 6


def test_a_router_counts_once_and_another_one_again(rows, store):
    dataset = rows.dataset.id
    first = seen(rows, store, router(), router())
    assert (first.looks, first.repeated, looks.count(store, dataset)) == (1, False, 1)
    assert first.times == "The sealed rows were looked at 1 time."
    again = seen(rows, store, router(), router())
    assert (again.looks, again.repeated, looks.count(store, dataset)) == (1, True, 1)
    other = seen(rows, store, router(on_conflict="priority"), router())
    assert (other.looks, other.repeated) == (2, False)
    relabelled = seen(replace(rows, hash="other labels"), store, router(), router())
    assert (relabelled.looks, relabelled.repeated) == (3, False)
    assert [one.why for one in looks.of_dataset(store, dataset)] == ["a test"] * 4


def test_the_same_look_sent_twice_is_one(rows, store):
    first = seen(rows, store, router(), router(), look_id="look-1")
    twice = seen(rows, store, router(), router(), look_id="look-1")
    assert (first.look, first.repeated) == (twice.look, twice.repeated)
    assert len(looks.of_dataset(store, rows.dataset.id)) == 1


def test_what_cannot_be_counted_is_not_shown(rows, store):
    stranger = replace(rows, dataset=replace(rows.dataset, id="nobody's"))
    with pytest.raises(NotFound, match="nobody's"):
        seen(stranger, store, router(), router())


def test_a_look_that_fails_is_not_counted(rows, store):
    strangers = replace(rows, labels=tuple("poet" for _ in rows.labels))
    with pytest.raises(SearchError, match="Their labels are poet"):
        seen(strangers, store, router(), router())
    assert looks.count(store, rows.dataset.id) == 0


def test_other_rows_never_stand_in_for_sealed_ones(rows, store):
    strangers = tuple(
        "poet" if split == "sealed" else label for split, label in zip(rows.splits, rows.labels, strict=True)
    )
    with pytest.raises(SearchError, match="Their labels are poet"):
        seen(replace(rows, labels=strangers), store, router(), router())
    assert looks.count(store, rows.dataset.id) == 0


def test_without_sealed_rows_there_is_a_sentence(rows, store):
    with pytest.raises(SearchError, match="under 300 none are sealed"):
        seen(replace(rows, nested=True), store, router(), router())
    with pytest.raises(SearchError, match="no labelled row that is sealed"):
        seen(replace(rows, splits=tuple("dev" for _ in rows.splits)), store, router(), router())


def test_it_is_told_as_json(rows, store):
    told = sealed_to_json(seen(rows, store, router(), router()))
    assert (told["n"], told["accuracy"][0], told["looks"], told["repeated"]) == (5, 4 / 5, 1, False)
    assert told["dataset_hash"] == rows.hash
    assert told["router_hash"] == router().content_hash("words-1")
