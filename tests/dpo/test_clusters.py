"""Which conversations belong together: by what the user says, and where one continues another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.dpo import clusters
from lab.dpo.clusters import Conversations, compared, cosine_groups
from lab.errors import ExportError
from lab.messages import Message


def talk(*said: str) -> tuple[Message, ...]:
    """Turns of user and assistant in turn."""
    return tuple(Message("assistant" if place % 2 else "user", text) for place, text in enumerate(said))


def groups(*conversations, near: float = 0.8) -> list[int]:
    kept = Conversations(near)
    kept.add(conversations)
    return kept.groups(lambda places: [conversations[place] for place in places]).tolist()


def test_what_the_user_says_is_compared():
    assert compared(talk("Hello", "Hi, what now?", "A joke")) == "Hello\nA joke"
    long = "please tell me how long it takes to bake a potato in the oven"
    assert groups(talk(long, "Ask a cook.", "No, you"), talk("A joke"), talk(long, "Fifty minutes.", "no you!")) == [
        0, 1, 0,
    ]  # fmt: skip


def test_a_conversation_that_continues_another_is_with_it_in_either_order():
    first = talk("What is the capital of France?")
    longer = talk("What is the capital of France?", "Paris.", "And where does the river that flows through it begin?")
    other = talk("What is the capital of France?", "Lyon.", "No it is not, so please look it up in a book again")
    assert groups(longer, first, other) == [0, 0, 0]
    assert groups(longer, other) == [0, 1]  # other answers in between: neither continues the other
    assert groups(talk("tell me a joke"), longer, first) == [0, 1, 1]


def test_both_relations_join():
    near = "please tell me how long it takes to bake a potato in the oven"
    nearly = "please tell me how long it takes to bake a potato in my oven"
    longer = talk(nearly, "Fifty minutes.", "Completely different words follow here, at considerable length, so there")
    assert groups(talk("a joke"), longer, talk(near), talk(nearly)) == [0, 1, 1, 1]


def test_chunks_make_no_difference():
    said = [talk(f"Question {row % 5} of them?", "Yes.", f"And {row}") if row % 3 else talk(f"Question {row % 5} of "
            "them?") for row in range(40)]  # fmt: skip
    kept = Conversations()
    for start in range(0, 40, 7):
        kept.add(said[start : start + 7])
    assert len(kept) == 40
    assert kept.groups(lambda places: [said[place] for place in places]).tolist() == groups(*said)
    assert len(set(kept.digests.tolist())) == len({compared(one) for one in said})


def test_nothing_at_all_has_no_group():
    assert groups() == []
    assert cosine_groups(np.zeros((0, 3), dtype=np.float32), 0.8).tolist() == []


# ------------------------------------------------------------------------------------------------------------ cosine


def unit(*degrees: float) -> np.ndarray:
    turns = np.deg2rad(np.array(degrees))
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def test_cosine_chains():
    # cos 20° = .940, cos 40° = .766
    assert cosine_groups(unit(0, 90, 20, 40, 90), 0.93).tolist() == [0, 1, 0, 0, 1]
    assert cosine_groups(unit(0, 90, 20, 40, 90), 0.95).tolist() == [0, 1, 2, 3, 1]
    assert cosine_groups(unit(10, 10.0), 1.0).tolist() == [0, 0]


@settings(max_examples=30)
@given(st.lists(st.floats(0, 360), min_size=1, max_size=40), st.integers(1, 9))
def test_blocks_make_no_difference(degrees, at_once):
    vectors = unit(*degrees)
    whole = cosine_groups(vectors, 0.99)
    before, clusters._ROWS_AT_ONCE = clusters._ROWS_AT_ONCE, at_once
    try:
        assert cosine_groups(vectors, 0.99).tolist() == whole.tolist()
    finally:
        clusters._ROWS_AT_ONCE = before
    for row, group in enumerate(whole.tolist()):
        assert group <= row
        assert whole[group] == group


def test_too_many_for_cosine_are_refused_with_a_way_out():
    with pytest.raises(ExportError, match=r"20,001 prompts, .* are too many .* by MinHash instead"):
        cosine_groups(np.zeros((20_001, 1), dtype=np.float32), 0.9)


def test_conversations_joined_to_groups_by_cosine():
    kept = Conversations()
    kept.add([talk("a"), talk("b"), talk("a", "x", "c")])
    assert kept.joined(np.array([0, 1, 2])).tolist() == [0, 1, 0]
    assert kept.joined(np.array([0, 1, 1])).tolist() == [0, 0, 0]


def test_equal_wordings_are_one_group_whatever_their_vectors_say():
    kept = Conversations(0.9)
    said = [
        (Message("user", text),)
        for text in (
            "Why do dogs bark?",
            "Why do cats purr?",
            "why do CATS  purr",
            "Do cats purr?",
            "why do cats purr!",
        )
    ]
    kept.add(said)
    asked = []

    def encode(texts):
        asked.extend(texts)
        return np.array([[1, 0], [0, 1], [0.1, 0.995]], dtype=np.float32)

    assert kept.groups_by_cosine(lambda places: [said[place] for place in places], encode).tolist() == [0, 1, 1, 1, 1]
    assert asked == ["Why do dogs bark?", "Why do cats purr?", "Do cats purr?"]
