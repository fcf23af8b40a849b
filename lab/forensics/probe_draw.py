"""Probes out of a dataset: rows that a router gets right today and must go on getting right."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

from lab.errors import DatasetError
from lab.forensics.datasets import Rows
from lab.forensics.evidence import Outcomes
from lab.forensics.probes import Probe
from lab.forensics.sample import Sample
from lab.routing import MAX_PROMPT_CHARS


def draw_probes(rows: Rows, sample: Sample, decided: Outcomes, n: int, *, seed: int = 0) -> list[Probe]:
    """Return at most `n` probes from the rows of `sample` that `decided` gets right, tagged with their query type.

    Query types take turns, so that a rare one is there; within one the draw is by `seed`. Sealed rows are never drawn:
    who reads a probe has seen it. Who decides (the layer) is left open. Raises DatasetError where no row is right.
    """
    right = sample.right(decided)
    kept: dict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for place, row in enumerate(sample.rows.tolist()):
        prompt = rows.prompts[row]
        fits = right[place] and prompt not in seen and len(prompt) <= MAX_PROMPT_CHARS
        if fits and (rows.nested or rows.splits[row] != "sealed"):
            seen.add(prompt)
            kept[sample.query_types[place]].append(place)
    if not kept:
        raise DatasetError(
            f"The router gets none of the {len(sample):,} rows of {rows.dataset.name!r} right that may be shown, so "
            "there is nothing to keep. Take another dataset."
        )
    chosen = [place for place, _ in zip(_in_turn(kept, seed), range(n), strict=False)]
    return [_probe(rows, sample, place) for place in chosen]


def _in_turn(kept: dict[str, list[int]], seed: int) -> Iterator[int]:
    draw = random.Random(seed)
    left = {name: draw.sample(kept[name], len(kept[name])) for name in sorted(kept)}
    while left:
        for name in list(left):
            yield left[name].pop()
            if not left[name]:
                del left[name]


def _probe(rows: Rows, sample: Sample, place: int) -> Probe:
    row = int(sample.rows[place])
    tag = sample.query_types[place].strip()
    return Probe(
        prompt=rows.prompts[row],
        expert=sample.name(int(sample.labels[place])),
        tags=(tag,) if tag else (),
        note=f"row {row} of {rows.dataset.name}",
    )
