"""Judged duels by the hundred thousand, put straight into the tables: 30-word prompts, 150-word answers, two votes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, text

from lab.store import Store, annotators
from lab.store.duels import UNRANKED
from lab.store.tables import LabModel

_AT_ONCE = 5_000
_WHEN = datetime(2026, 11, 1, tzinfo=UTC)
_PROMPT, _SENTENCE, _SENTENCES = 30, 15, 10  # words of a prompt, of a sentence; sentences of an answer
_TABLES = ("conversation", "response", "duel", "presentation", "vote")


def fill(store: Store, pairs: int) -> None:
    """Store duels with the votes of two annotators who agree nine times in ten; the database must have none of its own.

    What the store does beside this when people vote (leases, events, counters one by one) is left away.
    """
    people = [annotators.ensure(store, f"bench-{name}", name, "person").id for name in ("Ada", "Grace")]
    dice = random.Random(7)
    words = _words(dice)
    sentences = [" ".join(dice.choices(words, k=_SENTENCE)).capitalize() + "." for _ in range(20_000)]
    tables = LabModel.metadata.tables
    with store.write() as session:
        connection = session.connection()
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
        for place in range(pairs):
            for name, row in _duel(dice, words, sentences, people, place):
                rows[name].append(row)
            if len(rows["duel"]) == _AT_ONCE or place == pairs - 1:
                for name in _TABLES:
                    connection.execute(insert(tables[name]), rows[name])
                    rows[name].clear()
        if store.address.path is not None:
            connection.execute(text("ANALYZE"))


def _words(dice: random.Random) -> list[str]:
    syllables = [first + second for first in "bcdfghklmnprstvw" for second in "aeiou"]
    return ["".join(dice.choices(syllables, k=dice.randint(2, 4))) for _ in range(8_000)]


def _duel(
    dice: random.Random, words: list[str], sentences: list[str], people: list[str], place: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    prompt = " ".join(dice.choices(words, k=_PROMPT)) + "?"
    turns = [{"role": "user", "content": prompt}]
    yield "conversation", {"id": f"c{place}", "messages": turns, "prompt": prompt, "created_at": _WHEN}
    for side, expert, model in (("a", "professor", "qwen2.5:7b"), ("b", "zoomer", "qwen2.5:0.5b")):
        yield "response", {
            "id": f"{side}{place}", "event_id": None, "conversation_id": f"c{place}", "expert": expert,
            "provider": "ollama", "model": model, "system_prompt": "Answer briefly.",
            "options": {"max_tokens": 400, "temperature": 0.7}, "text": " ".join(dice.choices(sentences, k=_SENTENCES)),
            "finish_reason": "stop", "prompt_tokens": 40, "completion_tokens": 150, "load_ms": None,
            "first_token_ms": 200.0, "total_ms": 2_000.0, "error_kind": None, "error": None, "text_repaired": False,
            "created_at": _WHEN,
        }  # fmt: skip
    yield "duel", {
        "id": f"d{place}", "content_key": f"k{place}", "conversation_id": f"c{place}",
        "system_prompt": "Answer briefly.", "first_id": f"a{place}", "second_id": f"b{place}", "origin": "bulk",
        "rule": "random", "probability": 1.0, "hardness": None, "rank": UNRANKED, "shuffle": dice.randrange(16**15),
        "query_type": ("code", "maths", "chat")[place % 3], "event_id": None, "batch_id": None, "wished": 2, "votes": 2,
        "created_at": _WHEN, "deleted_at": None,
    }  # fmt: skip
    better, agree = dice.random() < 0.5, dice.random() < 0.9
    for number, who in enumerate(people):
        chosen = "a" if better is (number == 0 or agree) else "b"
        left, right = ("a", "b") if dice.random() < 0.5 else ("b", "a")
        shown = f"p{place}-{number}"
        yield "presentation", {
            "id": shown, "duel_id": f"d{place}", "annotator_id": who, "round": 1, "seed": 1,
            "left_id": f"{left}{place}", "right_id": f"{right}{place}", "purpose": "queue", "shown_at": _WHEN,
            "leased_until": None, "revealed_at": None,
        }  # fmt: skip
        yield "vote", {
            "id": f"v{place}-{number}", "presentation_id": shown, "duel_id": f"d{place}", "annotator_id": who,
            "round": 1, "verdict": "better", "chosen_id": f"{chosen}{place}", "strength": None, "tags": [], "note": "",
            "guideline_version": None, "live": True, "unblinded": False, "took_ms": 5_000, "created_at": _WHEN,
        }  # fmt: skip


def texts_of(store: Store) -> Iterator[tuple[str, str, str]]:
    """Yield prompt and both answers of every duel, by the plainest query there is: what an export reads at least."""
    query = (
        "SELECT conversation.messages, a.text, b.text FROM duel "
        "JOIN conversation ON conversation.id = duel.conversation_id "
        "JOIN response a ON a.id = first_id JOIN response b ON b.id = second_id ORDER BY duel.seq"
    )
    with store.read() as session:
        for messages, first, second in session.connection().execute(text(query)):
            yield json.loads(messages)[0]["content"], first, second
