"""All votes of a small store read at once: what becomes of each duel, and the doctor's findings on the whole."""

from __future__ import annotations

import pytest
from export_store import NOON, TOPICS, duel, many, reported, rows, side, thumb, vote

from lab.dpo import snapshots
from lab.dpo.report import from_json, to_json
from lab.dpo.spec import Filters, Policy, Spec
from lab.errors import ExportError
from lab.messages import Message
from lab.preferences.bias import Leaning
from lab.store import annotators, duels, presentations, queue, resolutions, votes
from lab.types import new_id


def test_the_funnel_by_hand(lab_store):
    store = lab_store
    for place in range(3):
        vote(store, duel(store, place))
    vote(store, vote(store, duel(store, 3)), "s", "bob")  # split
    vote(store, duel(store, 4), "e")
    vote(store, duel(store, 5), "b")
    dropped = vote(store, duel(store, 6))
    resolutions.give(store, new_id(), duel_id=dropped.id, kind="dropped")
    vote(store, duel(store, 7, rejected="Error: connection refused"))
    vote(store, duel(store, 8, chosen="[No response]"))
    vote(store, duel(store, 9, second=side("x", "zoomer", provider="mock")))
    vote(store, duel(store, 10, origin="sample"))
    duel(store, 11)  # nobody judged it
    vote(store, duel(store, 12), "k")
    found = reported(store)
    assert dict(found.counts) == {
        "kept": 3, "sample": 1, "mock": 1, "verdict:split": 1, "verdict:equally_good": 1, "verdict:both_bad": 1,
        "verdict:dropped": 1, "error_text": 1, "placeholder": 1,
    }  # fmt: skip
    assert (found.votes, found.judged, found.wanted, found.pairs, found.kept) == (12, 11, 9, 5, 3)  # a skip is no vote
    assert found.found("error_text").count == 1
    assert found.found("error_text").of == 5
    assert found.query_types == {"chat": 3}
    assert [(one.by, one.chosen, one.rejected) for one in found.authors] == [("professor", 3, 0), ("zoomer", 0, 3)]
    assert sum(found.splits.values()) == 3


def test_nothing_is_there_before_anybody_votes(lab_store):
    duel(lab_store)
    found = reported(lab_store)
    assert (found.judged, found.kept, found.ready, found.findings) == (0, 0, False, ())
    with pytest.raises(ExportError, match="Label"):
        snapshots.freeze(lab_store, Spec(), snapshot_id=new_id(), name="none")


def test_where_all_is_blocked_the_export_says_why(lab_store):
    for place in range(3):
        vote(lab_store, duel(lab_store, place, rejected="Error: connection refused"))
    assert not reported(lab_store).ready
    with pytest.raises(ExportError, match=r"error message instead of an answer \(3\)"):
        snapshots.freeze(lab_store, Spec(), snapshot_id=new_id(), name="none")


def test_one_pair_is_trained_on(lab_store):
    vote(lab_store, duel(lab_store))
    found = reported(lab_store)
    assert (found.kept, dict(found.splits)) == (1, {"train": 1, "validation": 0, "test": 0})
    assert found.found("few_pairs").says == "1 pair, under 50"


def test_the_same_pair_comes_once_and_one_with_its_contrary_not_at_all(lab_store):
    store = lab_store
    for system in ("Be brief.", "Be kind.", "Be bold."):  # three duels, one pair once no system prompt parts them
        vote(store, duel(store, 0, "Good.", "Poor.", system_prompt=system))
    for system, said in (("Be brief.", "f"), ("Be kind.", "s")):
        vote(store, duel(store, 1, "Good.", "Poor.", system_prompt=system), said)
    assert reported(store).counts == {"kept": 5}
    found = reported(store, Spec(system="none"))
    assert dict(found.counts) == {"kept": 1, "twice": 2, "opposite": 2}
    one, two = rows(store, Spec(system="none"))
    assert [row.turns[0].content for row in one] == [TOPICS[0]]
    assert two == []


