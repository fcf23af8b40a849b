"""What an export reads of the store: duels with their votes, and answers with a thumb, as they were at one moment."""

from __future__ import annotations

from datetime import UTC, timedelta

from judged import NOON, add_duels, lease, person, vote

from lab.judging import NewThumb, NewVote, Side
from lab.messages import Message
from lab.records import Feedback, Response
from lab.store import annotators, answers, duels, given_thumbs, given_votes, resolutions, votes
from lab.store.judged import moment, state
from lab.types import new_id


def choose(store, duel, who="ann", verdict="better", kind="person", **more):
    """Give the vote of a person who chooses the first answer."""
    annotators.ensure(store, who, who.title(), kind)
    chosen = duel.first.response_id if verdict == "better" else None
    one = NewVote(new_id(), duel.id, who, verdict, chosen, duel.first.response_id, NOON, **more)
    given_votes.record_many(store, [one])
    return one


def in_order(store, count, **changes):
    """Store duels and return them in the order in which they came."""
    return sorted(add_duels(store, count, **changes), key=lambda duel: duel.seq)


def read(store):
    with moment(store) as at:
        return [duel for some in at.duels(2) for duel in some]


def test_only_duels_with_a_vote_are_read_with_all_that_was_said(store):
    made = in_order(store, 4, query_type="chat")
    first = choose(store, made[2], strength=3)
    choose(store, made[2], "bob", "equally_good")
    choose(store, made[0], "import:x", kind="import")
    choose(store, made[1], "bob", "skip")
    one, two = read(store)
    assert (one.id, two.id) == (made[0].id, made[2].id)  # in the order in which they came
    assert two.turns == made[2].conversation
    assert (two.system_prompt, two.origin, two.query_type) == ("Be brief.", "bulk", "chat")
    assert {two.first.id, two.second.id} == {made[2].first.response_id, made[2].second.response_id}
    assert two.first.text == made[2].side(two.first.id).text
    assert (two.first.finish_reason, two.first.error_kind, two.first.event_id) == (None, None, None)
    assert two.router_version_id is None
    assert two.resolution is None
    assert [(vote.annotator_id, vote.verdict, vote.strength) for vote in two.votes] == [
        ("ann", "better", 3), ("bob", "equally_good", None),
    ]  # fmt: skip
    assert (two.votes[0].vote_id, two.votes[0].chosen_id) == (first.id, made[2].first.response_id)
    assert two.votes[0].created_at.replace(tzinfo=UTC) == NOON
    assert one.votes[0].annotator_kind == "import"
    with moment(store) as at:
        assert (at.judged(), at.votes()) == (2, 3)  # a skip is no vote
        assert [duel.id for duel in at.by_seq([two.seq, one.seq])] == [one.id, two.id]
        assert at.turns([one.seq]) == {one.seq: one.turns}
        assert at.turns_of_conversations([two.conversation_id]) == {two.conversation_id: two.turns}


def test_votes_that_were_taken_back_repeats_and_deleted_duels_are_not_read(store):
    made = add_duels(store, 3)
    ann = person(store)
    showing = lease(store, ann)
    vote(store, showing)
    votes.undo(store, new_id(), annotator_id=ann.id, now=NOON)
    choose(store, made[0], "bob")
    choose(store, made[0], "bob", round=2)
    choose(store, made[1], "bob")
    duels.delete(store, made[1].id)
    [one] = read(store)
    assert [vote.annotator_id for vote in one.votes] == ["bob"]
    duels.bring_back(store, made[1].id)
    assert len(read(store)) == 2


def test_the_newest_resolution_of_a_duel_counts(store):
    [duel] = add_duels(store, 1)
    choose(store, duel)
    for kind, chosen in (("contested", None), ("resolved", duel.second.response_id)):
        verdict = "better" if chosen else None
        resolutions.give(store, new_id(), duel_id=duel.id, kind=kind, verdict=verdict, chosen_id=chosen)
    assert read(store)[0].resolution[:3] == ("resolved", "better", duel.second.response_id)
    last = resolutions.give(store, new_id(), duel_id=duel.id, kind="reopened")
    found = read(store)[0].resolution
    assert found[:3] == ("reopened", None, None)
    assert found.created_at.replace(tzinfo=None) == last.created_at.replace(tzinfo=None)


def test_a_duel_that_was_resolved_is_judged_though_everybody_skipped_it(store):
    made = in_order(store, 7)
    choose(store, made[1])
    for place in (2, 3, 4, 5):
        choose(store, made[place], "bob", "skip")
    for place in (0, 1, 2, 4, 5):
        better = {"verdict": "better", "chosen_id": made[place].first.response_id}
        resolutions.give(store, new_id(), duel_id=made[place].id, kind="contested")
        resolutions.give(store, new_id(), duel_id=made[place].id, kind="resolved", **better)
    resolutions.give(store, new_id(), duel_id=made[4].id, kind="reopened")
    duels.delete(store, made[5].id)
    found = read(store)
    assert [duel.id for duel in found] == [made[0].id, made[1].id, made[2].id]
    assert found[2].resolution[:3] == ("resolved", "better", made[2].first.response_id)
    assert [vote.verdict for vote in found[2].votes] == ["skip"]
    assert found[0].votes == ()
    with moment(store) as at:
        assert at.judged() == 3
        assert [duel.id for duel in at.by_seq([duel.seq for duel in made])] == [duel.id for duel in found]
    before = state(store)
    resolutions.give(store, new_id(), duel_id=made[3].id, kind="dropped")
    assert state(store).judged == before.judged + 1


