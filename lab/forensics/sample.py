"""Labelled prompts to measure on, as columns, with what a wrong decision costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from lab.errors import SearchError
from lab.forensics.evidence import FALLBACK, Bools, Evidence, Ints, Layer1, Layer2, Outcomes, outcomes
from lab.routing.rule import Rule
from lab.routing.semantic import Floats
from lab.types import NONE, RouterConfig


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a dataset that a router can be right or wrong on.

    `rows` index the dataset, and its evidence. `labels` are indices of experts, `len(experts)` for `none`. `groups`:
    near-duplicates share one. `weights` are None, or bring each row to its share in the traffic.
    """

    experts: tuple[str, ...]
    rows: Ints
    labels: Ints
    query_types: tuple[str, ...]
    groups: Ints
    weights: Floats | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def nobody(self) -> int:
        """The code of `none` among labels and decisions."""
        return len(self.experts)

    def name(self, code: int) -> str:
        """Return the expert's name, or `none`."""
        return self.experts[code] if code < len(self.experts) else NONE

    def take(self, places: Ints | Bools) -> Sample:
        """Return some of the rows, by place or mask."""
        chosen = np.arange(len(self))[places]
        return replace(
            self,
            rows=self.rows[chosen],
            labels=self.labels[chosen],
            query_types=tuple(self.query_types[place] for place in chosen),
            groups=self.groups[chosen],
            weights=None if self.weights is None else self.weights[chosen],
        )

    def weighted_by(self, traffic: Mapping[str, float]) -> Sample:
        """Return the sample with each query type weighing its share in `traffic`; n stays the sum of the weights.

        Raises SearchError when none of the traffic's query types stands in the sample.
        """
        types, index, counts = np.unique(np.array(self.query_types), return_inverse=True, return_counts=True)
        shares = np.array([traffic.get(str(one), 0.0) for one in types])
        if not shares.sum():
            raise SearchError(
                f"None of the traffic's query types ({', '.join(list(traffic)[:5])}) stands in these rows "
                f"({', '.join(map(str, types[:5]))}). Label query types alike, or look at the rows as they are."
            )
        each = shares / shares.sum() * len(self) / counts
        return replace(self, weights=each[index])

    def right(self, decided: Outcomes) -> Bools:
        """Return which decisions are right: the labelled expert, or for `none` the fallback layer."""
        claimed_by_label: Bools = decided.expert == self.labels
        return np.where(self.labels == self.nobody, decided.layer == FALLBACK, claimed_by_label)


def sample_of(
    config: RouterConfig,
    labels: Sequence[str | None],
    *,
    query_types: Sequence[str | None] | None = None,
    groups: Ints | None = None,
    rows: Ints | None = None,
) -> Sample:
    """Return the rows whose label is an expert of the router, or `none`; `rows` restricts them to a split.

    Raises SearchError when nothing is left, with the labels that the router does not know.
    """
    names = tuple(expert.name for expert in config.experts)
    codes = {name: code for code, name in enumerate((*names, NONE))}
    wanted = np.arange(len(labels)) if rows is None else np.asarray(rows, dtype=np.int64)
    kept = np.array([row for row in wanted.tolist() if labels[row] in codes], dtype=np.int64)
    if not len(kept):
        unknown = sorted({str(labels[row]) for row in wanted.tolist() if labels[row] is not None})
        raise SearchError(
            f"None of the {len(wanted):,} rows has a label of this router ({', '.join(names[:6])}, {NONE}). "
            + (f"Their labels are {', '.join(unknown[:6])}. Map them, or make experts from them on the Data page."
               if unknown else "They are not labelled: label some on the Data page.")
        )  # fmt: skip
    return Sample(
        experts=names,
        rows=kept,
        labels=np.array([codes[str(labels[row])] for row in kept], dtype=np.int64),
        query_types=tuple((query_types[row] if query_types else None) or "" for row in kept),
        groups=kept if groups is None else np.asarray(groups, dtype=np.int64)[kept],
    )


@dataclass(frozen=True, slots=True)
class Stakes:
    """What decisions cost, as the user set it. An expert that is not named costs `call_default`.

    `call`: the cost of one call by expert, in any unit. `misroute`: the cost of sending a prompt labelled X to Y, by
    (X, Y); 1 where nothing is said, 0 where it is right. `answer_ms`: mean measured time of an expert's answer.
    `overhead_ms`: the time to decide in layer 1 alone, and the time that layer 2 adds; None where nobody measured it.
    """

    call: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    call_default: float = 1.0
    misroute: Mapping[tuple[str, str], float] = field(default_factory=lambda: MappingProxyType({}))
    answer_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    overhead_ms: tuple[float, float] | None = None

    def calls(self, experts: Sequence[str]) -> Floats:
        """Return the cost of a call by code; nobody costs nothing."""
        return np.array([*(self.call.get(name, self.call_default) for name in experts), 0.0])

    def answers(self, experts: Sequence[str]) -> Floats:
        """Return the mean answer time by code, NaN where none was measured; nobody takes no time."""
        return np.array([*(self.answer_ms.get(name, np.nan) for name in experts), 0.0])

    def misroutes(self, sample: Sample, decided: Outcomes) -> Floats:
        """Return what each decision costs."""
        costs = np.where(sample.right(decided), 0.0, 1.0)
        codes = {name: code for code, name in enumerate((*sample.experts, NONE))}
        for (label, to), cost in self.misroute.items():
            if label in codes and to in codes:
                wrong = (sample.labels == codes[label]) & (decided.expert == codes[to]) & (costs > 0)
                costs[wrong] = cost
        return costs


@dataclass(frozen=True, slots=True)
class Measured:
    """A sample with one router's evidence on it."""

    sample: Sample
    config: RouterConfig
    layer1: Layer1
    layer2: Layer2 | None

    @property
    def rule(self) -> Rule:
        """The rule of the router."""
        return Rule.of(self.config)

    @classmethod
    def of(cls, sample: Sample, config: RouterConfig, evidence: Evidence) -> Measured:
        """Return the evidence of the sample's rows."""
        layer2 = evidence.layer2(config)
        return cls(
            sample,
            config,
            evidence.layer1(config).take(sample.rows),
            None if layer2 is None else layer2.take(sample.rows),
        )

    def take(self, places: Ints | Bools) -> Measured:
        """Return some of the rows."""
        chosen = np.arange(len(self.sample))[places]
        layer2 = None if self.layer2 is None else self.layer2.take(chosen)
        return Measured(self.sample.take(chosen), self.config, self.layer1.take(chosen), layer2)

    def outcomes(self) -> Outcomes:
        """Return what the router decides."""
        return outcomes(self.rule, self.layer1, self.layer2)

    def right(self) -> Bools:
        """Return which decisions are right."""
        return self.sample.right(self.outcomes())
