"""Judged duels for tests of exporting: what matters is said, the rest is filled in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

from lab.exported import Answered, JudgedDuel, LikedAnswer, Resolved, Ruling
from lab.messages import Message

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD = "Rayleigh scattering sends blue light all over the sky."
POOR = "The sky reflects the sea, as everybody knows."
_SEQ = count(1)


def answer(answer_id, text, **changes):
    """An answer of the lab's own, whole, under the settings of all others."""
    values = {
        "expert": "professor", "provider": "ollama", "model": "big", "options": {"temperature": 0.2},
        "finish_reason": "stop", "error_kind": None, "event_id": "e", **changes,
    }  # fmt: skip
    values["options"] = json.dumps(values["options"])
    return Answered(answer_id, text, **values)


def ballots(said, who="abcdefgh", **changes):
    """Votes from a word: f and s choose the first and the second answer, e equally good, b both bad, k skips."""
    meant = {"f": ("better", "one"), "s": ("better", "two"), "e": ("equally_good", None), "b": ("both_bad", None),
             "k": ("skip", None)}  # fmt: skip
    made = []
    for person, letter in zip(who, said, strict=False):
        verdict, chosen = meant[letter]
        values = {
            "annotator_kind": "person", "strength": None, "unblinded": False, "left_id": "one", "created_at": NOON,
            **changes,
        }  # fmt: skip
        made.append(Ruling(f"v{next(_SEQ)}", person, verdict=verdict, chosen_id=chosen, **values))
    return tuple(made)


def judged(said="f", chosen=GOOD, rejected=POOR, prompt="Why is the sky blue?", **changes):
    """A duel of the answers `one` and `two` with its votes."""
    values = {
        "id": "d", "seq": 1, "conversation_id": "c", "turns": (Message("user", prompt),), "system_prompt": "",
        "first": answer("one", chosen), "second": answer("two", rejected, expert="zoomer"), "origin": "bulk",
        "query_type": "why", "router_version_id": "r7", "layer": "semantic",
        "votes": ballots(said) if isinstance(said, str) else said, "resolution": None, **changes,
    }  # fmt: skip
    return JudgedDuel(**values)


def liked(text=GOOD, prompt="Why is the sky blue?", **changes):
    """An answer with a thumb."""
    values = {
        "seq": 1, "turns": (Message("user", prompt),), "system_prompt": "", "answer": answer("one", text),
        "liked": True, "router_version_id": "r7", "layer": "semantic", "given_at": NOON, **changes,
    }  # fmt: skip
    return LikedAnswer(**values)


def resolved(kind="resolved", said="f", at=NOON):
    """A resolution of a disagreement; `said` is a letter as in `ballots`."""
    one = ballots(said)[0]
    return Resolved(kind, *((one.verdict, one.chosen_id) if kind == "resolved" else (None, None)), at)