def test_a_routed_duel_has_its_version_layer_options_and_how_its_answers_ended(store, record):
    event = record()
    sides = []
    for name in ("professor", "zoomer"):
        given = Response(
            new_id(), event.id, name, "ollama", "m", "Be brief.", {"temperature": 0.5}, f"The answer of {name}.",
            "length" if name == "zoomer" else "stop", 1, 1, None, None, None, None, None, False, NOON,
        )  # fmt: skip
        answers.record_response(store, given)
        sides.append(Side(given.id, given.text, name, "ollama", "m"))
    [duel] = add_duels(
        store, 1, first=sides[0], second=sides[1], conversation=event.conversation, event_id=event.id, origin="route"
    )
    choose(store, duel)
    [one] = read(store)
    assert (one.router_version_id, one.layer) == (event.router_version_id, "keyword")
    ended = {answer.expert: answer.finish_reason for answer in (one.first, one.second)}
    assert ended == {"professor": "stop", "zoomer": "length"}
    assert one.first.event_id == event.id
    assert one.first.options == one.second.options
    assert "0.5" in one.first.options


def thumb(place, value="up", **changes):
    values = {
        "id": new_id(), "conversation": (Message("user", f"Question {place}?"),), "system_prompt": "",
        "answer": Side(f"t{place}", f"Answer {place}", "professor", "ollama", "m"), "value": value, "created_at": NOON,
        **changes,
    }  # fmt: skip
    return NewThumb(**values)


def test_thumbs_are_read_with_their_answers_and_the_newest_counts(store):
    given_thumbs.record_many(store, [thumb(place, "up" if place % 2 else "down") for place in range(5)])
    answers.record_feedback(store, Feedback(new_id(), "t1", "down", NOON + timedelta(minutes=1)))
    answers.clear_feedback(store, new_id(), "t2")
    with moment(store) as at:
        found = [like for some in at.likes(2) for like in some]
        assert [(like.answer.id, like.liked) for like in found] == [
            ("t0", False),
            ("t1", False),
            ("t3", True),
            ("t4", False),
        ]
        assert [like.seq for like in found] == sorted(like.seq for like in found)
        assert found[2].turns == (Message("user", "Question 3?"),)
        assert at.turns_of_likes([found[2].seq]) == {found[2].seq: found[2].turns}


def test_a_thumb_on_a_routed_answer_has_the_turns_of_its_prompt(store, record):
    event = record(conversation=(Message("system", "Be kind."), Message("user", "Is it so?")))
    given = Response(
        "r1", event.id, "professor", "ollama", "m", "Be brief.", {}, "It is.", "stop", 1, 1, None, None, None, None,
        None, False, NOON,
    )  # fmt: skip
    answers.record_response(store, given)
    answers.record_feedback(store, Feedback(new_id(), "r1", "up", NOON))
    with moment(store) as at:
        [[like]] = at.likes()
    assert like.turns == (Message("user", "Is it so?"),)
    assert (like.system_prompt, like.layer, like.router_version_id) == ("Be brief.", "keyword", event.router_version_id)
    assert like.answer.finish_reason == "stop"


def test_a_moment_sees_nothing_that_comes_while_it_is_read(store):
    made = in_order(store, 5)
    for duel in made[:3]:
        choose(store, duel)
    given_thumbs.record_many(store, [thumb(1)])
    with moment(store) as at:
        assert at.votes() == 3
        pages = at.duels(1)
        seen = next(pages)
        choose(store, made[0], "bob", "both_bad")
        choose(store, made[3])
        duels.delete(store, made[2].id)
        resolutions.give(store, new_id(), duel_id=made[1].id, kind="dropped")
        given_thumbs.record_many(store, [thumb(2)])
        seen += [duel for some in pages for duel in some]
        assert [duel.id for duel in seen] == [duel.id for duel in made[:3]]
        assert [len(duel.votes) for duel in seen] == [1, 1, 1]
        assert seen[1].resolution is None
        assert [len(some) for some in at.likes()] == [1]
        assert (at.votes(), at.judged()) == (3, 3)
        assert len(at.by_seq([made[0].seq])[0].votes) == 1
    with moment(store) as at:
        assert (at.votes(), at.judged()) == (4, 3)


def test_the_state_changes_with_all_that_an_export_reads(store):
    made = add_duels(store, 2)
    seen = [state(store)]

    def changed():
        seen.append(state(store))
        return seen[-1] != seen[-2]

    assert not changed()
    choose(store, made[0])
    assert changed()
    choose(store, made[0], "bob", "skip")
    assert changed()
    resolutions.give(store, new_id(), duel_id=made[0].id, kind="dropped")
    assert changed()
    given_thumbs.record_many(store, [thumb(1)])
    assert changed()
    duels.delete(store, made[0].id)
    assert changed()
    assert not changed()


def test_an_empty_store_has_nothing_to_read(store):
    with moment(store) as at:
        assert (at.judged(), at.votes()) == (0, 0)
        assert list(at.duels()) == []
        assert list(at.likes()) == []
        assert at.by_seq([1, 2]) == []
