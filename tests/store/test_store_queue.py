"""The queue: unlabelled first, leases that end, repeats with sides swapped, nobody gets a place twice."""

import pytest

from lab.errors import StoreError
from lab.judging import Side
from lab.store import Store, duels, presentations, queue, rounds
from lab.store.presentations import LEASE, Showing
from lab.types import new_id
from tests.store.judged import NOON, add_duels, lease, minutes, new_duel, person, vote


def must(showing: Showing | None) -> Showing:
    assert showing is not None
    return showing


def test_two_annotators_never_get_the_last_place_of_a_duel(store: Store) -> None:
    add_duels(store, 2)
    ann, ben, cem = (person(store, name) for name in ("Ann", "Ben", "Cem"))
    shown = {must(lease(store, one)).presentation.duel_id for one in (ann, ben)}
    assert len(shown) == 2
    assert lease(store, cem) is None
    assert lease(store, cem, NOON + LEASE + minutes(1)) is not None


def test_a_wished_overlap_gives_a_duel_to_several(store: Store) -> None:
    add_duels(store, 1, wished=2)
    ann, ben, cem = (person(store, name) for name in ("Ann", "Ben", "Cem"))
    first, second = must(lease(store, ann)), must(lease(store, ben))
    assert first.presentation.duel_id == second.presentation.duel_id
    assert lease(store, cem) is None
    vote(store, first)
    assert lease(store, ann) is None  # judged already
    vote(store, second)
    assert lease(store, cem, NOON + minutes(30)) is None  # as many votes as it wishes


def test_unlabelled_duels_come_first(store: Store) -> None:
    found = add_duels(store, 3, wished=2)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    judged = must(lease(store, ann))
    vote(store, judged)
    order = [must(lease(store, ben, NOON + minutes(20 * place))) for place in range(3)]
    for showing in order[:2]:
        assert showing.presentation.duel_id != judged.presentation.duel_id
    assert {duel.id for duel in found} >= {one.presentation.duel_id for one in order}


def test_who_learnt_of_a_duel_before_its_vote_does_not_judge_it_blind(store: Store) -> None:
    [duel] = add_duels(store, 1, wished=2)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    for _ in range(2):  # a page that runs again says it again
        presentations.learnt(store, new_id(), duel_id=duel.id, annotator_id=ann.id, seed=1, now=NOON)
    assert queue.held(store, ann.id, NOON) is None
    assert vote(store, must(lease(store, ann))).unblinded
    assert not vote(store, must(lease(store, ben))).unblinded


def test_hardest_first_goes_by_hardness_and_puts_the_unknown_last(store: Store) -> None:
    for place, hardness in enumerate([0.1, 0.9, None, 0.5]):
        duels.add(store, [new_duel(place, hardness=hardness)])
    ann = person(store)
    seen = []
    for _ in range(4):
        showing = must(lease(store, ann, order="hardest"))
        seen.append(duels.get(store, showing.presentation.duel_id).hardness)
        vote(store, showing)
    assert seen == [0.9, 0.5, 0.1, None]


def test_a_reload_shows_what_was_open_with_the_same_sides_and_vote_id(store: Store) -> None:
    add_duels(store, 5)
    ann = person(store)
    showing = must(lease(store, ann))
    again = must(queue.held(store, ann.id, NOON + minutes(2)))
    assert (again.presentation.id, again.vote_id) == (showing.presentation.id, showing.vote_id)
    assert again.presentation.left_id == showing.presentation.left_id
    assert again.presentation.leased_until == NOON + minutes(12)  # renewed
    vote(store, showing)
    assert queue.held(store, ann.id, NOON) is None


def test_what_ran_out_and_went_to_another_is_let_go(store: Store) -> None:
    add_duels(store, 1)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    lease(store, ann)
    late = NOON + minutes(11)
    must(lease(store, ben, late))
    assert queue.held(store, ann.id, late) is None
    assert must(queue.held(store, ben.id, late)).presentation.annotator_id == ben.id


def test_a_lease_that_ran_out_is_kept_where_nobody_else_took_it(store: Store) -> None:
    add_duels(store, 1)
    ann = person(store)
    showing = must(lease(store, ann))
    assert must(queue.held(store, ann.id, NOON + minutes(60))).presentation.id == showing.presentation.id


def test_a_clock_that_jumps_back_holds_no_duel_for_ever(store: Store) -> None:
    add_duels(store, 1)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    lease(store, ann, NOON + minutes(600))
    assert lease(store, ben, NOON) is not None  # the lease would end ten hours from now: no lease lasts so long


def test_a_deleted_duel_is_not_kept_open(store: Store) -> None:
    [duel] = add_duels(store, 1)
    ann = person(store)
    lease(store, ann)
    duels.delete(store, duel.id)
    assert queue.held(store, ann.id, NOON) is None
    with pytest.raises(StoreError, match="deleted"):
        queue.lease(store, new_id(), duel_id=duel.id, annotator_id=ann.id, seed=0, now=NOON)


def test_signing_out_gives_back_what_one_holds(store: Store) -> None:
    add_duels(store, 1)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    lease(store, ann)
    assert lease(store, ben) is None
    presentations.let_go(store, ann.id)
    assert lease(store, ben) is not None


