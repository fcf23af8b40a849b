"""Sides of the split in a store: near-duplicates share one, stored ones never move, and what bridges two is out."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from export_store import TOPICS, built, duel, many, opened, reported, rows, vote

from lab.dpo import snapshots
from lab.dpo.behind import duels_behind
from lab.dpo.build import build
from lab.dpo.spec import Spec
from lab.errors import ExportError
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


HALVES = Spec(shares=(0.4, 0.3, 0.3), near=0.93)


def frozen_halves(store):
    """Freeze twelve pairs of prompts that a third one between them is like; return the side of each prompt."""
    for place in range(12):
        vote(store, duel(store, place, conversation=worded(place, first="begin")))
        vote(store, duel(store, place, conversation=worded(place, last="end")))
    freeze(store, "one", HALVES)
    return {row.turns: row.split for row in rows(store, HALVES)[0]}


def test_a_prompt_on_both_sides_of_stored_ones_is_left_out_and_listed(lab_store):
    store, halves = lab_store, HALVES
    before = frozen_halves(store)
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


def test_the_split_does_not_hang_on_which_vote_came_first(lab_store, empty_database, tmp_path):
    other = opened(empty_database, tmp_path / "other")
    found = []
    for store, places in ((lab_store, range(60)), (other, range(59, -1, -1))):
        for place in places:
            words = " ".join(sha256(f"{place} {at}".encode()).hexdigest()[:7] for at in range(12))
            prompt = (Message("user", words),)
            vote(store, duel(store, place, conversation=prompt, query_type=f"type {place % 10}"))
        found.append({row.turns: row.split for row in rows(store)[0]})
    assert found[0] == found[1]
    assert len(found[0]) == 60


@pytest.mark.parametrize("excluded", [False, True])
def test_a_newcomer_that_is_like_one_side_alone_comes_in_beside_one_that_bridges_two(lab_store, excluded):
    store, halves = lab_store, HALVES
    before = frozen_halves(store)
    torn = next(
        place for place in range(12)
        if before[worded(place, first="begin")] != before[worded(place, last="end")]
    )  # fmt: skip
    bridge = vote(store, duel(store, 0, conversation=worded(torn), chosen="I cannot help with that, sorry."))
    [begun] = worded(torn, first="begin")
    beside = (Message("user", f"{begun.content} ?"),)
    vote(store, duel(store, 0, conversation=beside))
    if excluded:
        halves = replace(halves, exclude=("refusal",))
    made = built(store, halves)
    reason = "excluded" if excluded else "bridging"
    assert made.counts == {"kept": 25, reason: 1}
    assert made.seqs_of(reason).tolist() == [bridge.seq]
    after = {row.turns: row.split for row in rows(store, halves)[0]}
    assert after[beside] == before[worded(torn, first="begin")]
    assert {turns: after[turns] for turns in before} == before


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


def test_what_counts_as_alike_only_later_is_never_on_two_sides_of_one_export(lab_store):
    store = lab_store
    strict = Spec(shares=(0.4, 0.3, 0.3), near=0.95)
    for place in range(12):
        vote(store, duel(store, place, conversation=worded(place, first="begin")))
        vote(store, duel(store, place, conversation=worded(place)))
    freeze(store, "one", strict)
    before = {row.turns: row.split for row in rows(store, strict)[0]}
    torn = [place for place in range(12) if before[worded(place, first="begin")] != before[worded(place)]]
    assert torn
    loose = Spec(shares=(0.4, 0.3, 0.3), near=0.8)
    made = built(store, loose)
    assert made.counts == {"kept": 24 - len(torn), "bridging": len(torn)}
    after = {row.turns: row.split for row in rows(store, loose)[0]}
    assert all(before[turns] == side for turns, side in after.items())
    for place in torn:  # training keeps what is alike, else the test side does
        both = {before[worded(place, first="begin")], before[worded(place)]}
        [kept] = {after[turns] for turns in (worded(place, first="begin"), worded(place)) if turns in after}
        assert kept == ("train" if "train" in both else "test")


def test_prompts_that_are_the_same_once_masked_share_a_side(lab_store):
    for place in range(30):
        turns = (Message("user", f"Whose is +49 176 {23456700 + 7 * place}, and who wants to know?"),)
        vote(lab_store, duel(lab_store, place, conversation=turns))
    assert len({row.split for row in rows(lab_store)[0]}) > 1
    pairs, _ = rows(lab_store, Spec(mask=True))
    assert len(pairs) == 30
    assert {row.turns[0].content for row in pairs} == {"Whose is [phone], and who wants to know?"}
    assert len({row.split for row in pairs}) == 1


def test_conversations_that_branch_from_one_share_a_side(lab_store):
    store = lab_store
    for place in range(12):
        for end in range(3):
            begun = (Message("user", TOPICS[place]), Message("assistant", f"An answer to number {place}."))
            vote(store, duel(store, place, conversation=(*begun, Message("user", f"{TOPICS[-1 - end]} And {place}?"))))
    sides = {}
    for row in rows(store)[0]:
        sides.setdefault(row.turns[:2], set()).add(row.split)
    assert len(sides) == 12
    assert all(len(one) == 1 for one in sides.values())


def test_shares_are_of_what_is_kept(lab_store):
    for place in range(60):
        mail = " Write to ann.lee@firma.de." if place % 2 else ""
        vote(lab_store, duel(lab_store, place % 20, chosen=f"Answer {place}.{mail}", system_prompt=str(place)))
    out = reported(lab_store, Spec(exclude=("personal",), shares=(0.6, 0.2, 0.2)))
    assert out.kept == 30
    assert min(out.splits.values()) > 0
    assert dict(out.clusters) == {"train": 6, "validation": 2, "test": 2}


def test_the_first_one_left_of_a_group_is_kept(lab_store):
    store = lab_store
    text = "Please tell me in a few words why the leaves of the trees turn red and yellow in autumn"
    vote(store, duel(store, 0, conversation=(Message("user", text),), chosen="Ask ann.lee@firma.de, she knows."))
    vote(store, duel(store, 0, conversation=(Message("user", f"{text}, please"),), chosen="Because of chlorophyll."))
    assert built(store, Spec(exclude=("personal", "near_duplicate"))).counts == {"kept": 1, "excluded": 1}
    assert built(store, Spec(exclude=("near_duplicate",))).counts == {"kept": 1, "excluded": 1}


def test_what_was_frozen_meanwhile_is_held_against_before_anything_is_stored(lab_store):
    store = lab_store
    text = "Please tell me in a few words why the leaves of the trees turn red and yellow in autumn"
    vote(store, duel(store, 0, conversation=(Message("user", text),)))

    def meanwhile(done, of, what):
        if what.startswith("freezing") and not snapshots.stored.listed(store):
            vote(store, duel(store, 1, conversation=(Message("user", f"{text}, please"),)))
            freeze(store, "quicker", Spec(seed=3))

    with pytest.raises(ExportError, match=r"not held against: 1\."):
        snapshots.freeze(store, Spec(), snapshot_id=new_id(), name="slower", progress=meanwhile)
    assert [one.name for one in snapshots.stored.listed(store)] == ["quicker"]
    freeze(store, "slower")
    assert len({row.split for row in rows(store)[0]}) == 1
