"""Deleting on request, and rows of snapshots: what is lost, what is kept, and what a snapshot says of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.exported import NewFrozenRow
from lab.judging import HUMAN, Side, written_by
from lab.messages import Message
from lab.preferences import sample
from lab.records import Event
from lab.store import (
    Store,
    conversations,
    deletion,
    duels,
    prompt_sides,
    removal,
    snapshot_rows,
    snapshots,
)
from lab.store.row_words import in_words
from lab.store.text import DELETED
from lab.store.text_places import Words
from tests.store.frozen import begin, frozen, pair
from tests.store.judged import add_duels, new_duel, person
from tests.store.test_store_deletion import SAID, SECRET, answer, everything, forget
from tests.store.test_store_sample import dangling


def gone(store: Store, snapshot_id: str = "s1") -> list[bool]:
    return [row.gone for row in snapshot_rows.rows(store, snapshot_id)]


def three(store: Store, **changes: object) -> list[str]:
    """Three duels, of which the second is changed; their ids."""
    added = duels.add(store, [new_duel(0), new_duel(1, **changes), new_duel(2)])
    return [one.duel_id or "" for one in added]


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation": (Message("user", SAID),)},
        {"conversation": (Message("user", SAID), Message("assistant", "Yes."), Message("user", "Why?"))},
        {"first": Side("a1", f"{SAID}.", "professor", "mock", "m1")},
        {"second": Side("b1", SAID, "zoomer", "mock", "m2")},
        {"system_prompt": SAID},
    ],
    ids=["prompt", "earlier turn", "first answer", "second answer", "system prompt"],
)
def test_a_row_whose_text_was_deleted_is_marked_and_counted(store: Store, changes: dict[str, object]) -> None:
    made = [duels.get(store, one) for one in three(store, **changes)]
    before = frozen(store, made, sides={})
    seen = deletion.find(store, Words.of(SECRET))
    assert [(loss.snapshot, loss.rows) for loss in seen.losses] == [(before, 1)]
    assert seen.replaced["snapshot_row"] == 1
    done = forget(store)
    assert done.counts["snapshot_row"] == 1
    assert "1 row of a snapshot" in in_words(done.counts)
    after = snapshots.get(store, "s1")
    assert (after.rows, after.gone, after.content_hash) == (3, 1, before.content_hash)
    assert gone(store) == [False, True, False]
    assert SECRET not in everything(store).casefold()
    forget(store, deletion_id="d2")
    assert snapshots.get(store, "s1").gone == 1


def test_a_duel_that_was_deleted_before_is_lost_as_well(store: Store) -> None:
    made = [duels.get(store, one) for one in three(store, conversation=(Message("user", SAID),))]
    frozen(store, made)
    duels.delete(store, made[1].id)
    assert gone(store) == [False, False, False]
    forget(store)
    assert gone(store) == [False, True, False]


def test_every_snapshot_that_holds_it_loses_it_deleted_and_unfinished_ones_too(store: Store) -> None:
    made = [duels.get(store, one) for one in three(store, conversation=(Message("user", SAID),))]
    frozen(store, made, "s1")
    frozen(store, made[:2], "s2", name="two")
    frozen(store, made[:1], "s3", name="three")
    snapshots.delete(store, "s2")
    begin(store, "s4", name="four")
    snapshot_rows.add(store, "s4", [pair(0, made[1])])
    assert [loss.snapshot.id for loss in deletion.find(store, Words.of(SECRET)).losses] == ["s1", "s2", "s4"]
    assert forget(store).counts["snapshot_row"] == 3
    assert [one.gone for one in snapshots.every(store)] == [1, 1, 0, 1]


def test_liked_rows_of_routed_and_of_imported_prompts_are_lost(store: Store, record: Callable[..., Event]) -> None:
    event, other = record(SAID), record("Something else?")
    answer(store, event, "r1", "Yes.")
    answer(store, other, "r2", "No.")
    answer(store, other, "r3", SAID)
    begin(store)
    liked = [NewFrozenRow(place, None, f"r{place + 1}", None, "train", "h") for place in range(3)]
    snapshot_rows.add(store, "s1", liked)
    snapshots.freeze(store, "s1", report={}, content_hash="c", sides={})
    assert forget(store).counts["snapshot_row"] == 2
    assert gone(store) == [True, False, True]


def test_the_words_of_a_snapshot_itself_go_and_it_is_told_as_touched(store: Store) -> None:
    made = add_duels(store, 1)
    frozen(store, made, name=f"Für {SECRET.upper()}", spec={"system_text": SAID, "seed": 1})
    frozen(store, made, "s2", name=f"{SECRET} again")
    frozen(store, made, "s3", name="third", family=SECRET)
    seen = deletion.find(store, Words.of(SECRET))
    assert [(loss.snapshot.id, loss.rows) for loss in seen.losses] == [("s1", 0), ("s2", 0)]
    assert [(one.table, one.column) for one in seen.reported] == [("snapshot", "family")]
    forget(store)
    one, two, _ = snapshots.every(store)
    assert (one.name, one.spec, one.gone) == (f"{DELETED} {one.seq}", {"system_text": DELETED, "seed": 1}, 0)
    assert snapshots.get(store, one.name) == one
    assert two.name == f"{DELETED} {two.seq}"


def test_a_prompt_keeps_its_side_under_the_id_that_says_nothing(store: Store) -> None:
    made = [duels.get(store, one) for one in three(store, conversation=(Message("user", SAID),))]
    sides = {duel.conversation_id: "test" for duel in made}
    frozen(store, made, sides=sides)
    forget(store)
    known = prompt_sides.known_prompts(store, "main")
    assert [one.side for one in known] == ["test"] * 3
    assert {one.conversation_id for one in known} & sides.keys() == sides.keys() - {made[1].conversation_id}
    assert made[1].conversation_id == conversations.conversation_id((Message("user", SAID),))
    assert dangling(store) == []
    # the same prompt, when it comes again, is another conversation, and gets a side of its own
    [again] = add_duels(store, 1, conversation=(Message("user", SAID),))
    assert prompt_sides.sides(store, "main", [again.conversation_id]) == {}


def test_answers_of_a_person_who_is_removed_are_lost(store: Store) -> None:
    ann, bob = person(store), person(store, "Bob")
    better = Side("w1", "A better answer.", written_by(ann.id), HUMAN, "")
    ids = three(store, first=better, origin="edit", rule="picked")
    frozen(store, [duels.get(store, one) for one in ids])
    assert removal.losses(store, bob.id) == ()
    [loss] = removal.losses(store, ann.id)
    assert (loss.snapshot.id, loss.rows) == ("s1", 1)
    assert removal.remove_annotator(store, "d1", ann.id).counts["snapshot_row"] == 1
    assert gone(store) == [False, True, False]


def test_the_sample_workspace_takes_its_rows_along_and_the_snapshot_says_so(store: Store) -> None:
    made = add_duels(store, 2)
    sample.add(store)
    ours = duels.recent(store, 3, batch_id="sample")
    sides = {duel.conversation_id: "train" for duel in [*made, *ours]}
    frozen(store, [made[0], *ours, made[1]], sides=sides)
    frozen(store, ours, "s2", name="of the sample alone")
    assert sample.would_remove(store).frozen == 6
    assert sample.remove(store).frozen == 6
    one, two = snapshots.every(store)
    assert (one.rows, one.gone, two.rows, two.gone) == (5, 3, 3, 3)
    assert [row.place for row in snapshot_rows.rows(store, "s1")] == [0, 4]
    assert snapshot_rows.rows(store, "s2") == []
    assert len(prompt_sides.known_prompts(store, "main")) == 2
    assert dangling(store) == []


def test_a_row_of_the_sample_that_was_gone_before_is_not_counted_twice(store: Store) -> None:
    sample.add(store)
    ours = duels.recent(store, 3, batch_id="sample")
    frozen(store, ours)
    words = ours[0].first.text[:60]
    assert deletion.delete_text(store, "d1", Words.of(words)).counts["snapshot_row"] == 1
    assert sample.remove(store).frozen == 3
    assert snapshots.get(store, "s1").gone == 3