@pytest.mark.parametrize("said", ["f", "s"])
def test_a_pair_does_not_give_way_to_one_that_is_left_out_by_name(lab_store, said):
    store = lab_store
    annotators.ensure(store, "ann", "Ann", "person")
    known = duel(store, 1, "Good.", "Poor.", system_prompt="Be brief.")
    shown = queue.lease(store, "p1", duel_id=known.id, annotator_id="ann", seed=1, now=NOON)
    presentations.reveal(store, ["p1"], NOON)  # she learns who wrote what before she votes
    chosen = next(
        one.response_id for one in (known.first, known.second) if (one.expert == "professor") == (said == "f")
    )
    votes.cast(store, shown.vote_id, presentation_id="p1", verdict="better", chosen_id=chosen, now=NOON)
    vote(store, duel(store, 1, "Good.", "Poor.", system_prompt="Be kind."))
    assert reported(store, Spec(system="none")).kept == (said == "f")
    found = reported(store, Spec(system="none", exclude=("unblinded",)))
    assert dict(found.counts) == {"kept": 1, "excluded": 1}


def test_what_a_disagreement_was_resolved_to_stands_against_its_contrary(lab_store):
    store, none = lab_store, Spec(system="none")
    resolved = vote(store, duel(store, 1, "Good.", "Poor.", system_prompt="Be brief."))
    other = vote(store, duel(store, 1, "Good.", "Poor.", system_prompt="Be kind."), "s")
    assert dict(reported(store, none).counts) == {"opposite": 2}
    resolve(store, resolved, "professor")
    assert dict(reported(store, none).counts) == {"kept": 1, "opposite": 1}
    assert [row.chosen for row in rows(store, none)[0]] == ["Good."]
    resolve(store, other, "zoomer")
    assert dict(reported(store, none).counts) == {"opposite": 2}


def resolve(store, one, by):
    chosen = next(side.response_id for side in (one.first, one.second) if side.expert == by)
    resolutions.give(store, new_id(), duel_id=one.id, kind="resolved", verdict="better", chosen_id=chosen)


def test_a_system_prompt_is_looked_at_as_texts_are(lab_store):
    store = lab_store
    vote(store, duel(store, 0, system_prompt="Mail ann.lee@firma.de if you are stuck."))
    vote(store, duel(store, 1, system_prompt="Be brief.<|im_end|>"))
    vote(store, duel(store, 2, system_prompt="Be brief."))
    thumb(store, "Fine.", 3, system_prompt="Mail ann.lee@firma.de if you are stuck.")
    found = reported(store)
    assert (found.found("personal").count, found.found("personal").thumbs, found.found("markers").count) == (1, 1, 1)
    assert reported(store, Spec(mask=True)).found("personal") is None
    replaced = reported(store, Spec(system="replaced", system_text="Mail boss@firma.de <|im_end|>"))
    assert (replaced.found("personal").count, replaced.found("markers").count) == (3, 3)


def test_votes_on_answers_that_somebody_wrote_say_nothing_of_sides(lab_store):
    store = lab_store
    for place in range(20):
        vote(store, duel(store, place))
        edit = duel(store, place, first=side(f"Written, number {place}.", "human:ann", provider="human"), origin="edit")
        vote(store, edit, left="s")
    assert (reported(store).left.n, reported(store).kept) == (20, 40)


def test_a_thumb_that_is_left_out_contradicts_nobody(lab_store):
    store = lab_store
    vote(store, duel(store, 0, "Good.", "Poor."))
    thumb(store, "Poor.", 0, "up", system_prompt="")
    thumb(store, "I'm sorry, but I can't help with that.", 1, "up")
    thumb(store, "I'm sorry, but I can't help with that.", 1, "down")
    assert not rows(store)[0][0].dislikes_rejected
    assert rows(store, Spec(exclude=("refusal",)))[1] == []


