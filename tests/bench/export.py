"""An export of 100,000 synthetic pairs: built and checked, written in the main formats, and how it grows."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from lab.judging import NewDuel, NewVote, Side
from lab.messages import Message
from lab.store import Store, annotators, duels, given_votes

PAIRS = 100_000
_CHUNK = 2_000
_PROMPT, _ANSWER = 30, 150  # tokens, of about one word each
_WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def fill(store: Store, pairs: int, start: int = 0) -> None:
    """Store duels of 30-token prompts and 150-token answers, judged by two annotators who agree nine times in ten."""
    words = _words()
    people = [annotators.ensure(store, f"bench-{name}", name, "person").id for name in ("Ada", "Grace")]
    for first in range(start, start + pairs, _CHUNK):
        some = [_duel(words, place) for place in range(first, min(first + _CHUNK, start + pairs))]
        votes = []
        for duel, added in zip(some, duels.add(store, some), strict=True):
            dice = random.Random(added.duel_id)
            better = dice.random() < 0.5
            for number, who in enumerate(people):
                chose = better if number == 0 or dice.random() < 0.9 else not better
                chosen = added.first_id if chose else added.second_id
                left = added.first_id if dice.random() < 0.5 else added.second_id
                votes.append(
                    NewVote(f"{added.duel_id}-{number}", str(added.duel_id), who, "better", chosen, left, _WHEN)
                )
            del duel
        given_votes.record_many(store, votes)


def _words() -> list[str]:
    dice = random.Random(7)
    return [
        "".join(dice.choice("bcdfghklmnprstvw") + dice.choice("aeiou") for _ in range(dice.randint(1, 3)))
        for _ in range(8_000)
    ]


def _duel(words: list[str], place: int) -> NewDuel:
    dice = random.Random(place)
    prompt = " ".join(dice.choices(words, k=_PROMPT)) + "?"
    first, second = (
        ". ".join(" ".join(dice.choices(words, k=15)) for _ in range(_ANSWER // 15)) + "." for _ in range(2)
    )
    return NewDuel(
        (Message("user", prompt),), "Answer briefly.", Side(f"a{place}", first, "professor", "ollama", "qwen2.5:7b"),
        Side(f"b{place}", second, "zoomer", "ollama", "qwen2.5:0.5b"), "bulk", "random", probability=1.0,
        query_type=("code", "maths", "chat")[place % 3],
    )  # fmt: skip
