"""Sides of the split in a store: near-duplicates share one, stored ones never move, and what bridges two is out."""

from __future__ import annotations

from export_store import TOPICS, built, duel, many, reported, rows, vote

from lab.dpo import snapshots
from lab.dpo.behind import duels_behind
from lab.dpo.build import build
from lab.dpo.spec import Spec
from lab.messages import Message
from lab.store.judged import moment
from lab.types import new_id


def test_sides_never_move_when_votes_and_prompts_come(lab_store):
    many(lab_store, 20)
    freeze(lab_store, "one")
    before = {row.turns: row.split for row in rows(lab_store)[0]}
    for place in range(20):
        vote(
            lab_store, duel(lab_store, place, conversation=(Message("user", f"Number {place}: {TOPICS[-1 - place]}"),))
        )
        vote(lab_store, duel(lab_store, place, system_prompt="again", chosen=f"Another answer to {place}."))
    after = rows(lab_store)[0]
    assert {turns: side for turns, side in ((row.turns, row.split) for row in after) if turns in before} == before
    freeze(lab_store, "two")
    assert {row.turns: row.split for row in rows(lab_store)[0] if row.turns in before} == before
    assert len({row.turns for row in after}) > 20


def freeze(store, name, spec=None):
    return snapshots.freeze(store, spec or Spec(), snapshot_id=new_id(), name=name)


BEFORE = "Tell me in a few words what the capital of the country France is called nowadays"
AFTER = "and which river with a long history flows through the middle of that old city"


def test_a_prompt_that_bridges_two_sides_is_left_out_until_a_new_family(lab_store):
    store = lab_store
    many(store, 18)
    for text in (BEFORE, AFTER):
        vote(store, duel(store, 0, conversation=(Message("user", text),)))
    freeze(store, "one")
    sides = {row.turns[0].content: row.split for row in rows(store)[0]}
    both = (Message("user", BEFORE), Message("assistant", "Paris."), Message("user", AFTER))
    vote(store, duel(store, 0, conversation=both))
    continued = reported(store)
    assert continued.counts.get("bridging", 0) == 0  # it goes where its beginning is
    assert next(row.split for row in rows(store)[0] if len(row.turns) == 3) == sides[BEFORE]


def test_nearly_the_same_prompts_share_a_side_and_are_marked_but_for_the_first(lab_store):
    store = lab_store
    many(store, 18)
    text = "Please tell me, in a few simple words, why the leaves of trees turn red and yellow in autumn"
    for end in (".", "!", " please."):
        vote(store, duel(store, 0, conversation=(Message("user", text + end),), chosen=f"Chlorophyll goes{end}"))
    made = built(store)
    assert int(made.flagged("near_duplicate").sum()) == 2
    near = [row.split for row in rows(store)[0] if row.turns[0].content.startswith(text)]
    assert len(near) == 3
    assert len(set(near)) == 1
    assert reported(store, Spec(exclude=("near_duplicate",))).kept == 19


def worded(place, first="", last=""):
    """A prompt of forty words that no other place has, but for the first or the last."""
    words = [f"{word}{place}" for word in TOPICS[place % 20].split()[:4] for _ in range(10)]
    words = [f"{word}x{at}" for at, word in enumerate(words)]
    return (Message("user", " ".join([first or words[0], *words[1:-1], last or words[-1]])),)


def test_a_prompt_on_both_sides_of_stored_ones_is_left_out_and_listed(lab_store):
    store = lab_store
    halves = Spec(shares=(0.4, 0.3, 0.3), near=0.93)
    for place in range(12):
        vote(store, duel(store, place, conversation=worded(place, first="begin")))
        vote(store, duel(store, place, conversation=worded(place, last="end")))
    freeze(store, "one", halves)
    before = {row.turns: row.split for row in rows(store, halves)[0]}
    torn = [
        place for place in range(12)
        if before[worded(place, first="begin")] != before[worded(place, last="end")]
    ]  # fmt: skip
    assert torn
    whole = [place for place in range(12) if place not in torn]
    bridge = vote(store, duel(store, 0, conversation=worded(torn[0])))
    vote(store, duel(store, 0, conversation=worded(whole[0])))
    made = built(store, halves)
    assert made.counts == {"kept": 25, "bridging": 1}
    assert duels_behind(made, "rule", "bridging").tolist() == [bridge.seq]
    after = {row.turns: row.split for row in rows(store, halves)[0]}
    assert {turns: after[turns] for turns in before} == before
    assert after[worded(whole[0])] == before[worded(whole[0], last="end")]
    assert reported(store, Spec(shares=(0.4, 0.3, 0.3), near=0.9, family="new")).kept == 26


def test_a_side_that_is_given_while_votes_are_read_does_no_harm(lab_store):
    store = lab_store
    many(store, 5)
    text = "Please tell me, in a few simple words, why the leaves of trees turn red and yellow in autumn"
    vote(store, duel(store, 5, conversation=(Message("user", text),)))
    with moment(store) as at:
        assert at.judged() == 6
        vote(store, duel(store, 6, conversation=(Message("user", f"{text} now"),)))  # to be compared word by word
        freeze(store, "meanwhile")
        assert build(store, at, Spec()).counts == {"kept": 6}
