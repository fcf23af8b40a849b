"""Who met whom with what result: duels as columns, each counting once, weighted by how they were sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lab.judging import Ballot
from lab.preferences.counted import Bools, Floats, Ints, codes, summed
from lab.preferences.figure import effective
from lab.preferences.resampling import resampled_wide


@dataclass(frozen=True, slots=True)
class Met:
    """Duels, each column of shape (n,): places of the two names, the share of votes for the first, and the weight."""

    names: tuple[str, ...]
    first: Ints
    second: Ints
    conversation: Ints
    score: Floats
    weight: Floats  # with a mean of 1

    def __len__(self) -> int:
        """Return the number of duels."""
        return len(self.first)

    def effective(self) -> float:
        """Return how many equally weighted duels these are worth."""
        return effective(self.weight)

    def worth(self, at: Bools | None = None) -> float:
        """Return how many independent duels these are worth, or those of `at`: no more than their conversations.

        The answers to one prompt come from the same experts: its duels are taken to say one thing.
        """
        kept = np.ones(len(self), dtype=np.bool_) if at is None else at
        together = summed(self.weight[kept, None], self.conversation[kept])
        return effective(together[together > 0])

    def wins(self) -> Floats:
        """Return how often each beat each, weighted, (k, k)."""
        k = len(self.names)
        return np.asarray(self._wins().sum(axis=0), dtype=np.float64).reshape(k, k)

    def resampled(self, samples: int) -> Floats:
        """Return the same in bootstrap samples of conversations, (samples, k, k)."""
        count, n, k = int(self.conversation.max()) + 1, len(self), len(self.names)
        together = sparse.csr_array((np.ones(n), (self.conversation, np.arange(n))), shape=(count, n))
        return resampled_wide(together @ self._wins(), samples).reshape(samples, k, k)

    def _wins(self) -> sparse.csr_array:
        """One row a duel, (n, k²)."""
        k, rows = len(self.names), np.arange(len(self))
        places = np.concatenate([self.first * k + self.second, self.second * k + self.first])
        values = np.concatenate([self.weight * self.score, self.weight * (1 - self.score)])
        return sparse.csr_array((values, (np.concatenate([rows, rows]), places)), shape=(len(self), k * k))


def met_in(ballots: Sequence[Ballot]) -> Met:
    """Return the duels of ballots; of a duel's n votes each weighs 1 / n. All of them count: choose them before."""
    duel, _ = codes([one.duel_id for one in ballots])
    duels = list({one.duel_id: one for one in ballots}.values())
    said = np.array([_for_first(one) for one in ballots], dtype=np.float64)
    names = sorted({name for one in duels for name in (one.first_name, one.second_name)})
    place = {name: index for index, name in enumerate(names)}
    return Met(
        names=tuple(names),
        first=np.array([place[one.first_name] for one in duels], dtype=np.int64),
        second=np.array([place[one.second_name] for one in duels], dtype=np.int64),
        conversation=codes([one.conversation_id for one in duels])[0],
        score=np.bincount(duel, weights=said) / np.bincount(duel),
        weight=_weights(duels),
    )


def _for_first(ballot: Ballot) -> float:
    """Return what a vote gives to the first answer of the duel; a tie is half a win of each."""
    if ballot.chosen_id is None:
        return 0.5
    return 1.0 if ballot.chosen_id == ballot.first_id else 0.0


def _weights(duels: Sequence[Ballot]) -> Floats:
    """Return 1 / probability of each duel, scaled to a mean of 1; ones where a probability is not known."""
    known = [1.0 if one.rule == "all" and one.probability is None else one.probability for one in duels]
    chances = np.array([one or np.nan for one in known], dtype=np.float64)
    if not len(chances) or np.isnan(chances).any():
        return np.ones(len(chances))
    weights = 1 / chances
    return np.asarray(weights / weights.mean())
