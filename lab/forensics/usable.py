"""Which rows of a dataset a router can be measured on, and which are left out, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lab.errors import SearchError
from lab.forensics.datasets import Rows
from lab.forensics.datasets.normalise import normal, normals
from lab.forensics.evidence import Ints
from lab.forensics.sample import Sample, sample_of
from lab.types import NONE, RouterConfig


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows of a dataset that a router cannot be measured on, by place in the dataset."""

    unlabelled: Ints
    unknown: Ints  # labels that are no expert of this router
    utterances: Ints  # the router holds the very prompt as an utterance: it would mark its own homework


def usable(
    rows: Rows, config: RouterConfig, split: str | None = None, beside: RouterConfig | None = None
) -> tuple[Sample, LeftOut]:
    """Return the rows of a split (None: all) that this router can be right or wrong on, and those left out.

    Rows that the router `beside` it holds as utterances are left out too. Raises SearchError where none is left.
    """
    known = {expert.name for expert in config.experts} | {NONE}
    experts = (*config.experts, *(beside.experts if beside else ()))
    held = {normal(utterance) for expert in experts for utterance in expert.utterances}
    groups: dict[str, list[int]] = {"unlabelled": [], "unknown": [], "utterances": [], "good": []}
    plain = normals(rows.prompts) if held else rows.prompts
    for row, (prompt, label) in enumerate(zip(plain, rows.labels, strict=True)):
        if split is not None and rows.splits[row] != split:
            continue
        if label is None:
            kind = "unlabelled"
        elif label not in known:
            kind = "unknown"
        else:
            kind = "utterances" if prompt in held else "good"
        groups[kind].append(row)
    left = LeftOut(*(np.array(groups[kind], dtype=np.int64) for kind in ("unlabelled", "unknown", "utterances")))
    if not groups["good"] and groups["utterances"]:
        raise SearchError(
            f"All {len(groups['utterances']):,} labelled rows here are utterances of this router itself, which says "
            "nothing about other prompts. Take fewer utterances an expert, or another dataset."
        )
    of_split = groups["good"] or [*groups["unlabelled"], *groups["unknown"]]  # of the latter, what is wrong is said
    if not of_split:
        raise SearchError(
            f"{rows.dataset.name!r} has no {split or ''} rows, so nothing can be "
            f"{'judged' if split in ('dev', 'sealed') else 'searched'}. Add the file without splits of its own."
        )
    every = np.array(of_split, dtype=np.int64)
    return sample_of(config, rows.labels, query_types=rows.query_types, groups=rows.groups, rows=every), left


def usable_by_both(rows: Rows, first: RouterConfig, second: RouterConfig, split: str | None) -> tuple[Sample, LeftOut]:
    """Return the rows that two routers are compared on: labelled with an expert of either, an utterance of neither.

    Experts stand as in `second`, then those of `first` alone. Raises SearchError where no row is left.
    """
    names = {expert.name for expert in second.experts}
    both = replace(second, experts=(*second.experts, *(one for one in first.experts if one.name not in names)))
    return usable(rows, both, split, beside=first)
