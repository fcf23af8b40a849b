"""tune, dev and sealed: seeded, alike in labels, near-duplicates on one side, whatever the order of the rows."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from numpy import int64
from numpy.typing import NDArray

from lab.forensics.datasets.normalise import bare
from lab.records import Split

SHARES: Mapping[Split, float] = {"tune": 0.5, "dev": 0.25, "sealed": 0.25}
"""How the rows are shared out."""

NESTED_BELOW = 300
"""With fewer labelled rows than this there is nothing to seal: figures come from nested cross-validation."""

MAX_SEED = 2**31 - 1
"""The largest seed that splits are drawn with; the least is 0."""

SPLITS: tuple[Split, ...] = get_args(Split)


def split_rows(
    prompts: Sequence[str],
    labels: Sequence[str | None],
    groups: NDArray[int64],
    seed: int,
    given: Sequence[Split | None] | None = None,
) -> tuple[Split, ...]:
    """Return the split of each row.

    Groups are dealt out by a hash of the seed and their smallest prompt, label after label, each to the split that is
    farthest behind its share: so every label is shared out alike, and the order of the rows does not matter. `given`
    is what a file says: it stands, also where near-duplicates lie on two sides; a split that the file does not name is
    dealt out of its tune rows (its dev rows where there are none); a row without a word follows its group.
    """
    said = _filled(groups, given or [None] * len(prompts))
    named = {split for split in said if split is not None}
    donor = next((split for split in SPLITS if split in named), None)
    absent = [split for split in SPLITS if split not in named]
    result: list[Split] = [split or "tune" for split in said]
    if donor is not None and absent:
        _deal([donor, *absent], [row for row, split in enumerate(said) if split == donor], prompts, labels, groups,
              seed, result)  # fmt: skip
    free = [row for row, split in enumerate(said) if split is None]
    _deal(SPLITS, free, prompts, labels, groups, seed, result)
    return tuple(result)


def _filled(groups: NDArray[int64], given: Sequence[Split | None]) -> list[Split | None]:
    """Return what the file says, and for a row of which it says nothing what it says of its near-duplicates."""
    said: defaultdict[int, Counter[Split]] = defaultdict(Counter)
    for group, split in zip(groups.tolist(), given, strict=True):
        if split is not None:
            said[group][split] += 1
    usual = {
        group: min(counts, key=lambda split: (-counts[split], SPLITS.index(split))) for group, counts in said.items()
    }
    return [split or usual.get(group) for group, split in zip(groups.tolist(), given, strict=True)]


def _deal(
    among: Sequence[Split],
    rows: Iterable[int],
    prompts: Sequence[str],
    labels: Sequence[str | None],
    groups: NDArray[int64],
    seed: int,
    result: list[Split],
) -> None:
    """Deal whole groups of `rows` out to the splits `among`, into `result`."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row in rows:
        members[int(groups[row])].append(row)
    whole = sum(SHARES[split] for split in among)
    shares = [SHARES[split] / whole for split in among]
    places = range(len(among))
    behind = [0.0] * len(among)
    turn = _Turns(prompts, labels, seed)
    for _, group in sorted((turn.of(rows), group) for group, rows in members.items()):
        size = len(members[group])
        for place in places:
            behind[place] += shares[place] * size
        most = max(places, key=behind.__getitem__)
        behind[most] -= size
        for row in members[group]:
            result[row] = among[most]


class _Turns:
    """When a group's turn comes: with its most frequent label, and within it by chance."""

    def __init__(self, prompts: Sequence[str], labels: Sequence[str | None], seed: int) -> None:
        self.prompts, self.labels, self.seed = prompts, labels, seed
        self._of_label: dict[str | None, bytes] = {label: _hash(seed, label or "") for label in set(labels)}

    def of(self, rows: Sequence[int]) -> bytes:
        if len(rows) == 1:
            return self._of_label[self.labels[rows[0]]] + _hash(self.seed, bare(self.prompts[rows[0]]))
        counts = Counter(self.labels[row] for row in rows)
        label = min(counts, key=lambda one: (-counts[one], one or ""))
        return self._of_label[label] + _hash(self.seed, min(bare(self.prompts[row]) for row in rows))


def _hash(seed: int, text: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}".encode()).digest()