def test_texts_of_people_are_found_under_the_name_that_files_give_them(lab_store):
    store = lab_store
    vote(store, duel(store, 0))
    written = duel(store, 1, first=side("Written.", "human:ann", provider="human"), origin="edit")
    vote(store, written)
    for name in ("human", "human:ann"):
        [row] = rows(store, Spec(filters=Filters(experts=(name,))))[0]
        assert (row.chosen, row.chosen_by) == ("Written.", "human")


def test_a_blank_system_prompt_is_none(lab_store):
    vote(lab_store, duel(lab_store, 0, system_prompt=" \n"))
    [row] = rows(lab_store)[0]
    assert row.system_prompt == ""


def test_pairs_of_one_mind_are_wrong_less_often_than_single_votes(lab_store):
    store = lab_store
    for place in range(12):  # two agree on eight of twelve, so e = (1 - sqrt(1/3)) / 2 = 0.211
        vote(store, vote(store, duel(store, place)), "f" if place < 8 else "s", "bob")
    error = (1 - (1 / 3) ** 0.5) / 2
    assert reported(store).wrong == pytest.approx(
        error**2 / (error**2 + (1 - error) ** 2)
    )  # eight pairs, two votes each
    for place in range(12, 20):
        vote(store, duel(store, place))
    single_and_double = (error + error**2 / (error**2 + (1 - error) ** 2)) / 2
    assert reported(store).wrong == pytest.approx(single_and_double)
    assert reported(store, Spec(rule="unanimous", min_votes=2)).wrong < reported(store).wrong


def test_it_is_not_known_how_many_labels_are_wrong_where_nobody_judged_twice(lab_store):
    vote(lab_store, duel(lab_store, 0))
    assert reported(lab_store).wrong is None


def test_pairs_that_all_have_their_side_outside_of_training_are_nothing_to_train_on(lab_store):
    store = lab_store
    many(store, 18)
    snapshots.freeze(store, Spec(), snapshot_id=new_id(), name="first")
    tested = next(row for row in rows(store)[0] if row.split == "test")
    left = Spec(filters=Filters(query_types=("rare",)))
    vote(store, duel(store, 0, conversation=tested.turns, system_prompt="Another.", query_type="rare"))
    assert reported(store, left).found("no_training").says == "1 pair, none of them for training"
    assert reported(store).found("no_training") is None


def test_a_thumb_is_no_annotators(lab_store):
    vote(lab_store, duel(lab_store, 0))
    thumb(lab_store, "Fine.", 3)
    assert reported(lab_store).likes == 1
    assert reported(lab_store, Spec(rule="annotator", annotator="ann")).likes == 0


def test_duplicates_only_come_to_one_pair(lab_store):
    for place in range(4):
        vote(lab_store, duel(lab_store, 0, "Good.", "Poor.", system_prompt=f"{place}"))
    found = reported(lab_store, Spec(system="replaced", system_text="Be brief."))
    assert dict(found.counts) == {"kept": 1, "twice": 3}


def test_pairs_are_left_out_by_the_name_of_a_rule(lab_store):
    vote(lab_store, duel(lab_store, 0, rejected="I'm sorry, but I can't help with that."))
    vote(lab_store, duel(lab_store, 1))
    found = reported(lab_store)
    assert (found.kept, found.found("refusal").count, found.found("refusal").left_out) == (2, 1, 0)
    found = reported(lab_store, Spec(exclude=("refusal",)))
    assert (found.kept, found.counts["excluded"]) == (1, 1)
    assert (found.found("refusal").count, found.found("refusal").left_out) == (1, 1)


def test_a_better_answer_by_hand_beats_what_it_betters(lab_store):
    store = lab_store
    one = vote(store, duel(store, 0, "Good.", "Poor."))
    loser = one.first if one.first.expert == "professor" else one.second
    written = duel(
        store, 0, first=side("Better.", "human:ann", provider="human", model=""), second=loser, origin="edit"
    )
    vote(store, written)
    said = {(row.chosen, row.rejected, row.chosen_by) for row in rows(store, Spec(min_votes=1))[0]}
    assert said == {("Good.", "Poor.", "professor"), ("Better.", "Good.", "human")}
    assert [row.chosen for row in rows(store, Spec(min_votes=5))[0]] == ["Better."]


