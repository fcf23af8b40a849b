"""Ballots for tests: what matters is said, the rest is filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from lab.judging import Ballot

_SEQ = count(1)
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def ballot(duel, annotator, said, **other) -> Ballot:
    """A vote on a duel: `said` is first, second, equally_good, both_bad or skip; the first answer stands left."""
    first, second = f"{duel}-a", f"{duel}-b"
    chosen = {"first": first, "second": second}.get(said)
    seq = next(_SEQ)
    left = other.pop("left", "first")
    values = {
        "vote_id": f"v{seq}",
        "seq": seq,
        "duel_id": duel,
        "conversation_id": f"of {duel}",
        "query_type": None,
        "origin": "bulk",
        "rule": "random",
        "annotator_id": annotator,
        "annotator_kind": "person",
        "round": 1,
        "verdict": "better" if chosen else said,
        "chosen_id": chosen,
        "left_id": first if left == "first" else second,
        "first_id": first,
        "second_id": second,
        "first_name": "professor",
        "second_name": "zoomer",
        "first_chars": 200,
        "second_chars": 100,
        "strength": None,
        "unblinded": False,
        "took_ms": 4_000,
        "created_at": WHEN,
    }
    return Ballot(**values | other)


def said_by(annotator, verdicts, **other) -> list[Ballot]:
    """One annotator's votes on the duels 0, 1, 2 …; `verdicts` is a word of letters, a dot is no vote."""
    words = {"f": "first", "s": "second", "e": "equally_good", "b": "both_bad", "k": "skip"}
    return [
        ballot(f"d{place}", annotator, words[letter], **other)
        for place, letter in enumerate(verdicts)
        if letter != "."
    ]  # fmt: skip