def test_filters_leave_out_the_rest_and_the_sample_stands_back(store: Store) -> None:
    duels.add(
        store,
        [
            new_duel(0, query_type="code"),
            new_duel(1, query_type="chat", origin="import"),
            new_duel(2, origin="sample", query_type="chat"),
        ],
    )
    ann = person(store)

    def prompt_of(**wanted: object) -> str | None:
        leased = queue.lease_next(
            store,
            new_id(),
            annotator_id=ann.id,
            wanted=queue.Wanted(**wanted),
            now=NOON,
            seed=0,  # type: ignore[arg-type]
        )
        return None if leased is None else duels.get(store, leased.showing.presentation.duel_id).conversation[0].content

    assert prompt_of(query_type="chat") == "Question 1?"
    assert prompt_of(query_type="code") == "Question 0?"
    assert prompt_of(origin="sample") == "Question 2?"
    assert prompt_of(query_type="maths") is None
    assert prompt_of(batch_id="none") is None


def test_behind_a_place_the_walk_goes_on_and_over_all_again_at_the_end(store: Store) -> None:
    add_duels(store, 6)
    ann = person(store)
    place, seen = None, []
    for _ in range(6):
        leased = queue.lease_next(
            store, new_id(), annotator_id=ann.id, wanted=queue.Wanted(), now=NOON, seed=0, after=place
        )
        assert leased is not None
        place = leased.place
        vote(store, leased.showing)
        seen.append(leased.showing.presentation.duel_id)
    assert len(set(seen)) == 6
    added = duels.add(store, [new_duel(99)])
    leased = queue.lease_next(
        store, new_id(), annotator_id=ann.id, wanted=queue.Wanted(), now=NOON, seed=0, after=(5, 2**60)
    )
    assert leased is not None
    assert leased.showing.presentation.duel_id == added[0].duel_id


def test_sides_follow_the_seed_and_a_repeat_swaps_them(store: Store) -> None:
    found = add_duels(store, 2)
    ann = person(store)
    for seed, duel in zip((1, 2), found, strict=True):
        first = queue.lease(store, new_id(), duel_id=duel.id, annotator_id=ann.id, seed=seed, now=NOON).presentation
        assert first.left_id == (duel.first if seed % 2 else duel.second).response_id
        again = queue.lease(
            store, new_id(), duel_id=duel.id, annotator_id=ann.id, round_=2, seed=7, purpose="repeat", now=NOON
        ).presentation
        assert (again.left_id, again.right_id, again.round) == (first.right_id, first.left_id, 2)


def test_a_duel_whose_authors_were_revealed_is_no_repeat(store: Store) -> None:
    add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    vote(store, showing)
    assert rounds.repeatable(store, ann.id, NOON + minutes(300)) is not None
    presentations.reveal(store, [showing.presentation.id], NOON)
    assert rounds.repeatable(store, ann.id, NOON + minutes(300)) is None


def test_repeats_are_of_old_judged_duels_and_count_nowhere_else(store: Store) -> None:
    add_duels(store, 3)
    ann = person(store)
    assert rounds.repeatable(store, ann.id, NOON + minutes(600)) is None
    first = must(lease(store, ann))
    vote(store, first)
    skipped = must(lease(store, ann))
    vote(store, skipped, "skip")
    assert rounds.repeatable(store, ann.id, NOON) is None  # not hours ago
    duel_id = rounds.repeatable(store, ann.id, NOON + minutes(300))
    assert duel_id == first.presentation.duel_id
    assert rounds.repeats(store, ann.id, 25) == rounds.Repeats(shown=0, since=2)
    again = queue.lease(
        store, new_id(), duel_id=duel_id, annotator_id=ann.id, round_=2, seed=0, purpose="repeat", now=NOON
    )
    vote(store, again, "right")
    assert duels.get(store, duel_id).votes == 1
    assert rounds.repeatable(store, ann.id, NOON + minutes(300)) is None
    assert rounds.repeats(store, ann.id, 25) == rounds.Repeats(shown=1, since=0)


def test_the_warm_up_is_shared(store: Store) -> None:
    add_duels(store, 5)
    ann, ben, cem = (person(store, name) for name in ("Ann", "Ben", "Cem"))
    assert rounds.shared(store, ben.id, queue.Wanted()) is None
    for _ in range(3):
        vote(store, must(lease(store, ann)))
    ids = []
    for newcomer in (ben, cem):
        duel_id = rounds.shared(store, newcomer.id, queue.Wanted())
        assert duel_id is not None
        showing = queue.lease(
            store, new_id(), duel_id=duel_id, annotator_id=newcomer.id, seed=0, purpose="warm_up", now=NOON
        )
        vote(store, showing)
        ids.append(duel_id)
        assert rounds.begun(store, newcomer.id, 6) == 1
    assert ids[0] == ids[1]
    assert (rounds.begun(store, ann.id, 2), rounds.begun(store, ann.id, 6)) == (2, 3)


def test_the_same_answers_under_two_ids_are_leased_once(store: Store) -> None:
    duels.add(store, [new_duel(0), new_duel(0, first=Side("other", "A short answer to 0.", "", "", ""))])
    ann = person(store)
    vote(store, must(lease(store, ann)))
    assert lease(store, ann) is None
