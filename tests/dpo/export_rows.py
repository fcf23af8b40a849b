"""Rows for tests of the formats: a few with everything that is awkward in them, and any other that can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from lab.dpo.formats import Card, Source
from lab.dpo.rows import SPLITS, LikedRow, Row
from lab.messages import Message

PLAIN = Row(
    duel_id="duel-1",
    split="train",
    turns=(Message("user", "What is 2 + 2?"),),
    system_prompt="Answer in one word.",
    chosen="Four",
    rejected="It is four, as everybody knows.",
    chosen_by="professor",
    rejected_by="zoomer",
    chosen_model="qwen2.5:7b",
    rejected_model="llama3.2:1b",
    query_type="maths",
    origin="route",
    votes=3,
    agreeing=2,
    strength=1.5,
    adjudicated=False,
)

LONG = replace(
    PLAIN,
    duel_id="duel-2",
    turns=(Message("user", "Hi"), Message("assistant", "Hello!"), Message("user", "Name a river.")),
    system_prompt="",
    chosen="The Rhine",
    rejected="A mountain",
    chosen_by="human",
    chosen_model="",
    query_type=None,
    origin="edit",
    votes=1,
    agreeing=1,
    strength=None,
    adjudicated=True,
)

FOREIGN = replace(
    PLAIN,
    duel_id="duel-3",
    turns=(Message("user", 'Say "ça va?"\n日本語で\u2028and\u0085on'),),
    chosen="Ça va 👍🏽 \\ \u2029 end",
    rejected="</script>\t\x1c\r\nend",
    likes_chosen=False,
)

ROWS = (PLAIN, LONG, FOREIGN)

LIKED = LikedRow(
    response_id="answer-1",
    split="train",
    turns=(Message("user", "Tell me a joke."),),
    system_prompt="",
    answer="Knock, knock.",
    liked=True,
    by="zoomer",
    model="llama3.2:1b",
)

CARD = Card(
    name="First pairs",
    licence="CC BY 4.0",
    created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    hash="0123456789abcdef",
    snapshot_id="snapshot-1",
    spec={"rule": "majority", "min_votes": 1},
    asked=("Majority of at least 1 vote.", "Sample and mock answers are out."),
    agreement=("2 of 3 votes agree on average (n = 2 duels with two votes or more).",),
    biases=("The left answer won 51 % of the time (95 % interval 40 to 62 %, n = 80).",),
    sources=(Source("professor", "qwen2.5:7b", 2, 0, True), Source("zoomer", "llama3.2:1b", 0, 3, False)),
    policy="33 % of the answers are by the model that shall be trained.",
    losses={"no majority": 4, "equal answers": 1},
    findings=("1 pair is longer than 1,024 tokens.",),
    system_prompt="Each pair keeps the system prompt that both answers were given under.",
    split="By cluster of near-duplicate prompts, so that no prompt stands on two sides.",
)


def many(count: int, **changes) -> list[Row]:
    """Return different rows, spread over the sides."""
    return [
        replace(
            PLAIN,
            duel_id=f"duel-{number}",
            split=SPLITS[max(number % 10 - 7, 0)],
            turns=(Message("user", f"What is {number} + {number}?"),),
            chosen=f"{number + number}",
            **changes,
        )
        for number in range(count)
    ]


TEXTS = st.text(max_size=40)
SAID = TEXTS.filter(str.strip)


@st.composite
def any_row(draw) -> Row:
    """Any pair that can be stored: user and assistant in turn."""
    said = draw(st.lists(SAID, min_size=1, max_size=5).filter(lambda turns: len(turns) % 2 == 1))
    turns = tuple(Message("assistant" if place % 2 else "user", text) for place, text in enumerate(said))
    return Row(
        duel_id=draw(TEXTS),
        split=draw(st.sampled_from(SPLITS)),
        turns=turns,
        system_prompt=draw(st.one_of(st.just(""), SAID)),
        chosen=draw(SAID),
        rejected=draw(SAID),
        chosen_by=draw(TEXTS),
        rejected_by=draw(TEXTS),
        chosen_model=draw(TEXTS),
        rejected_model=draw(TEXTS),
        query_type=draw(st.none() | TEXTS),
        origin=draw(TEXTS),
        votes=draw(st.integers(1, 1000)),
        agreeing=draw(st.integers(1, 1000)),
        strength=draw(st.none() | st.floats(1, 3)),
        adjudicated=draw(st.booleans()),
        likes_chosen=draw(st.booleans()),
        dislikes_rejected=draw(st.booleans()),
    )
