"""What one reading of all votes came to: numbers for each pair, and where each duel was left on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lab.dpo import columns
from lab.dpo.checks.catalogue import BIT, BLOCKS
from lab.dpo.columns import Columns, Names
from lab.dpo.lengths import Lengths, PairLengths
from lab.dpo.spec import Spec

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]
Sides = NDArray[np.int8]

KEPT, EXCLUDED = "kept", "excluded"
FILTERED = ("sample", "mock", "date", "expert", "query_type", "origin", "router_version", "layer")
UNDECIDED = (
    "no_vote", "too_few", "dropped", "contested", "split", "equally_good", "both_bad", "not_adjudicated",
    "low_agreement", "low_strength",
)  # fmt: skip
OF_THUMBS = ("contrary", "in_a_pair", "repeated")
REASONS: tuple[str, ...] = (KEPT, *FILTERED, *(f"verdict:{one}" for one in UNDECIDED), *BLOCKS, EXCLUDED, *OF_THUMBS)
"""What becomes of a judged duel, in the order of the funnel: kept, filtered out, no pair, blocked, left out by name.
An answer with a thumb can also be said already by another thumb or by a pair.
"""
CODE = {reason: place for place, reason in enumerate(REASONS)}


@dataclass(slots=True)
class Built:
    """What came of all votes. Arrays called `…_of` have a place for each pair, in the order of the duels."""

    spec: Spec
    exact_tokens: bool
    votes: int = 0
    duel_seqs: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # of the judged duels
    reasons: Codes = field(default_factory=lambda: np.zeros(0, np.uint8))  # what became of each: its place in REASONS
    pairs: Columns = field(default_factory=columns.pairs)
    voices: Columns = field(default_factory=columns.voices)
    likes: Columns = field(default_factory=columns.likes)
    likes_lost: Columns = field(default_factory=columns.lost)  # filtered out or blocked
    authors: Names = field(default_factory=Names)  # what each is called and, on a second line, its model
    query_types: Names = field(default_factory=Names)
    annotators: Names = field(default_factory=Names)  # ids
    twice: int = 0  # duels that two people or more judged, filtered as the votes are
    chose_both: int = 0  # pairs of votes on one duel that both chose an answer
    chose_same: int = 0  # of these, those that chose the same
    agreed: float = 0.0  # of these, the sum of the shares of pairs of votes that say the same
    groups_of: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # near-duplicates have the same
    sides_of: Sides = field(default_factory=lambda: np.zeros(0, np.int8))  # place in SPLITS; below 0 in none
    settled_of: Bools = field(
        default_factory=lambda: np.zeros(0, np.bool_)
    )  # which had their side in the family before
    like_sides: Sides = field(default_factory=lambda: np.zeros(0, np.int8))
    like_reasons: Codes = field(default_factory=lambda: np.zeros(0, np.uint8))  # what became of each
    seen_sides: int = 0  # the newest side of a prompt in the family that this was dealt out next to

    @property
    def kept_of(self) -> Bools:
        """Which pairs are in the export."""
        return np.asarray(self.reasons[self.pairs["place"]] == 0)

    @property
    def seq_of(self) -> Ints:
        """The seq of each pair's duel."""
        return np.asarray(self.duel_seqs[self.pairs["place"]])

    @property
    def system_prompts(self) -> int:
        """How many different system prompts the pairs in the export have."""
        return len(np.unique(self.pairs["system"][self.kept_of]))

    @property
    def lengths(self) -> PairLengths:
        """The tokens of each pair."""
        chosen, rejected = (
            Lengths(self.pairs[f"{side}_prompt"].astype(np.int32), self.pairs[f"{side}_whole"].astype(np.int32))
            for side in ("chosen", "rejected")
        )
        return PairLengths(chosen, rejected)

    @property
    def counts(self) -> dict[str, int]:
        """How many judged duels became what, without those that none became."""
        counts = np.bincount(self.reasons, minlength=len(REASONS))
        return _named(counts)

    def seqs_of(self, reason: str) -> Ints:
        """Return the seqs of the duels of which this became."""
        return np.asarray(self.duel_seqs[self.reasons == CODE[reason]])

    @property
    def likes_kept_of(self) -> Bools:
        """Which answers with a thumb are in the export."""
        return np.asarray(self.like_reasons == 0)

    @property
    def likes_left_out(self) -> dict[str, int]:
        """How many answers with a thumb are not in the export, by reason."""
        return _named(np.bincount(self.like_fates[1], minlength=len(REASONS)), start=1)

    @property
    def like_fates(self) -> tuple[Ints, Codes]:
        """The seqs of all answers with a thumb, in order, and what became of each: its place in REASONS."""
        seqs = np.concatenate([self.likes["seq"], self.likes_lost["seq"]])
        fates = np.concatenate([self.like_reasons, self.likes_lost["reason"]])
        order = np.argsort(seqs, kind="stable")
        return seqs[order], fates[order]

    def flagged(self, rule: str) -> Bools:
        """Tell which pairs a rule warns of, left out or not."""
        return np.asarray((self.pairs["flags"] & BIT[rule]) != 0)

    def likes_flagged(self, rule: str) -> Bools:
        """Tell which answers with a thumb a rule warns of, left out or not."""
        return np.asarray((self.likes["flags"] & BIT[rule]) != 0)

    def leave_out(self, those: Bools, reason: str) -> None:
        """Leave pairs out, those that are in."""
        self.reasons[self.pairs["place"][those & self.kept_of]] = CODE[reason]

    def leave_out_likes(self, those: Bools, reason: str) -> None:
        """Leave answers with a thumb out, those that are in."""
        self.like_reasons[those & self.likes_kept_of] = CODE[reason]


def _named(counts: NDArray[np.int64], start: int = 0) -> dict[str, int]:
    return {reason: int(count) for reason, count in list(zip(REASONS, counts, strict=True))[start:] if count}
