"""The judging part of the store against a model: any order of what annotators do, and of what clocks do meanwhile."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import empty_database
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlmodel import col, select

from lab.errors import DuelGone, NotFound, StoreError
from lab.judging import NewDuel
from lab.store import Store, deletion, duels, open_store, presentations, queue, rounds, votes
from lab.store.judging_tables import DuelRow, PresentationRow, VoteEventRow, VoteRow
from lab.store.presentations import Showing
from lab.store.text_places import Words
from tests.store.judged import NOON, add_duels, new_duel, person

PEOPLE = ("Ann", "Ben", "Cem")
VERDICTS = ("left", "right", "equally_good", "both_bad", "skip")
people = st.sampled_from(PEOPLE)
any_one = st.integers(0, 50)


@dataclass
class Said:
    """What the model knows of a vote."""

    annotator: str
    shown: str
    said: tuple[str, str | None]
    live: bool = True


class Judging(RuleBasedStateMachine):
    """Several annotators, each with what their tabs show; tabs are never told what happened elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        empty_database.put_into(Path(self.folder.name))
        self.store: Store = open_store(data_dir=Path(self.folder.name))
        self.duels = [one.id for one in add_duels(self.store, 5, wished=1)]
        self.ids = {name: person(self.store, name).id for name in PEOPLE}
        self.tabs: dict[str, list[Showing]] = {name: [] for name in PEOPLE}
        self.votes: dict[str, Said] = {}  # in the order in which they were acknowledged
        self.now = NOON
        self.number = 0
        self.events: list[tuple[Any, ...]] = []

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def new_id(self) -> str:
        self.number += 1
        return f"id-{self.number:05}"

    # -------------------------------------------------------------------------------------------------- what people do

    @rule(name=people, order=st.sampled_from(["random", "hardest"]), seed=any_one)
    def next(self, name: str, order: Any, seed: int) -> None:
        held = queue.held(self.store, self.ids[name], self.now)
        if held is not None:
            self.tabs[name].append(held)
            return
        leased = queue.lease_next(
            self.store, self.new_id(), annotator_id=self.ids[name], wanted=queue.Wanted(order=order), now=self.now,
            seed=seed,
        )  # fmt: skip
        if leased is not None:
            shown = leased.showing.presentation
            duel = duels.get(self.store, shown.duel_id)
            assert duel.votes < duel.wished
            assert duel.deleted_at is None
            assert self.standing(shown.id) is None
            self.tabs[name].append(leased.showing)

    @rule(name=people, place=any_one, seed=any_one)
    def link(self, name: str, place: int, seed: int) -> None:
        with suppress(DuelGone):
            self.tabs[name].append(
                queue.lease(
                    self.store, self.new_id(), duel_id=self.duels[place % len(self.duels)],
                    annotator_id=self.ids[name], seed=seed, now=self.now,
                )
            )  # fmt: skip

    @rule(name=people, seed=any_one)
    def repeat(self, name: str, seed: int) -> None:
        duel_id = rounds.repeatable(self.store, self.ids[name], self.now + timedelta(seconds=1), seed)
        if duel_id is not None:
            again = queue.lease(
                self.store, self.new_id(), duel_id=duel_id, annotator_id=self.ids[name], round_=2, seed=seed,
                purpose="repeat", now=self.now,
            )  # fmt: skip
            self.tabs[name].append(again)

    @rule(name=people, place=any_one, verdict=st.sampled_from(VERDICTS))
    def press(self, name: str, place: int, verdict: str) -> None:
        """Press a key in any tab, however long ago it was drawn."""
        if not self.tabs[name]:
            return
        showing = self.tabs[name][place % len(self.tabs[name])]
        shown = showing.presentation
        chosen = {"left": shown.left_id, "right": shown.right_id}.get(verdict)
        said = ("better" if chosen else verdict, chosen)
        try:
            vote = votes.cast(
                self.store, showing.vote_id, presentation_id=shown.id, verdict=said[0], chosen_id=chosen,
                note="call me 0170 555", now=self.now,
            )  # type: ignore[arg-type]  # fmt: skip
        except DuelGone:
            assert duels.get(self.store, shown.duel_id).deleted_at is not None
            return
        standing = showing.vote_id if showing.vote_id in self.votes else self.standing(shown.id)
        if standing is None:
            self.votes[showing.vote_id] = Said(name, shown.id, said)
            assert vote.id == showing.vote_id
        else:
            assert vote.id == standing
        assert (vote.verdict, vote.chosen_id) == self.votes[vote.id].said
        assert vote.live == self.votes[vote.id].live

    @rule(name=people, twice=st.booleans())
    def undo(self, name: str, twice: bool) -> None:
        undo_id = self.new_id()
        mine = [vote_id for vote_id, one in self.votes.items() if one.annotator == name and one.live]
        try:
            undone = votes.undo(self.store, undo_id, annotator_id=self.ids[name], now=self.now)
        except StoreError:
            assert not mine
            return
        assert undone.vote.id == mine[-1]
        self.votes[mine[-1]].live = False
        if twice:
            assert votes.undo(self.store, undo_id, annotator_id=self.ids[name], now=self.now).vote == undone.vote
        if undone.showing is not None:
            self.tabs[name].append(undone.showing)

    @precondition(lambda self: self.votes)
    @rule(name=people, place=any_one, verdict=st.sampled_from(VERDICTS))
    def edit(self, name: str, place: int, verdict: str) -> None:
        vote_id = list(self.votes)[place % len(self.votes)]
        one = self.votes[vote_id]
        shown = presentations.get(self.store, one.shown)
        chosen = {"left": shown.left_id, "right": shown.right_id}.get(verdict)
        said = ("better" if chosen else verdict, chosen)
        try:
            votes.edit(
                self.store, self.new_id(), vote_id, annotator_id=self.ids[name], verdict=said[0], chosen_id=chosen,
                strength=None, tags=(), note="", now=self.now,
            )  # type: ignore[arg-type]  # fmt: skip
        except NotFound:
            assert one.annotator != name  # nobody changes what somebody else said
        except StoreError:
            assert not one.live
        else:
            assert one.annotator == name
            assert one.live
            one.said = said

    @rule(name=people)
    def sign_out(self, name: str) -> None:
        presentations.let_go(self.store, self.ids[name])

    @rule(name=people, place=any_one)
    def still_there(self, name: str, place: int) -> None:
        if self.tabs[name]:
            shown = self.tabs[name][place % len(self.tabs[name])].presentation
            presentations.renew(self.store, shown.id, self.now)

    @rule(name=people)
    def reveal(self, name: str) -> None:
        presentations.reveal(self.store, [one.shown for one in self.votes.values() if one.annotator == name], self.now)

    # --------------------------------------------------------------------------------------------- what goes on around

    @rule(minutes=st.sampled_from([1, 5, 11, 300, -1, -30, -600]))
    def clock(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(place=any_one, back=st.booleans())
    def delete(self, place: int, back: bool) -> None:
        duel_id = self.duels[place % len(self.duels)]
        with suppress(StoreError):  # its text was deleted on request: it stays deleted
            (duels.bring_back if back else duels.delete)(self.store, duel_id)

    @rule(wished=st.integers(1, 3))
    def wish(self, wished: int) -> None:
        duels.wish_share(self.store, 1.0, wished)

    @precondition(lambda self: len(self.duels) < 8)
    @rule()
    def more(self) -> None:
        given: NewDuel = new_duel(100 + self.number, hardness=self.number / 7)
        self.duels += [one.duel_id for one in duels.add(self.store, [given]) if one.duel_id and one.is_new]
        self.number += 1

    @rule()
    def forget_a_number(self) -> None:
        deletion.delete_text(self.store, self.new_id(), Words.of("0170 555"))

    # -------------------------------------------------------------------------------------------- what holds all along

    def standing(self, shown: str) -> str | None:
        return next((vote_id for vote_id, one in self.votes.items() if one.shown == shown and one.live), None)

    @invariant()
    def what_was_acknowledged_is_stored_as_it_was_said(self) -> None:
        with self.store.read() as session:
            rows = {row.id: row for row in session.exec(select(VoteRow).order_by(col(VoteRow.seq)))}
        assert list(rows) == list(self.votes)
        for vote_id, one in self.votes.items():
            row = rows[vote_id]
            assert (row.verdict, row.chosen_id, row.live) == (*one.said, one.live)
            assert row.annotator_id == self.ids[one.annotator]

    @invariant()
    def each_duel_counts_its_votes(self) -> None:
        with self.store.read() as session:
            rows = session.exec(select(VoteRow).where(VoteRow.round == 1, VoteRow.verdict != "skip")).all()
            counted = {duel.id: duel.votes for duel in session.exec(select(DuelRow))}
        assert counted == {duel_id: sum(row.live and row.duel_id == duel_id for row in rows) for duel_id in counted}

    @invariant()
    def one_live_vote_at_most_for_duel_annotator_and_round_and_it_ends_the_lease(self) -> None:
        with self.store.read() as session:
            live = session.exec(select(VoteRow).where(col(VoteRow.live).is_(True))).all()
            leased = session.exec(
                select(PresentationRow.id).where(col(PresentationRow.leased_until).is_not(None))
            ).all()
        assert len({(row.duel_id, row.annotator_id, row.round) for row in live}) == len(live)
        assert not {row.presentation_id for row in live} & set(leased)

    @invariant()
    def the_history_is_only_added_to_and_gives_the_votes_when_it_is_replayed(self) -> None:
        with self.store.read() as session:
            rows = session.exec(select(VoteEventRow).order_by(col(VoteEventRow.seq))).all()
        events = [(row.seq, row.id, row.vote_id, row.kind) for row in rows]
        assert events[: len(self.events)] == self.events
        self.events = events
        replayed: dict[str, tuple[str, str | None, bool]] = {}
        for row in rows:
            if row.kind == "cast":
                assert row.vote_id not in replayed
                assert row.before is None
            else:
                assert row.before is not None
                assert (row.before["verdict"], row.before["chosen_id"], True) == replayed[row.vote_id]
            said = row.after or row.before or {}
            replayed[row.vote_id] = (said["verdict"], said["chosen_id"], row.after is not None)
        assert replayed == {vote_id: (*one.said, one.live) for vote_id, one in self.votes.items()}


Judging.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestJudging = Judging.TestCase
