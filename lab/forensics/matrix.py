"""The forensic matrix: router configurations by query type, each cell with its prompts.

A router that is best on the whole may be the worst at negation or at slang; the mean does not say so, the row does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from lab.errors import ConfigError, EncoderUnavailable
from lab.forensics.datasets.normalise import normal
from lab.forensics.evidence import Ints, Outcomes
from lab.forensics.grid_search.grid import EvidenceOf
from lab.forensics.measures import end_to_end_ms, overhead_ms
from lab.forensics.metrics import Interval, wilson
from lab.forensics.sample import Sample, Stakes
from lab.forensics.tuning import outcomes_in
from lab.types import RouterConfig, StrategyName

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contender:
    """A router under the name it goes by. `decided`: what it decides for the sample, where that is known already."""

    name: str
    config: RouterConfig
    about: str = ""
    decided: Outcomes | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Query types by contenders; arrays of shape (types, contenders). The first type, None, is all rows together.

    Milliseconds are means of what is expected, NaN where something that they need was never measured.
    """

    sample: Sample
    types: tuple[str | None, ...]
    contenders: tuple[Contender, ...]
    decided: tuple[Outcomes, ...]  # by contender
    places: tuple[Ints, ...]  # of the rows of each type in the sample
    right: Ints
    overhead_ms: Floats
    end_to_end_ms: Floats
    left_out: tuple[tuple[str, str], ...]  # contenders that could not be measured, and why

    def accuracy(self, kind: int, contender: int) -> Interval:
        """Return the share of a cell's rows that is right (Wilson)."""
        return wilson(int(self.right[kind, contender]), len(self.places[kind]))

    def accuracies(self) -> Floats:
        """Return the shares of all cells."""
        return np.asarray(self.right / np.array([[len(places)] for places in self.places]), dtype=np.float64)

    def wrong(self, kind: int, contender: int) -> Ints:
        """Return the places in the sample of a cell's misrouted rows."""
        places = self.places[kind]
        return places[~self.sample.right(self.decided[contender])[places]]

    def unmeasured(self, stakes: Stakes) -> tuple[str, ...]:
        """Return the experts that get prompts, and of which no answer was ever timed."""
        called = np.unique(np.concatenate([one.expert for one in self.decided])) if self.decided else np.zeros(0, int)
        names = [self.sample.name(code) for code in called.tolist() if code != self.sample.nobody]
        return tuple(name for name in names if name not in stakes.answer_ms)


def strategies(config: RouterConfig) -> list[Contender]:
    """Return the router under every strategy, all else being equal."""
    return [
        Contender(name, replace(config, strategy=name), f"{name} strategy, all else as it is")
        for name in get_args(StrategyName)
    ]


def speaks_alike(sample: Sample, config: RouterConfig) -> bool:
    """Tell whether a router has just the experts of a sample, in any order: then it can be right on all its rows."""
    return {expert.name for expert in config.experts} == set(sample.experts)


def unknown_to(sample: Sample, prompts: Sequence[str], configs: Iterable[RouterConfig]) -> NDArray[np.bool_]:
    """Return which rows no router holds as an utterance: one that does would mark its own homework. Shape (n,).

    `prompts` are those of the dataset, which the sample's rows index.
    """
    held = {normal(one) for config in configs for expert in config.experts for one in expert.utterances}
    return np.array([normal(prompts[row]) not in held for row in sample.rows.tolist()], dtype=bool)


def matrix(sample: Sample, contenders: Sequence[Contender], evidence_of: EvidenceOf, stakes: Stakes) -> Matrix:
    """Measure contenders that speak alike on a sample. One that cannot be built here is left out, with the reason."""
    kept: list[Contender] = []
    decided: list[Outcomes] = []
    left_out: list[tuple[str, str]] = []
    for one in contenders:
        try:
            decided.append(one.decided or outcomes_in(sample, one.config, evidence_of))
            kept.append(one)
        except (ConfigError, EncoderUnavailable) as err:
            left_out.append((one.name, str(err)))
    names, index, counts = np.unique(np.array(sample.query_types, dtype=str), return_inverse=True, return_counts=True)
    order = np.lexsort((names, -counts)) if len(names) > 1 else np.zeros(0, dtype=np.int64)  # one type is all rows
    places = (np.arange(len(sample)), *(np.flatnonzero(index == code) for code in order))
    columns = [
        (
            sample.right(out).astype(np.float64),
            overhead_ms(out, stakes),
            end_to_end_ms(out, sample, stakes),
        )
        for one, out in zip(kept, decided, strict=True)
    ]

    def by_type(measure: int, mean: bool) -> Floats:
        made = [[(row.mean() if mean else row.sum()) for row in (c[measure][some] for c in columns)] for some in places]
        return np.array(made, dtype=np.float64).reshape(len(places), len(kept))

    return Matrix(
        sample=sample,
        types=(None, *(str(names[code]) for code in order)),
        contenders=tuple(kept),
        decided=tuple(decided),
        places=places,
        right=by_type(0, mean=False).astype(np.int64),
        overhead_ms=by_type(1, mean=True),
        end_to_end_ms=by_type(2, mean=True),
        left_out=tuple(left_out),
    )
