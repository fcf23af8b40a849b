"""Rule forensics and candidates on a stored dataset, with the samples whose places their row numbers are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.errors import SearchError
from lab.forensics.candidates.suggestions import Candidates, mine
from lab.forensics.datasets import NESTED_BELOW, Rows
from lab.forensics.evidence import Outcomes
from lab.forensics.grid_search.grid import EvidenceOf
from lab.forensics.rules.report import RuleReport, report
from lab.forensics.sample import Sample
from lab.forensics.tuning import outcomes_in
from lab.forensics.usable import LeftOut, usable
from lab.types import RouterConfig


@dataclass(frozen=True, slots=True)
class RulesOfRows:
    """What each pattern does on a split. Row numbers of the report are places in the sample."""

    sample: Sample
    decided: Outcomes
    report: RuleReport
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class Suggested:
    """Candidates with the samples that their rows are places in, and what the router as it is decides there."""

    tune: Sample
    tune_decided: Outcomes
    dev: Sample
    dev_decided: Outcomes
    candidates: Candidates


def rules_of(
    rows: Rows, config: RouterConfig, split: str, evidence_of: EvidenceOf, *, layer2_ms: float | None = None
) -> RulesOfRows:
    """Report the patterns of a router on a split, `all` for every row that is not sealed.

    Sealed rows are not for reading. Raises SearchError where no row is left or the split is sealed, PatternError,
    EncoderUnavailable.
    """
    if split == "sealed":
        raise SearchError("Sealed rows are not for reading pattern by pattern. Take the tune or the dev rows.")
    sample, left_out = usable(rows, config, None if rows.nested or split == "all" else split)
    if split == "all" and not rows.nested:
        sample = sample.take(np.array([rows.splits[row] != "sealed" for row in sample.rows.tolist()], dtype=np.bool_))
    layer2 = evidence_of(config).layer2(config)
    found = report(
        config,
        *_columns(rows, sample),
        scores=None if layer2 is None else layer2.scores[sample.rows],
        layer2_ms=layer2_ms,
    )
    return RulesOfRows(sample, outcomes_in(sample, config, evidence_of), found, left_out)


def suggest(rows: Rows, config: RouterConfig, evidence_of: EvidenceOf, *, most: int = 20) -> Suggested:
    """Mine candidates on the tune rows and measure them on the dev rows.

    Raises SearchError under 300 labelled rows, where no row could judge what another suggested, and as `mine`.
    """
    if rows.nested:
        raise SearchError(
            f"{rows.dataset.name!r} has too few labelled rows to suggest changes on some and measure them on others "
            f"(under {NESTED_BELOW}). Label more rows on the Data page, or take another dataset."
        )
    tune, dev = (usable(rows, config, split)[0] for split in ("tune", "dev"))
    columns = (_columns(rows, sample) for sample in (tune, dev))
    found = mine(config, evidence_of(config).encoder, *columns, groups=dev.groups, most=most)
    return Suggested(tune, outcomes_in(tune, config, evidence_of), dev, outcomes_in(dev, config, evidence_of), found)


def _columns(rows: Rows, sample: Sample) -> tuple[list[str], list[str]]:
    """The prompts and labels of a sample."""
    prompts = [rows.prompts[row] for row in sample.rows.tolist()]
    return prompts, [sample.name(code) for code in sample.labels.tolist()]
