"""The mix of verdicts: how many votes choose an answer, call both good or bad, or skip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from lab.judging import Ballot, Verdict
from lab.preferences.counted import Ints, Sifted, codes, grouped
from lab.preferences.figure import Figure, share, worth

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}


def verdict_mix(ballots: Sequence[Ballot]) -> dict[Verdict, Figure]:
    """Return the share of each verdict among first-round votes; n is of all verdicts.

    Interval: Wilson's, as if the votes on the answers to one prompt were one observation.
    """
    return mix_of(Sifted(ballots).mix)[0]


def by_annotator(ballots: Sequence[Ballot]) -> dict[str, dict[Verdict, Figure]]:
    """Return the mix of each annotator, by annotator id."""
    return mix_of(Sifted(ballots).mix)[1]


def mix_of(votes: Sequence[Ballot]) -> tuple[dict[Verdict, Figure], dict[str, dict[Verdict, Figure]]]:
    """Return the mix of all these votes, and of each annotator."""
    said = np.array([_CODES[one.verdict] for one in votes], dtype=np.int64)
    conversation = codes([one.conversation_id for one in votes])[0]
    annotator, names = codes([one.annotator_id for one in votes])
    each = {names[place]: _mix(said[at], conversation[at]) for place, at in enumerate(grouped(annotator))}
    return _mix(said, conversation), dict(sorted(each.items()))


def _mix(said: Ints, conversation: Ints) -> dict[Verdict, Figure]:
    counts, independent = np.bincount(said, minlength=len(VERDICTS)), worth(conversation)
    return {
        verdict: share(int(counts[code]), len(said), "there are no votes", independent)
        for verdict, code in _CODES.items()
    }
