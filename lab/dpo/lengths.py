"""What a trainer does with rows that are long: which it drops, which it cuts, and the length that fits most of them.

As TRL 1.16 does it: DPO and KTO drop an example whose prompt alone fills `max_length` and cut the end off longer
answers; the reward trainer drops a pair of which either whole conversation is longer; SFT cuts and drops nothing. KTO
makes two examples of a pair, one of each answer, and each has its own fate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.dpo.spec import Trainer

Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

LEAST_LENGTH, STEP = 256, 64
"""The least `max_length` that is proposed, and what it is a multiple of, in tokens."""

_ONE_OF = 100  # pairs may be longer than the limit that is proposed


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of n conversations, each with one answer: int32, shape (n,)."""

    prompt: Ints  # before the answer, with what the template puts there
    whole: Ints  # prompt, answer, and what the template puts after it

    @classmethod
    def joined(cls, parts: Sequence[Lengths]) -> Lengths:
        """Return lengths that were counted in parts as one, in that order."""
        return cls(_joined([part.prompt for part in parts]), _joined([part.whole for part in parts]))

    def taken(self, places: NDArray[np.int64]) -> Lengths:
        """Return the lengths at some places."""
        return Lengths(self.prompt[places], self.whole[places])

    @property
    def answer(self) -> Ints:
        """Tokens of the answers, with what the template puts after them: shape (n,)."""
        return self.whole - self.prompt


@dataclass(frozen=True, slots=True)
class PairLengths:
    """Tokens of n pairs, of each of their answers."""

    chosen: Lengths
    rejected: Lengths

    @classmethod
    def joined(cls, parts: Sequence[PairLengths]) -> PairLengths:
        """Return pairs that were counted in parts as one, in that order."""
        return cls(Lengths.joined([part.chosen for part in parts]), Lengths.joined([part.rejected for part in parts]))

    def taken(self, places: NDArray[np.int64]) -> PairLengths:
        """Return the pairs at some places."""
        return PairLengths(self.chosen.taken(places), self.rejected.taken(places))

    @property
    def prompt(self) -> Ints:
        """Tokens that DPO takes for the prompt, which both answers must share: shape (n,)."""
        return np.minimum(self.chosen.prompt, self.rejected.prompt)

    @property
    def longest(self) -> Ints:
        """Tokens of the longer of the two whole conversations: shape (n,)."""
        return np.maximum(self.chosen.whole, self.rejected.whole)


@dataclass(frozen=True, slots=True)
class Fit:
    """A length limit, and what it costs: shares of the pairs, in [0, 1]."""

    max_length: int
    cut: float
    dropped: float


def dropped_example(lengths: Lengths, max_length: int) -> Flags:
    """Tell which single answers KTO drops: shape (n,)."""
    return lengths.prompt >= max_length


def dropped(trainer: Trainer, lengths: PairLengths, max_length: int) -> Flags:
    """Tell which pairs lose something before training begins: shape (n,).

    A pair is lost whole, but for KTO, which may keep one of its two answers: `dropped_example` of each side says it.
    """
    if trainer == "dpo":
        return lengths.prompt >= max_length
    if trainer == "kto":
        return dropped_example(lengths.chosen, max_length) | dropped_example(lengths.rejected, max_length)
    if trainer == "reward":
        return lengths.longest > max_length
    return np.zeros(len(lengths.prompt), bool)


def cut(trainer: Trainer, lengths: PairLengths, max_length: int) -> Flags:
    """Tell which of the pairs that stay lose the end of an answer: shape (n,). SFT sees the chosen answer alone."""
    if trainer == "reward":
        return np.zeros(len(lengths.prompt), bool)
    over = lengths.chosen.whole if trainer == "sft" else lengths.longest
    return (over > max_length) & ~dropped(trainer, lengths, max_length)


def fitting(trainer: Trainer, lengths: PairLengths) -> Fit:
    """Return the limit that 99 of 100 pairs stay under, a multiple of 64 and at least 256, and what it costs the rest.

    Without pairs it is the least limit.
    """
    wholes = lengths.chosen.whole if trainer == "sft" else lengths.longest
    if not len(wholes):
        return Fit(LEAST_LENGTH, 0.0, 0.0)
    place = len(wholes) - 1 - len(wholes) // _ONE_OF
    wanted = int(np.partition(wholes, place)[place])
    limit = max(LEAST_LENGTH, -(-wanted // STEP) * STEP)
    return Fit(limit, float(cut(trainer, lengths, limit).mean()), float(dropped(trainer, lengths, limit).mean()))


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)