# ---------------------------------------------------------------------------------------------------- liked answers


def test_an_answer_that_is_liked_and_disliked_is_neither(lab_store):
    store = lab_store
    middle = side("Middling.")
    vote(store, duel(store, 0, first=middle, rejected="Poor."))
    vote(store, duel(store, 0, first=side("Good."), second=side("Middling.", "zoomer")))
    pairs, likes = rows(store)
    emitted = {(row.chosen, row.likes_chosen, row.rejected, row.dislikes_rejected) for row in pairs}
    assert emitted == {("Middling.", False, "Poor.", True), ("Good.", True, "Middling.", False)}
    assert likes == []


def test_an_answer_that_several_pairs_choose_comes_once(lab_store):
    for rejected in ("Poor.", "Worse.", "Worst."):
        vote(lab_store, duel(lab_store, 0, "Good.", rejected))
    pairs, _ = rows(lab_store)
    assert sum(row.likes_chosen for row in pairs) == 1
    assert sum(row.dislikes_rejected for row in pairs) == 3


def test_a_thumb_makes_no_pair_and_counts_where_nothing_contradicts_it(lab_store):
    store = lab_store
    vote(store, duel(store, 0, "Good.", "Poor."))
    thumb(store, "Alone.", 1)
    thumb(store, "Bad.", 2, "down")
    thumb(store, "good.", 0)  # a pair says so already
    thumb(store, "Poor.", 0)  # a pair says the contrary
    thumb(store, "Twice.", 3)
    thumb(store, "twice.", 3)
    thumb(store, "Torn.", 4)
    thumb(store, "Torn.", 4, "down")
    thumb(store, "Error: connection refused", 5)
    pairs, likes = rows(store)
    assert [(row.chosen, row.rejected) for row in pairs] == [("Good.", "Poor.")]
    assert not pairs[0].dislikes_rejected
    assert [(row.answer, row.liked) for row in likes] == [("Alone.", True), ("Bad.", False), ("Twice.", True)]
    found = reported(store)
    assert (found.pairs, found.kept, found.likes, dict(found.likes_left_out)) == (
        1,
        1,
        3,
        {"error_text": 1, "contrary": 3, "in_a_pair": 1, "repeated": 1},
    )


def test_thumbs_alone_can_be_exported(lab_store):
    thumb(lab_store, "Alone.", 1)
    found = reported(lab_store)
    assert (found.kept, found.likes, found.ready) == (0, 1, True)
    snapshot = snapshots.freeze(lab_store, Spec(), snapshot_id=new_id(), name="likes")
    assert (snapshot.rows, snapshot.liked) == (1, 1)


# --------------------------------------------------------------------------------------------------- of the whole


def test_fifty_pairs_are_not_few(lab_store):
    many(lab_store, 49)
    assert reported(lab_store).found("few_pairs") is not None
    vote(lab_store, duel(lab_store, 0, system_prompt="another"))
    assert reported(lab_store).found("few_pairs") is None


def test_one_voice_is_over_half_of_the_votes_that_decided(lab_store):
    made = many(lab_store, 4)
    assert reported(lab_store).found("one_annotator").count == 4
    for one in made[:3]:
        vote(lab_store, one, "f", "bob")
    assert reported(lab_store).found("one_annotator").says.startswith("one annotator gave 4 of 7")
    vote(lab_store, made[3], "f", "bob")
    assert reported(lab_store).found("one_annotator") is None
    assert reported(lab_store).annotators == 2
    assert reported(lab_store).agreement == 1.0


def test_a_side_is_said_to_decide_only_when_the_interval_says_so(lab_store):
    made = many(lab_store, 16)
    found = reported(lab_store)
    assert (found.left.hits, found.left.n) == (16, 16)
    assert found.found("left") is not None
    for one in made:
        vote(lab_store, one, "f", "bob", left="s")
    found = reported(lab_store)
    assert (found.left.hits, found.left.n) == (16, 32)
    assert found.found("left") is None


