"""A store with judged duels, for tests of exporting: what matters is said, the rest is filled in."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from itertools import count

from lab.dpo.build import build, kept_likes, kept_rows
from lab.dpo.report import report
from lab.dpo.spec import Spec
from lab.judging import NewDuel, NewThumb, NewVote, Side
from lab.messages import Message
from lab.store import annotators, duels, given_thumbs, given_votes, open_store
from lab.store.judged import moment
from lab.types import new_id

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_SEQ = count(1)
TOPICS = (
    "Why do rivers bend on their way to the sea?", "Write a haiku about an old violin.",
    "Price of bread in 1950, please",
    "How does a plane stay in the air?", "What are the rules of chess for beginners?", "Draft a letter to my landlord.",
    "Recipe for lentil soup without onions", "Explain recursion to a child of eight.",
    "Who painted the ceiling in Rome?",
    "Plan three days in Lisbon in autumn.", "Fix: she don't like apples",
    "Name five birds that cannot fly, with reasons.",
    "Solve x squared minus nine equals zero", "What smells after rain, and why does it?",
    "Best way to learn Finnish cases?",
    "Summarise the plot of Hamlet in two lines", "Is a tomato a fruit or a vegetable?",
    "Convert ten miles to kilometres",
    "Give me a slogan for a shop that sells umbrellas", "How do vaccines train the immune system?",
)  # fmt: skip


def opened(template, folder):
    """A store of its own, on a copy of a database without rows."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "lab.db")
    return open_store(f"sqlite:///{folder / 'lab.db'}")


def side(text, name="professor", **changes):
    """An answer."""
    values = {
        "response_id": f"r{next(_SEQ)}",
        "text": text,
        "expert": name,
        "provider": "ollama",
        "model": f"m-{name}",
        **changes,
    }
    return Side(**values)


def duel(store, place=0, chosen="", rejected="", **changes):
    """Store a duel on a topic; the first answer is the professor's."""
    values = {
        "conversation": (Message("user", TOPICS[place % len(TOPICS)]),), "system_prompt": "",
        "first": side(chosen or f"A good answer, number {place}."),
        "second": side(rejected or f"A poor one, and it is longer; it has the number {place}.", "zoomer"),
        "origin": "bulk", "rule": "random", "query_type": "chat", **changes,
    }  # fmt: skip
    [added] = duels.add(store, [NewDuel(**values)])
    return duels.get(store, added.duel_id)


def vote(store, one, said="f", who="ann", kind="person", left="f", **changes):
    """Vote: f for the professor's answer, s for the other; e equally good, b both bad, k skip."""
    annotators.ensure(store, who, who.title(), kind)
    first = next(side for side in (one.first, one.second) if side.expert in ("professor", "human:ann"))
    second = one.second if first is one.first else one.first
    chosen = {"f": first.response_id, "s": second.response_id}.get(said)
    verdict = "better" if chosen else {"e": "equally_good", "b": "both_bad", "k": "skip"}[said]
    stood_left = (first if left == "f" else second).response_id
    given_votes.record_many(store, [NewVote(new_id(), one.id, who, verdict, chosen, stood_left, NOON, **changes)])
    return one


def many(store, count, said="f", **changes):
    """Store duels that the professor won, twenty topics under one system prompt after another."""
    return [vote(store, duel(store, place, system_prompt=f"{place // 20}"), said, **changes) for place in range(count)]


def thumb(store, text, place=0, value="up", **changes):
    """Give a thumb to an answer of its own."""
    values = {"conversation": (Message("user", TOPICS[place % len(TOPICS)]),), "system_prompt": "", **changes}
    given_thumbs.record_many(store, [NewThumb(new_id(), answer=side(text), value=value, created_at=NOON, **values)])


def built(store, spec=None, **more):
    """What a reading of all votes comes to."""
    with moment(store) as at:
        return build(store, at, spec or Spec(), **more)


def reported(store, spec=None):
    """What the doctor says."""
    return report(built(store, spec))


def rows(store, spec=None):
    """The pairs that are kept, and the liked answers."""
    with moment(store) as at:
        made = build(store, at, spec or Spec())
        return [row for _, row, _ in kept_rows(made, at)], [row for _, row in kept_likes(made, at)]
