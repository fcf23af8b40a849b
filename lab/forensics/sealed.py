"""Looking at the sealed rows: what a router is worth on prompts that chose nothing, against the live one, counted.

Every look uses the sealed rows up a little: who looks often enough and keeps the best has chosen on them. So no result
is shown without being counted first; the same router on the same rows counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.errors import SearchError
from lab.forensics.compare import Comparison, accuracy_of, compare, in_words
from lab.forensics.datasets import NESTED_BELOW, Rows, labelled
from lab.forensics.evidence import Outcomes
from lab.forensics.grid_search.grid import EvidenceOf
from lab.forensics.metrics import Interval, interval_to_json, number_to_json
from lab.forensics.sample import Sample, Stakes
from lab.forensics.tuning import outcomes_in
from lab.forensics.usable import LeftOut, usable_by_both
from lab.records import SealedLook
from lab.store import Store, looks
from lab.types import RouterConfig, new_id


@dataclass(frozen=True, slots=True)
class SealedResult:
    """A router on the sealed rows, beside the live one on the same rows, and how often they were looked at."""

    sample: Sample
    outcomes: Outcomes
    live_outcomes: Outcomes
    accuracy: Interval
    comparison: Comparison  # the live router first
    left_out: LeftOut
    look: SealedLook
    looks: int  # different evaluations of these rows that were shown, this one included
    repeated: bool  # this very router was looked at on these very rows before: nothing new was revealed

    @property
    def times(self) -> str:
        """Return how often the sealed rows were looked at, as a sentence."""
        again = "; this router was among them before, so it counts once" if self.repeated else ""
        return f"The sealed rows were looked at {self.looks} time{'s' * (self.looks != 1)}{again}."


def check_sealed(rows: Rows) -> None:
    """Raise SearchError where a dataset has no sealed rows to look at."""
    if rows.nested:
        raise SearchError(
            f"{rows.dataset.name!r} has {len(labelled(rows)):,} labelled rows; under {NESTED_BELOW} none are sealed, "
            "and the figures come from nested cross-validation. Label more rows, or take them as they are."
        )
    if not len(labelled(rows, "sealed")):
        raise SearchError(f"{rows.dataset.name!r} has no labelled row that is sealed. Take another dataset.")


def searched_without_splits(rows: Rows, store: Store) -> None:
    """Count, once, that a dataset was searched on all of its rows: those that are sealed later were seen by then.

    Raises NotFound for a dataset that is not stored, StoreError.
    """
    looks.record(
        store,
        f"nested-{rows.dataset.id}",
        dataset_id=rows.dataset.id,
        dataset_hash="",
        router_hash="",
        why=f"searched on all rows while under {NESTED_BELOW} were labelled",
    )


def look(
    rows: Rows,
    config: RouterConfig,
    live: RouterConfig,
    evidence_of: EvidenceOf,
    store: Store,
    why: str,
    *,
    stakes: Stakes | None = None,
    seed: int = 0,
    look_id: str | None = None,
) -> SealedResult:
    """Measure a router on the sealed rows, count the look, and only then return what came out.

    Rows labelled with an expert of either router count, as in `tuning.effect`. `why` is what it was for; the same
    `look_id` stores one look. Raises SearchError without sealed rows, NotFound for a dataset that is not stored,
    StoreError where the look cannot be counted, EncoderUnavailable.
    """
    check_sealed(rows)
    sample, left_out = usable_by_both(rows, live, config, "sealed")
    decided, before = outcomes_in(sample, config, evidence_of), outcomes_in(sample, live, evidence_of)
    accuracy = accuracy_of(sample, decided)
    comparison = compare(sample, before, decided, stakes=stakes, seed=seed)
    stored = looks.record(
        store,
        look_id or new_id(),
        dataset_id=rows.dataset.id,
        dataset_hash=rows.hash,
        router_hash=config.content_hash(evidence_of(config).encoder.fingerprint),
        why=why,
    )
    others = [one for one in looks.of_dataset(store, rows.dataset.id) if one.id != stored.id]
    return SealedResult(
        sample=sample,
        outcomes=decided,
        live_outcomes=before,
        accuracy=accuracy,
        comparison=comparison,
        left_out=left_out,
        look=stored,
        looks=looks.count(store, rows.dataset.id),
        repeated=any(
            (one.dataset_hash, one.router_hash) == (stored.dataset_hash, stored.router_hash) for one in others
        ),
    )


def sealed_to_json(found: SealedResult) -> Mapping[str, Any]:
    """Return a look and what came out as a JSON object; NaN, which JSON does not have, is null."""
    one = found.comparison
    return {
        "n": one.n,
        "groups": one.groups,
        "accuracy": interval_to_json(found.accuracy),
        "live_accuracy": number_to_json(one.accuracy.first),
        "difference": interval_to_json(one.accuracy.difference),
        "fixed": len(one.fixed),
        "broken": len(one.broken),
        "p_value": number_to_json(one.p_value),
        "calls": {name: list(shares) for name, shares in one.calls.items()},
        "cost": [number_to_json(one.cost.first), number_to_json(one.cost.second)],
        "verdict": one.verdict,
        "in_words": in_words(one, first="live", second="the recommended setting"),
        "looks": found.looks,
        "repeated": found.repeated,
        "look_id": found.look.id,
        "router_hash": found.look.router_hash,
        "dataset_hash": found.look.dataset_hash,
    }