def test_length_is_said_to_decide_only_when_the_interval_says_so(lab_store):
    many(lab_store, 20)
    found = reported(lab_store)
    assert (found.longer.hits, found.longer.n) == (0, 20)  # the professor is brief
    assert found.found("longer") is not None


def test_few_pairs_say_nothing_of_length(lab_store):
    many(lab_store, 3)
    assert (reported(lab_store).longer.hits, reported(lab_store).longer.n) == (0, 3)
    assert reported(lab_store).found("longer") is None


def test_several_system_prompts_are_noted_once_there_are_several(lab_store):
    vote(lab_store, duel(lab_store, 0, system_prompt="Be brief."))
    assert reported(lab_store).found("system_prompts") is None
    vote(lab_store, duel(lab_store, 1, system_prompt="Be kind."))
    assert reported(lab_store).found("system_prompts").count == 2
    assert reported(lab_store, Spec(system="none")).found("system_prompts") is None
    assert reported(lab_store, Spec(system="replaced", system_text="x")).found("system_prompts") is None


def test_system_prompts_of_pairs_that_are_left_out_are_not_counted(lab_store):
    vote(lab_store, duel(lab_store, 0, system_prompt="Be brief."))
    vote(lab_store, duel(lab_store, 1, rejected="I can't help you with that.", system_prompt="Be kind."))
    assert reported(lab_store, Spec(exclude=("refusal",))).found("system_prompts") is None


def test_the_share_of_the_policys_own_answers(lab_store):
    many(lab_store, 4)
    assert reported(lab_store).policy_share is None
    found = reported(lab_store, Spec(policy=Policy(model="m-zoomer")))
    assert found.policy_share == 0.5
    assert found.found("policy").says == "4 of 8 answers (50%) are by m-zoomer"
    assert reported(lab_store, Spec(policy=Policy(model="other"))).policy_share == 0


def test_pairs_longer_than_the_limit_are_marked_for_the_trainer_that_minds(lab_store):
    vote(lab_store, duel(lab_store, 0, conversation=(Message("user", "word " * 400),)))
    vote(lab_store, duel(lab_store, 1, chosen="word " * 400))
    vote(lab_store, duel(lab_store, 2))
    found = reported(lab_store, Spec(policy=Policy(max_length=256)))
    assert (found.found("dropped").count, found.found("cut").count, found.exact_tokens) == (1, 1, False)
    found = reported(lab_store, Spec(policy=Policy("reward", max_length=256)))
    assert (found.found("dropped").count, found.found("cut")) == (2, None)
    found = reported(lab_store, Spec(policy=Policy("reward", max_length=256), exclude=("dropped",)))
    assert found.kept == 1


def test_a_deleted_duel_is_not_in(lab_store):
    one, _ = many(lab_store, 2)
    duels.delete(lab_store, one.id)
    assert reported(lab_store).kept == 1


def test_votes_of_files_agree_with_nobody(lab_store):
    one = vote(lab_store, vote(lab_store, duel(lab_store)), "f", "import:x", kind="import")
    found = reported(lab_store)
    assert (found.twice, found.agreement, found.annotators) == (0, None, 2)
    vote(lab_store, one, "e", "bob")
    vote(lab_store, one, "f", "eve")
    found = reported(lab_store)  # ann and eve agree, bob with neither: one of three
    assert (found.twice, found.agreement) == (1, pytest.approx(1 / 3))
    assert (found.chose_both, found.chose_same) == (1, 1)


def test_a_report_of_the_first_snapshots_is_read(lab_store):
    many(lab_store, 4)
    found = reported(lab_store)
    stored = to_json(found) | {"longer": [found.longer.hits, found.longer.n], "left": [found.left.hits, found.left.n]}
    assert from_json(stored).longer == Leaning(found.longer.hits, found.longer.n)
