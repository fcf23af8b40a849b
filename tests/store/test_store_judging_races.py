"""Two tabs of one annotator, and what others do meanwhile: nothing is counted twice, nobody waits for each other."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lab.errors import DuelGone, NotFound, StoreError
from lab.judging import Duel, NewDuel, Side
from lab.preferences import verdicts
from lab.preferences.verdicts import Details
from lab.store import Store, ballots, deletion, duels, guidelines, presentations, queue, removal, votes
from lab.store.faults import BUSY_S
from lab.store.text_places import Words
from lab.types import new_id
from tests.store.judged import NOON, add_duels, lease, minutes, new_duel, person, vote

_ALLOWED = ("no vote of yours left", "taken back meanwhile", "was deleted")


def at_once(*work: Callable[[], object], times: int = 40) -> None:
    """Do each of these over and over in a thread of its own; what is refused for a reason is, nothing else may fail."""
    wrong: list[BaseException] = []

    def run(one: Callable[[], object]) -> None:
        for _ in range(times):
            try:
                one()
            except StoreError as err:
                if not isinstance(err, (DuelGone, NotFound)) and not any(said in str(err) for said in _ALLOWED):
                    wrong.append(err)
            except BaseException as err:  # noqa: BLE001  told in the thread of the test
                wrong.append(err)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong, wrong[:3]


def counted(store: Store) -> None:
    """Check that each duel counts its live votes."""
    live = ballots.of_duels(store, [duel.id for duel in duels.recent(store, 500)])
    for duel in duels.recent(store, 500):
        counts = [one for one in live.get(duel.id, []) if one.round == 1 and one.verdict != "skip"]
        assert duel.votes == len(counts)


def judge(store: Store, annotator_id: str, verdict: str = "left", note: str = "") -> None:
    """Take what is open, or the next, and vote."""
    held = queue.held(store, annotator_id, NOON)
    if held is None:
        leased = queue.lease_next(store, new_id(), annotator_id=annotator_id, wanted=queue.Wanted(), now=NOON, seed=1)
        if leased is None:
            return
        held = leased.showing
    vote(store, held, verdict, note=note)


def edit_newest(store: Store, annotator_id: str, verdict: str) -> None:
    """Change the newest vote of an annotator."""
    found = ballots.of_annotator(store, annotator_id, 1)
    if found:
        votes.edit(
            store, new_id(), found[0][0].id, annotator_id=annotator_id, verdict=verdict, chosen_id=None,  # type: ignore[arg-type]
            strength=None, tags=(), note="", now=NOON,
        )  # fmt: skip


def test_two_tabs_that_vote_undo_and_edit(store: Store) -> None:
    add_duels(store, 6, wished=3)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    at_once(
        lambda: judge(store, ann.id),
        lambda: votes.undo(store, new_id(), annotator_id=ann.id, now=NOON),
        lambda: edit_newest(store, ann.id, "skip"),
        lambda: edit_newest(store, ann.id, "both_bad"),
        lambda: judge(store, ben.id),
        lambda: duels.wish_share(store, 1.0, 3),
    )
    counted(store)
    for one, _ in ballots.of_annotator(store, ann.id, 100):
        assert presentations.get(store, one.presentation_id).leased_until is None


def test_votes_while_text_is_deleted_and_a_person_removed(store: Store) -> None:
    add_duels(store, 30, wished=3)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    number = iter(range(29))

    def delete() -> None:
        deletion.delete_text(store, new_id(), Words.of(f"Question {next(number, 29)}?"))

    at_once(
        lambda: judge(store, ann.id, note="ring me"),
        lambda: judge(store, ben.id),
        lambda: votes.undo(store, new_id(), annotator_id=ben.id, now=NOON),
        lambda: edit_newest(store, ann.id, "skip"),
        delete,
        times=25,
    )
    counted(store)
    showing = queue.lease(store, new_id(), duel_id=duels.recent(store, 1)[0].id, annotator_id=ann.id, seed=1, now=NOON)
    removal.remove_annotator(store, new_id(), ann.id, votes=True)
    with pytest.raises(StoreError, match="You were removed from this lab meanwhile, so nothing was stored"):
        vote(store, showing, note="ring me")
    assert ballots.mine(store, ann.id) == 0
    counted(store)


def test_an_open_lease_is_none_after_the_vote_of_another_tab(store: Store) -> None:
    """A second tab that asked for the same duel a moment late does not bring it back for ever."""
    [duel] = add_duels(store, 1, wished=2)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    first = vote(store, showing)
    late = queue.lease(store, new_id(), duel_id=duel.id, annotator_id=ann.id, seed=0, now=NOON)
    assert late.presentation.leased_until is None
    assert vote(store, late) == first
    assert queue.held(store, ann.id, NOON) is None


def test_a_lease_that_ran_out_is_let_go_where_others_judged_the_duel_since(store: Store) -> None:
    add_duels(store, 1)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    lease(store, ann)
    late = NOON + minutes(11)
    theirs = lease(store, ben, late)
    assert theirs is not None
    vote(store, theirs, now=late)
    assert queue.held(store, ann.id, late) is None


# --------------------------------------------------------------------------------------------------- better answers


def better(store: Store, showing: queue.Showing, text: str) -> verdicts.Given:
    """Judge with a better answer."""
    return verdicts.give(
        store, showing.vote_id, duels.get(store, showing.presentation.duel_id), showing.presentation, "left",
        details=Details(better_answer=text), took_ms=None, now=NOON,
    )  # fmt: skip


def test_a_fault_between_a_better_answer_and_its_verdict_is_made_good_by_a_second_press(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    [duel] = add_duels(store, 1)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None

    def fails(*_: object) -> None:
        raise StoreError("The disk is full, so nothing of this was stored.")

    with monkeypatch.context() as broken:
        broken.setattr(guidelines, "current", fails)
        with pytest.raises(StoreError):
            better(store, showing, "A third answer.")
    assert better(store, showing, "A third answer.").counted
    assert ballots.mine(store, ann.id) == 2
    assert queue.held(store, ann.id, NOON) is None  # the written one is not open
    undone = votes.undo(store, new_id(), annotator_id=ann.id, now=NOON)
    assert undone.vote.duel_id == duel.id
    assert ballots.mine(store, ann.id) == 0


def three(store: Store) -> list[Duel]:
    """Two duels that share an answer."""
    sides = [Side(f"s{n}", f"Answer number {n}.", f"e{n}", "mock", f"m{n}") for n in range(3)]
    base: NewDuel = new_duel(0)
    added = duels.add(store, [replace(base, first=sides[0], second=sides[n]) for n in (1, 2)])
    return [duels.get(store, one.duel_id or "") for one in added]


def test_undo_takes_no_better_answer_that_was_written_over_the_same_answer_elsewhere(store: Store) -> None:
    one, other = three(store)
    ann = person(store)

    def open_(duel: Duel) -> queue.Showing:
        return queue.lease(store, new_id(), duel_id=duel.id, annotator_id=ann.id, seed=1, now=NOON)

    shown = open_(one)
    left_is_shared = shown.presentation.left_id == "s0"
    key = "left" if left_is_shared else "right"
    verdicts.give(
        store, shown.vote_id, one, shown.presentation, key, details=Details(better_answer="Mine."), took_ms=None,
        now=NOON,
    )  # fmt: skip
    vote(store, open_(other))
    votes.undo(store, new_id(), annotator_id=ann.id, now=NOON)
    assert ballots.mine(store, ann.id) == 2  # the verdict on the first, and the better answer that came with it
    votes.undo(store, new_id(), annotator_id=ann.id, now=NOON)
    assert ballots.mine(store, ann.id) == 0


def test_undo_takes_a_vote_on_what_somebody_else_wrote(store: Store) -> None:
    add_duels(store, 1)
    ann, ben = person(store, "Ann"), person(store, "Ben")
    showing = lease(store, ann)
    assert showing is not None
    better(store, showing, "A third answer.")
    duels.wish_share(store, 1.0, 2)
    given = []
    for _ in range(2):
        theirs = lease(store, ben)
        assert theirs is not None
        given.append(vote(store, theirs).id)
    assert lease(store, ann) is None  # never one's own words
    taken = [votes.undo(store, new_id(), annotator_id=ben.id, now=NOON).vote.id for _ in given]
    assert taken == given[::-1]


# -------------------------------------------------------------------------------------------------------- faults


def test_a_vote_on_a_locked_or_full_database_is_refused_and_stored_once_by_a_second_press(
    file: Path, store: Store
) -> None:
    add_duels(store, 2)
    ann = person(store)
    showing = lease(store, ann)
    assert showing is not None
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked by another program"):
            vote(store, showing)
        with pytest.raises(StoreError, match="locked by another program"):
            votes.undo(store, new_id(), annotator_id=ann.id, now=NOON)
        other.execute("ROLLBACK")
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    with pytest.raises(StoreError, match="is full, so nothing of this was stored"):
        vote(store, showing, note="x" * 10_000)
    assert (ballots.mine(store, ann.id), votes.history(store, showing.vote_id)) == (0, [])
    with store.engine.connect() as connection:
        connection.exec_driver_sql(
            f"PRAGMA max_page_count=1000000; PRAGMA busy_timeout={BUSY_S * 1000:.0f}".split(";")[0]
        )
    first = vote(store, showing, note="x" * 10_000)
    assert vote(store, showing, "right") == first
    assert [one.kind for one in votes.history(store, first.id)] == ["cast"]
    counted(store)


@pytest.mark.parametrize("given", ["\x00", "\ud800", "x" * 10_000, "' OR 1=1 --", ""])
def test_an_id_that_nobody_has_is_told_in_a_line(store: Store, given: str) -> None:
    ann = person(store)
    for ask in (
        lambda: votes.get(store, given),
        lambda: duels.get(store, given),
        lambda: queue.lease(store, new_id(), duel_id=given, annotator_id=ann.id, seed=0, now=NOON),
        lambda: presentations.get(store, given),
        lambda: votes.cast(store, new_id(), presentation_id=given, verdict="skip", now=NOON),
    ):
        with pytest.raises(NotFound) as refused:
            ask()
        assert len(str(refused.value)) < 300
    assert ballots.of_duels(store, [given]) == {}
    assert votes.history(store, given) == []
