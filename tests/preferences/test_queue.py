"""What an annotator sees next."""

from __future__ import annotations

from datetime import timedelta

import empty_database
import pytest

from lab.preferences import queue
from lab.preferences.queue import OFTEN, WARM_UP, Next, Options
from lab.store import Store, open_store
from lab.store.queue import Wanted
from tests.store.judged import NOON, add_duels, person, vote

PLAIN = Options(warm_up=False, repeats=False)


@pytest.fixture
def store(tmp_path):
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


def next_one(store: Store, annotator, options: Options = PLAIN, now=NOON) -> Next:
    found = queue.next_showing(store, annotator.id, options, clock=lambda: now, seed=lambda: 1)
    assert found is not None
    return found


def test_what_is_open_comes_first(store: Store):
    add_duels(store, 3)
    ann = person(store)
    first = next_one(store, ann)
    assert next_one(store, ann).showing.presentation.id == first.showing.presentation.id
    vote(store, first.showing)
    assert next_one(store, ann).showing.presentation.duel_id != first.showing.presentation.duel_id


def test_a_newcomer_begins_with_what_others_judged(store: Store):
    add_duels(store, 20)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    for _ in range(WARM_UP + 2):
        vote(store, next_one(store, ann, Options()).showing)
    purposes = []
    for _ in range(WARM_UP + 1):
        found = next_one(store, ben, Options())
        purposes.append(found.showing.presentation.purpose)
        vote(store, found.showing)
    assert purposes == ["warm_up"] * WARM_UP + ["queue"]


def test_the_first_of_all_has_no_warm_up(store: Store):
    add_duels(store, 2)
    assert next_one(store, person(store), Options()).showing.presentation.purpose == "queue"


def test_repeats_come_hours_later_front_loaded_with_sides_swapped(store: Store):
    add_duels(store, 40)
    ann = person(store)
    options = Options(warm_up=False)
    first = [next_one(store, ann, options) for _ in range(1)]
    for _ in range(OFTEN + 2):
        vote(store, first[-1].showing)
        first.append(next_one(store, ann, options))
    assert {one.showing.presentation.round for one in first} == {1}  # too soon for any repeat
    later = NOON + timedelta(hours=5)
    vote(store, first[-1].showing, now=later)
    rounds = []
    for _ in range(2 * OFTEN + 2):
        found = next_one(store, ann, options, later)
        rounds.append(found.showing.presentation.round)
        if rounds[-1] == 2:
            before = [one for one in first if one.showing.presentation.duel_id == found.showing.presentation.duel_id]
            assert found.showing.presentation.left_id == before[0].showing.presentation.right_id
        vote(store, found.showing, now=later)
    assert rounds == [2, *[1] * OFTEN, 2, *[1] * OFTEN]


def test_after_fifty_repeats_they_come_seldom(store: Store, monkeypatch):
    monkeypatch.setattr(queue, "REPEATS", 1)
    monkeypatch.setattr(queue, "SELDOM", 8)
    add_duels(store, 60)
    ann = person(store)
    options = Options(warm_up=False)
    for _ in range(OFTEN):
        vote(store, next_one(store, ann, options).showing)
    later = NOON + timedelta(hours=5)
    rounds = []
    for _ in range(11):
        found = next_one(store, ann, options, later)
        rounds.append(found.showing.presentation.round)
        vote(store, found.showing, now=later)
    assert rounds == [2, *[1] * 8, 2, 1]


def test_only_the_sample_workspace_is_there_so_it_is_judged(store: Store):
    add_duels(store, 2, origin="sample")
    ann = person(store)
    assert next_one(store, ann).showing.presentation.purpose == "queue"
    add_duels(store, 1, origin="bulk", system_prompt="real")
    assert queue.of_what_is_there(store, Wanted()).origin is None


def test_nothing_left_is_none(store: Store):
    ann = person(store)
    assert queue.next_showing(store, ann.id, Options(), clock=lambda: NOON) is None
