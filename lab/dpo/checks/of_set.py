"""All pairs together: the same one twice, one against its contrary, lengths against the limit, and who says what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lab.dpo import lengths
from lab.dpo.built import CODE, KEPT, OF_THUMBS, Bools, Built
from lab.dpo.checks.catalogue import ADJUDICATED, BIT
from lab.preferences.bias import Leaning
from lab.preferences.figure import worth

Numbers = NDArray[np.uint64]


def block_repeated(built: Built) -> None:
    """Leave out pairs whose contrary is in as well, and all but the first of the same pair.

    Where the disagreement between a pair and its contrary was resolved, what it was resolved to stands.
    """
    chosen, rejected, kept = built.pairs["chosen"], built.pairs["rejected"], built.kept_of
    pair = chosen + rejected  # modulo 2 to the 64: the same whichever answer won
    ordered = pair[kept]
    ordered.sort()
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    del ordered
    here = np.flatnonzero(kept & _among(twice, pair))
    _, group, sizes = np.unique(pair[here], return_inverse=True, return_counts=True)
    forward = chosen[here] < rejected[here]
    resolved = (built.pairs["flags"][here] & np.uint32(ADJUDICATED)) != 0
    ways = [np.bincount(group, weights=which, minlength=len(sizes)) > 0 for which in (forward, ~forward)]
    settled = [np.bincount(group, weights=resolved & which, minlength=len(sizes)) > 0 for which in (forward, ~forward)]
    stands = np.where(forward, (settled[0] & ~settled[1])[group], (settled[1] & ~settled[0])[group])
    against = (ways[0] & ways[1])[group] & ~stands
    both, later = np.zeros((2, len(pair)), dtype=np.bool_)
    both[here] = against
    rest = here[~against]
    later[rest] = _repeated(pair[rest])
    built.leave_out(both, "opposite")
    built.leave_out(later, "twice")


def warn_of_lengths(built: Built) -> None:
    """Mark the pairs that the trainer drops, and those that it cuts; of answers with a thumb, KTO does."""
    policy, likes = built.spec.policy, built.likes
    if len(built.pairs):
        for rule, tell in (("dropped", lengths.dropped), ("cut", lengths.cut)):
            mark(built, rule, tell(policy.trainer, built.lengths, policy.max_length))
    if len(likes) and policy.trainer == "kto":
        dropped = likes["prompt_tokens"] >= policy.max_length
        likes["flags"][dropped] |= np.uint32(BIT["dropped"])
        likes["flags"][~dropped & (likes["whole_tokens"] > policy.max_length)] |= np.uint32(BIT["cut"])


def mark(built: Built, rule: str, those: Bools) -> None:
    """Mark pairs with what a rule warns of."""
    built.pairs["flags"][those] |= np.uint32(BIT[rule])


def leave_out_by_name(built: Built) -> None:
    """Leave out the pairs and the answers with a thumb that rules warn of which the spec names."""
    for rule in built.spec.exclude:
        if rule in BIT:
            built.leave_out(built.flagged(rule), "excluded")
            built.leave_out_likes(built.likes_flagged(rule), "excluded")


# ------------------------------------------------------------------------------------------------- liked answers


def emitted(built: Built) -> tuple[Bools, Bools]:
    """Return for each kept pair whether its chosen answer makes a liked row, and its rejected one a disliked row.

    An answer that another pair or a thumb says the contrary of makes none; one that several say the same of makes one.
    """
    kept = built.kept_of
    chosen, rejected = built.pairs["chosen"][kept], built.pairs["rejected"][kept]
    contrary = _contrary(built)
    return (
        ~_among(contrary, chosen) & ~_repeated(chosen),
        ~_among(contrary, rejected) & ~_repeated(rejected),
    )


def settle_likes(built: Built) -> None:
    """Leave out the answers with a thumb that add nothing or contradict: KTO learns each answer once, one way.

    Those that pairs or other thumbs say the contrary of, those that a pair says the same of, all but the first alike.
    """
    answers = built.likes["answer"]
    if not len(answers):
        return
    kept = built.kept_of
    built.leave_out_likes(_among(_contrary(built), answers), "contrary")
    paired = np.concatenate([built.pairs["chosen"][kept], built.pairs["rejected"][kept]])
    built.leave_out_likes(np.isin(answers, paired), "in_a_pair")
    left = np.flatnonzero(built.likes_kept_of)
    again = np.zeros(len(answers), dtype=np.bool_)
    again[left] = _repeated(answers[left])
    built.leave_out_likes(again, "repeated")


def _contrary(built: Built) -> Numbers:
    """Return the answers that are both liked and disliked, ascending."""
    kept = built.kept_of
    there = np.isin(built.like_reasons, [CODE[one] for one in (KEPT, *OF_THUMBS)])  # what is left out says nothing
    thumbs, up = built.likes["answer"][there], built.likes["liked"][there] != 0
    liked = np.concatenate([built.pairs["chosen"][kept], thumbs[up]])
    liked.sort()
    disliked = np.concatenate([built.pairs["rejected"][kept], thumbs[~up]])
    return np.unique(disliked[_among(liked, disliked)])


def _among(ordered: NDArray[np.generic], values: NDArray[np.generic]) -> Bools:
    """Tell which values are among others, which are ascending. It needs a third of the memory of np.isin."""
    if not len(ordered):
        return np.zeros(len(values), dtype=np.bool_)
    return np.asarray(ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values)


def _repeated(values: NDArray[np.generic]) -> Bools:
    """Tell which values came before."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    again = np.zeros(len(values), dtype=np.bool_)
    again[order[1:][ordered[1:] == ordered[:-1]]] = True
    return again


# ----------------------------------------------------------------------------------------------------- leanings


def longer(built: Built) -> Leaning:
    """Return how often the longer answer won among the kept pairs; those of one group of prompts say one thing."""
    kept = built.kept_of
    chosen, rejected = built.pairs["chosen_chars"][kept], built.pairs["rejected_chars"][kept]
    differ = chosen != rejected
    return Leaning(int((chosen > rejected).sum()), int(differ.sum()), worth_of(built.groups_of[kept][differ]))


def left(built: Built) -> Leaning:
    """Return how often people chose the left answer, among the votes on kept pairs."""
    kept = built.kept_of
    return Leaning(int(built.pairs["left"][kept].sum()), int(built.pairs["chose"][kept].sum()))


def worth_of(groups: NDArray[np.int64]) -> float | None:
    """Return what pairs of these groups of prompts are worth, each group one observation; None for no pair."""
    return worth(groups) if len(groups) else None


def loudest(built: Built) -> tuple[str, int, int] | None:
    """Return who gave most of the votes that decided the kept pairs: the id, how many votes, and of how many."""
    kept = built.kept_of
    those = kept[built.voices["pair"]]
    if not those.any():
        return None
    counts = np.bincount(built.voices["annotator"][those])
    most = int(counts.argmax())
    return built.annotators.all[most], int(counts[most]), int(counts.sum())
