"""Duels: the same prompt and answers are the same duel, equal answers make none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import func, select

from lab.errors import NotFound, StoreError, Unstorable
from lab.judging import Side
from lab.messages import Message
from lab.store import Store, answers, batches, conversations, duels, events
from lab.store.judging_tables import ConversationRow
from lab.store.tables import ResponseRow
from tests.store.conftest import Recorder
from tests.store.judged import add_duels, new_duel


def test_a_duel_is_stored_with_its_turns_and_answers(store: Store) -> None:
    turns = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "And now?"))
    [added] = duels.add(store, [new_duel(7, conversation=turns, query_type="chat", probability=0.25, hardness=0.5)])
    assert added.is_new
    duel = duels.get(store, str(added.duel_id))
    assert duel.conversation == turns
    assert {duel.first.text, duel.second.text} == {"A short answer to 7.", "Another answer to 7, a longer one."}
    assert duel.side(added.first_id).expert == "professor"
    assert duel.side(added.second_id).expert == "zoomer"
    assert (duel.query_type, duel.probability, duel.hardness, duel.votes, duel.wished) == ("chat", 0.25, 0.5, 0, 1)


def test_the_same_prompt_and_answers_are_the_same_duel_whichever_way_round(store: Store) -> None:
    [first] = duels.add(store, [new_duel()])
    one = new_duel()
    swapped = new_duel(first=Side("c", one.second.text, "x", "y", "z"), second=Side("d", one.first.text, "x", "y", "z"))
    again, twice = duels.add(store, [swapped, swapped])
    assert (again.duel_id, again.is_new) == (first.duel_id, False)
    assert (again.first_id, again.second_id) == (first.second_id, first.first_id)
    assert twice == again
    assert len(duels.recent(store)) == 1


def test_twice_in_one_call_is_once(store: Store) -> None:
    one, two = duels.add(store, [new_duel(), new_duel()])
    assert (one.is_new, two.is_new, two.duel_id) == (True, False, one.duel_id)


def test_another_system_prompt_is_another_duel_on_the_same_conversation(store: Store) -> None:
    other = new_duel(first=Side("c", new_duel().first.text, "", "", ""), system_prompt="Be long.")
    added = duels.add(store, [new_duel(), other])
    assert [one.is_new for one in added] == [True, True]
    found = [duels.get(store, str(one.duel_id)) for one in added]
    assert found[0].conversation_id == found[1].conversation_id


@pytest.mark.parametrize(
    "other",
    ["A short answer to 0.", "  a SHORT answer\n to 0. ", "A short answer to 0.\n"],
    ids=["same", "case", "end"],
)
def test_equal_answers_make_no_duel(store: Store, other: str) -> None:
    [added] = duels.add(store, [new_duel(second=Side("b", other, "", "", ""))])
    assert (added.duel_id, added.is_new) == (None, False)
    assert duels.recent(store) == []
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(ResponseRow)).one() == 0
        assert session.exec(select(func.count()).select_from(ConversationRow)).one() == 0


@pytest.mark.parametrize("text", ["Ταΐζω τις γάτες.", "straße", "İstanbul", "ǰ and ẖ", "ﬃ"])
def test_case_does_not_tell_answers_apart_in_any_alphabet(text: str) -> None:
    assert duels.same_answer(text, text.upper())
    assert duels.folded(duels.folded(text)) == duels.folded(text)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_being_the_same_answer_has_no_direction(one: str, other: str) -> None:
    assert duels.same_answer(one, one)
    assert duels.same_answer(one, other) == duels.same_answer(other, one)


def test_which_answer_is_first_says_nothing_of_who_wrote_it(store: Store) -> None:
    found = add_duels(store, 60)
    first = sum(duel.first.expert == "professor" for duel in found)
    assert 12 < first < 48  # 30 expected; outside with a probability of 1 in 500,000


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"conversation": ()}, StoreError, "does not end with a prompt"),
        ({"conversation": (Message("user", " "),)}, StoreError, "does not end with a prompt"),
        ({"conversation": (Message("user", "a"), Message("assistant", "b"))}, StoreError, "does not end with a prompt"),
        ({"first": Side("a", " \n", "", "", "")}, StoreError, "is empty"),
        ({"first": Side("a", "x\x00y", "", "", "")}, Unstorable, "position 1"),
        ({"system_prompt": "\ud800"}, Unstorable, "position 0"),
        ({"conversation": (Message("user", "q\x00"),)}, Unstorable, "position 1"),
    ],
    ids=["no turns", "blank prompt", "ends with an answer", "empty answer", "NUL", "surrogate", "NUL in the prompt"],
)
def test_what_cannot_be_judged_is_refused_whole(
    store: Store, changes: dict[str, object], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        duels.add(store, [new_duel(1), new_duel(2, **changes)])
    assert duels.recent(store) == []


def test_a_response_id_with_another_text_is_refused(store: Store) -> None:
    duels.add(store, [new_duel()])
    with pytest.raises(StoreError, match="stored with another text"):
        duels.add(store, [new_duel(1, first=Side("a0", "Something else.", "", "", ""))])


def test_stored_responses_of_an_event_are_used_as_they_are(store: Store, record: Recorder) -> None:
    event = record("Why?")
    base = answers.responses(store, event.id)
    assert base == []
    [added] = duels.add(store, [new_duel(conversation=event.conversation, event_id=event.id)])
    assert duels.recent(store, event_id=event.id)[0].id == added.duel_id
    assert events.get(store, event.id) == event


def test_long_and_odd_answers_come_back_as_they_went_in(store: Store) -> None:
    odd = "</div><script>alert(1)</script> \x1b[31mred\x1b[0m \u202eright to left\u202c 👩‍👩‍👧 é é\r\n" + "x" * 50_000
    [added] = duels.add(store, [new_duel(first=Side("odd", odd, "", "", ""))])
    assert duels.get(store, str(added.duel_id)).side("odd").text == odd


def test_a_deleted_duel_is_listed_no_more_and_comes_back(store: Store) -> None:
    [duel, other] = add_duels(store, 2)
    duels.delete(store, duel.id)
    assert [one.id for one in duels.recent(store)] == [other.id]
    assert duels.get(store, duel.id).deleted_at is not None
    duels.bring_back(store, duel.id)
    assert {one.id for one in duels.recent(store)} == {duel.id, other.id}
    with pytest.raises(NotFound, match="No duel has the id 'nobody'"):
        duels.delete(store, "nobody")


def test_searching_looks_in_the_prompts(store: Store) -> None:
    add_duels(store, 12)
    assert len(duels.recent(store, search="QUESTION 1")) == 3  # 1, 10, 11
    assert duels.recent(store, search="%") == []
    assert duels.recent(store, search="\x00") == []


def test_a_batch_is_begun_once_and_its_report_replaced(store: Store) -> None:
    one = batches.begin(store, "b1", kind="import", name="a.json", spec={"rows": 3}, content_hash="h")
    again = batches.begin(store, "b2", kind="import", name="copy.json", spec={}, content_hash="h")
    assert again == one
    batches.report(store, "b1", {"duels": 2})
    assert batches.get(store, "b1").report == {"duels": 2}
    assert [batch.id for batch in batches.listed(store, "import")] == ["b1"]
    assert batches.listed(store, "bulk") == []
    with pytest.raises(NotFound):
        batches.get(store, "b2")


def test_a_conversation_is_its_turns_without_the_system_prompt(store: Store) -> None:
    turns = (Message("user", "Hi"),)
    with_system, without = conversations.put_many(store, [(Message("system", "S"), *turns), turns])
    assert with_system == without
    assert conversations.conversation_id(turns) != conversations.conversation_id((Message("user", "Hi!"),))


def test_wished_votes_are_at_least_one(store: Store) -> None:
    [duel] = add_duels(store, 1)
    duels.wish(store, [duel.id], 3)
    assert duels.get(store, duel.id).wished == 3
    with pytest.raises(StoreError, match="at least one"):
        duels.wish(store, [duel.id], 0)


def test_the_id_of_a_duel_is_known_before_it_is_stored(store: Store) -> None:
    new = new_duel()
    [added] = duels.add(store, [new])
    assert duels.id_of(new) == duels.id_of(replace(new, first=new.second, second=new.first)) == added.duel_id
    assert duels.id_of(replace(new, second=replace(new.second, text=new.first.text.upper()))) is None
