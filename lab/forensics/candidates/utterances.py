"""Utterances mined from the tune rows that miss their expert: which of them, as an utterance, would help others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lab.forensics.candidates.added import AddedUtterance, Bools
from lab.forensics.candidates.split_evidence import SplitEvidence
from lab.forensics.effect import Effect
from lab.forensics.rules.replay import Floats
from lab.routing.folding import fold
from lab.types import RouterConfig

_TRIALS = 12_000_000  # candidates times open rows: a byte each, and about two seconds
_AT_ONCE = 128  # candidates


class MinedUtterance(NamedTuple):
    """A tune row that could be an utterance of its expert."""

    expert: str
    row: int


class Pool(NamedTuple):
    """The rows tried, of all that could have been: more than time allows are drawn at random."""

    tried: tuple[MinedUtterance, ...]
    of: int


def pool_of(config: RouterConfig, tune: SplitEvidence, layer2: AddedUtterance, seed: int) -> Pool:
    """Return the tune rows that layer 2 keeps from their expert, each text once, without utterances that exist."""
    known = {(expert.name, fold(text).text) for expert in config.experts for text in expert.utterances}
    found: list[MinedUtterance] = []
    missed = tune.missed
    for row in layer2.rows.tolist():
        key = (tune.labels[row], fold(tune.prompts[row]).text)
        if missed[row] and key not in known:
            known.add(key)
            found.append(MinedUtterance(tune.labels[row], row))
    most = max(1, _TRIALS // max(1, len(layer2.rows)))
    if len(found) <= most:
        return Pool(tuple(found), len(found))
    drawn = np.sort(np.random.default_rng(seed).choice(len(found), most, replace=False))
    return Pool(tuple(found[index] for index in drawn), len(found))


def mine_utterances(
    tune: SplitEvidence, layer2: AddedUtterance, vectors: Floats, pool: Pool, most: int, check: Callable[[], None]
) -> list[MinedUtterance]:
    """Return at most `most` rows of the pool by greedy facility location (Nemhauser et al., 1978).

    Each is chosen for the rows that it puts right and those before it do not, less those that it puts wrong; that it
    puts itself right, or a row of the same text, does not count.
    """
    fixed = np.zeros((len(pool.tried), len(layer2.rows)), dtype=np.bool_)
    broken = np.zeros(len(pool.tried), dtype=np.int64)
    for at, right in _by_expert(layer2, vectors, pool.tried, check):
        fixed[at] = right & ~layer2.was_right
        broken[at] = (~right & layer2.was_right).sum(axis=1)
    _leave_out_themselves(fixed, tune, layer2, pool.tried)
    covered = np.zeros(len(layer2.rows), dtype=np.bool_)
    chosen: list[MinedUtterance] = []
    while len(chosen) < min(most, len(pool.tried)):
        check()
        gain = (fixed & ~covered).sum(axis=1) - broken
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        chosen.append(pool.tried[best])
        covered |= fixed[best]
        fixed[best] = False
        broken[best] = max(1, broken[best])  # not a second time
    return chosen


def measure_utterances(
    wanted: Sequence[MinedUtterance], vectors: Floats, rows: SplitEvidence, layer2: AddedUtterance
) -> list[Effect]:
    """Return what each utterance, added alone to its expert, does to `rows`; in their order.

    `vectors`: of the tune rows that the utterances are, on the grid; `layer2`: of `rows`.
    """
    effects: list[Effect] = [Effect(len(rows.labels), (), ())] * len(wanted)
    for at, right in _by_expert(layer2, vectors, wanted, lambda: None):
        for index, one in zip(at, right, strict=True):
            fixed = layer2.rows[one & ~layer2.was_right].tolist()
            broken = layer2.rows[~one & layer2.was_right].tolist()
            effects[index] = Effect(len(rows.labels), tuple(fixed), tuple(broken))
    return effects


def _by_expert(
    layer2: AddedUtterance, vectors: Floats, wanted: Sequence[MinedUtterance], check: Callable[[], None]
) -> list[tuple[list[int], Bools]]:
    """Try the utterances expert by expert: pairs of their places in `wanted` and which open rows come out right."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(wanted):
        places.setdefault(one.expert, []).append(place)
    found: list[tuple[list[int], Bools]] = []
    experts = layer2.replay.rule.experts
    for name, at in places.items():
        for start in range(0, len(at), _AT_ONCE):
            check()
            some = at[start : start + _AT_ONCE]
            added = vectors[[wanted[place].row for place in some]]
            found.append((some, layer2.right(experts.index(name), added)))
    return found


def _leave_out_themselves(
    fixed: Bools, tune: SplitEvidence, layer2: AddedUtterance, tried: Sequence[MinedUtterance]
) -> None:
    columns: dict[str, list[int]] = {}
    for column, row in enumerate(layer2.rows.tolist()):
        columns.setdefault(fold(tune.prompts[row]).text, []).append(column)
    for place, one in enumerate(tried):
        fixed[place, columns[fold(tune.prompts[one.row]).text]] = False
