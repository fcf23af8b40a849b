"""Verdicts: what a key means, and a better answer that goes and comes back with its vote."""

from __future__ import annotations

import empty_database
import pytest

from lab.errors import StoreError
from lab.preferences import verdicts
from lab.preferences.verdicts import Details
from lab.store import Store, ballots, duels, guidelines, open_store, votes
from tests.store.judged import NOON, add_duels, lease, person


@pytest.fixture
def store(tmp_path):
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


def give(store: Store, showing, key, **details):
    duel = duels.get(store, showing.presentation.duel_id)
    return verdicts.give(
        store, showing.vote_id, duel, showing.presentation, key, details=Details(**details), took_ms=900, now=NOON
    )


def test_a_key_is_about_what_stood_there(store: Store):
    add_duels(store, 1)
    shown = lease(store, person(store)).presentation
    assert verdicts.meaning("left", shown) == ("better", shown.left_id)
    assert verdicts.meaning("right", shown) == ("better", shown.right_id)
    assert verdicts.meaning("both_bad", shown) == ("both_bad", None)


def test_a_verdict_keeps_the_guidelines_that_held(store: Store):
    add_duels(store, 2)
    ann = person(store)
    assert give(store, lease(store, ann), "left").vote.guideline_version is None
    guidelines.write(store, "g1", "Be right.")
    guidelines.write(store, "g2", "Be right and brief.")
    assert guidelines.write(store, "g2", "anything").version == 2
    assert guidelines.write(store, "g3", "Be right and brief.").version == 2
    assert give(store, lease(store, ann), "left").vote.guideline_version == 2
    with pytest.raises(StoreError, match="empty"):
        guidelines.write(store, "g4", " ")


def test_a_second_press_does_not_count(store: Store):
    add_duels(store, 1)
    showing = lease(store, person(store))
    assert give(store, showing, "left").counted
    assert give(store, showing, "left").counted  # the same press again
    again = give(store, showing, "right")
    assert not again.counted
    assert again.vote.chosen_id == showing.presentation.left_id


def test_a_better_answer_wins_over_the_better_one_and_nothing_else(store: Store):
    [duel] = add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    give(store, showing, "left", better_answer="Mine is best.")
    edits = [one for one in duels.recent(store) if one.origin == "edit"]
    assert len(edits) == 1
    texts = {side.text: side for side in (edits[0].first, edits[0].second)}
    assert texts.keys() == {"Mine is best.", duel.side(showing.presentation.left_id).text}
    assert texts["Mine is best."].provider == "human"
    [ballot] = [one for one in ballots.listed(store) if one.origin == "edit"]
    assert ballot.chosen_id == texts["Mine is best."].response_id
    assert ballot.annotator_id == ann.id


@pytest.mark.parametrize("key", ["equally_good", "both_bad"])
def test_without_a_better_one_it_wins_over_both(store: Store, key):
    add_duels(store, 1)
    give(store, lease(store, person(store)), key, better_answer="Mine.")
    assert sum(one.origin == "edit" for one in ballots.listed(store)) == 2


def test_undo_takes_the_better_answer_back_and_giving_it_again_counts_again(store: Store):
    add_duels(store, 1)
    ann = person(store)
    give(store, lease(store, ann), "left", better_answer="Mine.")
    assert len(ballots.listed(store)) == 2
    undone = votes.undo(store, "u1", annotator_id=ann.id, now=NOON)
    assert undone.vote.chosen_id is not None
    assert ballots.listed(store) == []
    give(store, undone.showing, "left", better_answer="Mine.")
    assert len(ballots.listed(store)) == 2
    assert sum(one.origin == "edit" for one in duels.recent(store)) == 1


@pytest.mark.parametrize(
    ("key", "text", "match"), [("skip", "Mine.", "skipped"), ("left", "SAME", "says the same")], ids=["skip", "same"]
)
def test_a_better_answer_that_cannot_be_leaves_nothing_stored(store: Store, key, text, match):
    [duel] = add_duels(store, 1)
    showing = lease(store, person(store))
    words = duel.side(showing.presentation.left_id).text if text == "SAME" else text
    with pytest.raises(StoreError, match=match):
        give(store, showing, key, better_answer=words)
    assert ballots.listed(store) == []
