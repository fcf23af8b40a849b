"""Votes: stored once, undone in order, changed with their history kept."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.errors import NotFound, StoreError, Unstorable
from lab.judging import Ballot, NewVote
from lab.store import Store, ballots, duels, given_votes, presentations, votes
from lab.types import new_id
from tests.store.judged import NOON, add_duels, lease, minutes, person, vote


def test_a_vote_is_on_a_response_and_counts_at_its_duel(store: Store) -> None:
    add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    cast = vote(store, showing, "right", strength=2, tags=("correct",), note="cites", guideline_version=3, took_ms=4000)
    assert cast.chosen_id == showing.presentation.right_id
    assert (cast.verdict, cast.live, cast.unblinded, cast.round) == ("better", True, False, 1)
    assert (cast.strength, cast.tags, cast.note, cast.guideline_version) == (2, ("correct",), "cites", 3)
    assert duels.get(store, cast.duel_id).votes == 1
    [event] = votes.history(store, cast.id)
    assert (event.kind, event.before) == ("cast", None)
    assert event.after is not None
    assert event.after["chosen_id"] == cast.chosen_id


def test_a_press_that_is_sent_twice_is_one_vote(store: Store) -> None:
    add_duels(store, 1)
    showing = lease(store, person(store))
    assert showing is not None
    first = vote(store, showing, "left")
    assert vote(store, showing, "right") == first  # the same id: the first stands
    other_tab = replace(showing, vote_id="another id")
    assert vote(store, other_tab, "right") == first  # the same showing: the first stands
    assert len(votes.history(store, first.id)) == 1
    assert duels.get(store, first.duel_id).votes == 1


def test_a_skip_is_a_vote_that_does_not_count(store: Store) -> None:
    [duel] = add_duels(store, 1)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    showing = lease(store, ann)
    assert showing is not None
    vote(store, showing, "skip")
    assert duels.get(store, duel.id).votes == 0
    assert lease(store, ann) is None  # not again to whom skipped it
    assert lease(store, ben) is not None


def test_undo_takes_back_the_newest_and_leases_its_duel_again(store: Store) -> None:
    add_duels(store, 3)
    ann = person(store)
    cast = []
    for _ in range(3):
        showing = lease(store, ann)
        assert showing is not None
        cast.append(vote(store, showing))
    for expected in reversed(cast):
        undone = votes.undo(store, new_id(), annotator_id=ann.id, now=NOON)
        assert undone.vote.id == expected.id
        assert not undone.vote.live
        assert undone.showing is not None
        assert undone.showing.presentation.duel_id == expected.duel_id
        assert undone.showing.vote_id != expected.id
        assert duels.get(store, expected.duel_id).votes == 0
    with pytest.raises(StoreError, match="no vote of yours left"):
        votes.undo(store, new_id(), annotator_id=ann.id, now=NOON)


def test_an_undo_that_is_sent_twice_undoes_once(store: Store) -> None:
    add_duels(store, 2)
    ann = person(store)
    for _ in range(2):
        showing = lease(store, ann)
        assert showing is not None
        vote(store, showing)
    first = votes.undo(store, "undo-1", annotator_id=ann.id, now=NOON)
    again = votes.undo(store, "undo-1", annotator_id=ann.id, now=NOON)
    assert again.vote == first.vote
    assert ballots.mine(store, ann.id) == 1
    assert ballots.progress(store, sample=False) == ballots.Progress(judged=1, duels=2)


def test_undo_keeps_the_sides_and_the_history(store: Store) -> None:
    add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    vote(store, showing, "left", note="first thought")
    undone = votes.undo(store, "u", annotator_id=ann.id, now=NOON)
    assert undone.showing is not None
    assert undone.showing.presentation.left_id == showing.presentation.left_id
    again = vote(store, undone.showing, "right")
    kinds = [(event.kind, (event.after or {}).get("chosen_id")) for event in votes.history(store, again.id)]
    shown = showing.presentation
    assert kinds == [("cast", shown.left_id), ("undone", None), ("cast", shown.right_id)]
    assert votes.history(store, again.id)[1].before["note"] == "first thought"  # type: ignore[index]


def test_undo_says_who_holds_the_duel(store: Store) -> None:
    add_duels(store, 1)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    mine = lease(store, ann)
    assert mine is not None
    late = NOON + minutes(11)  # Ann's lease ran out, so Ben got the duel; then both are there
    assert lease(store, ben, late) is not None
    vote(store, mine, now=late)  # never lost, though late
    undone = votes.undo(store, "u", annotator_id=ann.id, now=late)
    assert (undone.showing, undone.held_by) == (None, "Ben")
    assert not undone.vote.live


def test_a_vote_for_a_deleted_duel_is_refused_and_undo_does_not_bring_it_back(store: Store) -> None:
    add_duels(store, 2)
    ann = person(store)
    first = lease(store, ann)
    assert first is not None
    cast = vote(store, first)
    second = lease(store, ann)
    assert second is not None
    duels.delete(store, second.presentation.duel_id)
    with pytest.raises(StoreError, match="was deleted, so nothing was stored"):
        vote(store, second)
    duels.delete(store, cast.duel_id)
    undone = votes.undo(store, "u", annotator_id=ann.id, now=NOON)
    assert (undone.showing, undone.held_by) == (None, None)


def test_an_edit_keeps_what_was_said_before(store: Store) -> None:
    add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    cast = vote(store, showing, "left")
    change = {"annotator_id": ann.id, "chosen_id": None, "strength": None, "tags": ("wrong",), "note": "", "now": NOON}
    edited = votes.edit(store, "e1", cast.id, verdict="skip", **change)  # type: ignore[arg-type]
    assert (edited.verdict, edited.chosen_id, edited.tags, edited.unblinded) == ("skip", None, ("wrong",), False)
    assert duels.get(store, cast.duel_id).votes == 0
    assert votes.edit(store, "e1", cast.id, verdict="both_bad", **change) == edited  # type: ignore[arg-type]
    assert [event.kind for event in votes.history(store, cast.id)] == ["cast", "edited"]
    back = votes.edit(store, "e2", cast.id, verdict="equally_good", **change)  # type: ignore[arg-type]
    assert duels.get(store, back.duel_id).votes == 1
    with pytest.raises(NotFound, match="No vote of yours"):
        votes.edit(store, "e3", cast.id, verdict="skip", **{**change, "annotator_id": person(store, "B").id})  # type: ignore[arg-type]
    votes.undo(store, "u", annotator_id=ann.id, now=NOON)
    with pytest.raises(StoreError, match="taken back meanwhile"):
        votes.edit(store, "e4", cast.id, verdict="skip", **change)  # type: ignore[arg-type]


def test_what_is_changed_after_the_reveal_is_not_blind(store: Store) -> None:
    add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    cast = vote(store, showing, "left")
    presentations.reveal(store, [cast.presentation_id], NOON)
    same = votes.edit(
        store, "e1", cast.id, annotator_id=ann.id, verdict="better", chosen_id=cast.chosen_id, strength=1, tags=(),
        note="only a note", now=NOON,
    )  # fmt: skip
    assert not same.unblinded
    undone = votes.undo(store, "u", annotator_id=ann.id, now=NOON)
    assert undone.showing is not None
    assert vote(store, undone.showing, "right").unblinded


@pytest.mark.parametrize(
    ("said", "error", "match"),
    [
        ({"verdict": "better"}, StoreError, "Only the verdict `better`"),
        ({"verdict": "skip", "chosen_id": "a0"}, StoreError, "Only the verdict `better`"),
        ({"verdict": "left"}, StoreError, "'left' is none"),
        ({"verdict": "better", "chosen_id": "a1"}, StoreError, "one of the two that were shown"),
        ({"verdict": "skip", "strength": 9}, StoreError, "strength 9"),
        ({"verdict": "skip", "note": "\x00"}, Unstorable, "position 0"),
        ({"verdict": "skip", "note": "x" * 10_001}, StoreError, "10,001 characters"),
    ],
    ids=["better without", "skip with", "no verdict", "not shown", "strength", "NUL", "long note"],
)
def test_what_no_vote_can_say_is_refused(
    store: Store, said: dict[str, object], error: type[Exception], match: str
) -> None:
    add_duels(store, 2)
    showing = lease(store, person(store))
    assert showing is not None
    if said.get("chosen_id") == "a1" and showing.presentation.left_id in ("a1", "b1"):
        said = {**said, "chosen_id": "a0"}
    with pytest.raises(error, match=match):
        votes.cast(store, showing.vote_id, presentation_id=showing.presentation.id, now=NOON, **said)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        votes.get(store, showing.vote_id)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.sampled_from(["left", "right", "equally_good", "both_bad", "skip", "undo"]), max_size=20))
def test_votes_and_undos_leave_what_a_list_would(store: Store, presses: list[str]) -> None:
    """The model is a stack: a verdict is put on it, undo takes the last away. The counters follow."""
    for duel in duels.recent(store, 100):
        duels.delete(store, duel.id)
    ann = person(store, new_id())
    salt = new_id()
    add_duels(store, 25, system_prompt=salt)
    stack: list[votes.Vote] = []
    waiting = None
    for place, press in enumerate(presses):
        if press == "undo":
            if stack:
                undone = votes.undo(store, f"{salt}-{place}", annotator_id=ann.id, now=NOON)
                assert undone.vote.id == stack.pop().id
                waiting = undone.showing
            continue
        showing = waiting or lease(store, ann)
        waiting = None
        assert showing is not None
        stack.append(vote(store, showing, press))
    live = [one for one, _ in ballots.of_annotator(store, ann.id, 100)]
    assert [one.id for one in live] == [one.id for one in sorted(stack, key=lambda one: -one.seq)]
    counted = sum(duel.votes for duel in duels.recent(store, 100))
    assert counted == sum(one.verdict != "skip" for one in stack)


# ------------------------------------------------------------------------------------------- many at once, and read


def test_votes_from_a_file_come_with_their_showing(store: Store) -> None:
    found = add_duels(store, 3, probability=0.25)
    ann = person(store)
    given_ones = [
        NewVote(f"v{place}", duel.id, ann.id, "better", duel.first.response_id, duel.second.response_id, NOON)
        for place, duel in enumerate(found)
    ]
    assert given_votes.record_many(store, given_ones) == 3
    assert given_votes.record_many(store, given_ones) == 0
    assert given_votes.record_many(store, [replace(given_ones[0], id="other")]) == 0
    assert [duel.votes for duel in duels.by_ids(store, [duel.id for duel in found]).values()] == [1, 1, 1]
    [ballot, *_] = ballots.listed(store)
    assert (ballot.choice, ballot.left_id) == (found[0].first.response_id, found[0].second.response_id)
    assert {ballot.first_name, ballot.second_name} == {"professor", "zoomer"}
    assert ballot.first_chars == len(found[0].first.text)
    assert ballot.probability == 0.25
    wrong = replace(given_ones[0], id="w", annotator_id=person(store, "B").id, left_id="nothing")
    with pytest.raises(StoreError, match="not one of its duel's two"):
        given_votes.record_many(store, [wrong])
    with pytest.raises(NotFound, match="'no duel'"):
        given_votes.record_many(store, [replace(wrong, duel_id="no duel")])


def test_ballots_leave_out_deleted_duels_and_votes_taken_back(store: Store) -> None:
    add_duels(store, 3)
    ann = person(store)
    cast = []
    for _ in range(3):
        showing = lease(store, ann)
        assert showing is not None
        cast.append(vote(store, showing))
    before = ballots.newest(store)
    votes.undo(store, "u", annotator_id=ann.id, now=NOON)
    assert ballots.newest(store) != before
    state = ballots.state(store)
    assert ballots.state(store) == state
    duels.delete(store, cast[0].duel_id)
    assert ballots.state(store) != state
    assert [ballot.vote_id for ballot in ballots.listed(store)] == [cast[1].id]
    assert list(ballots.of_duels(store, [one.duel_id for one in cast])) == [cast[0].duel_id, cast[1].duel_id]


def test_ballots_are_refreshed_with_what_happened_since(store: Store) -> None:
    add_duels(store, 4)
    ann = person(store)

    def cast() -> str:
        showing = lease(store, ann)
        assert showing is not None
        return vote(store, showing).duel_id

    def kept() -> tuple[ballots.State, list[Ballot]]:
        return ballots.state(store), ballots.listed(store)

    cast()
    state, known = kept()
    assert ballots.refreshed(store, known, state) == known
    cast()
    last = cast()
    assert ballots.refreshed(store, known, state) == ballots.listed(store) != known
    state, known = kept()
    votes.undo(store, "u", annotator_id=ann.id, now=NOON)
    assert ballots.refreshed(store, known, state) == ballots.listed(store) == known[:2]
    state, known = kept()
    votes.edit(
        store, "e", known[0].vote_id, annotator_id=ann.id, verdict="both_bad", chosen_id=None, strength=None, tags=(),
        note="", now=NOON,
    )  # fmt: skip
    assert ballots.refreshed(store, known, state) == ballots.listed(store) != known
    state, known = kept()
    # what no event tells of, or an event that was written behind a later one, is read in full
    late = (state[0], state[1] - 1, state[2], state[3])
    assert ballots.refreshed(store, known, late) is None
    duels.delete(store, last)
    assert ballots.refreshed(store, known, state) is None


def test_mine_is_searched_by_prompt_note_and_verdict(store: Store) -> None:
    add_duels(store, 4)
    ann = person(store)
    for verdict, note in [("left", "good 50%"), ("skip", ""), ("both_bad", "bad"), ("left", "")]:
        showing = lease(store, ann)
        assert showing is not None
        vote(store, showing, verdict, note=note)
    assert len(ballots.of_annotator(store, ann.id)) == 4
    assert [one.note for one, _ in ballots.of_annotator(store, ann.id, search="50%")] == ["good 50%"]
    assert len(ballots.of_annotator(store, ann.id, search="question")) == 4
    assert [one.verdict for one, _ in ballots.of_annotator(store, ann.id, verdict="skip")] == ["skip"]
    assert ballots.of_annotator(store, person(store, "Ben").id) == []
    [newest, *_] = ballots.of_annotator(store, ann.id, 1)
    assert len(ballots.of_annotator(store, ann.id, before_seq=newest[0].seq)) == 3
