"""What a whole draft does to labelled rows, with the rows themselves, so that every number of it opens onto prompts."""

from __future__ import annotations

from dataclasses import dataclass

from lab.forensics.compare import Comparison, Verdict, accuracy_of, compare, in_words
from lab.forensics.datasets import Rows
from lab.forensics.evidence import Outcomes
from lab.forensics.grid_search.grid import EvidenceOf
from lab.forensics.metrics import Interval
from lab.forensics.sample import Sample
from lab.forensics.tuning import outcomes_in
from lab.forensics.usable import LeftOut, usable_by_both
from lab.types import RouterConfig

NO_PROOF = (
    "These rows may have chosen the setting, so this is no proof; the Tune page judges each row by a choice that did "
    "not see it."
)
"""What is said of an effect on rows that are too few to choose on some and judge on others."""


@dataclass(frozen=True, slots=True)
class DraftEffect:
    """Two routers on the same rows; rows of the comparison are places in the sample."""

    split: str  # "dev", or "all" under 300 labelled rows
    sample: Sample
    before: Outcomes
    after: Outcomes
    comparison: Comparison
    left_out: LeftOut

    @property
    def verdict(self) -> Verdict | None:
        """What the rows say of the change; None where they may have chosen it."""
        return None if self.split == "all" else self.comparison.verdict

    def in_words(self, *, second: str, first: str) -> str:
        """Return what the change does, as a sentence or two without Markdown."""
        one = self.comparison
        if self.verdict is not None or one.verdict == "same":
            return in_words(one, second=second, first=first)
        return f"It fixes {len(one.fixed)} of {one.n:,} prompts and breaks {len(one.broken)}. {NO_PROOF}"

    @property
    def accuracies(self) -> tuple[Interval, Interval]:
        """The accuracy before and after, each with its Wilson interval."""
        return accuracy_of(self.sample, self.before), accuracy_of(self.sample, self.after)


def draft_effect(rows: Rows, before: RouterConfig, after: RouterConfig, evidence_of: EvidenceOf) -> DraftEffect:
    """Measure `after` against `before` on the dev rows (under 300 labelled rows: on all of them).

    Rows labelled with an expert of either count, as in `tuning.effect`: what an expert that was removed or renamed got
    right is broken. Raises SearchError where no row is left, EncoderUnavailable.
    """
    sample, left_out = usable_by_both(rows, before, after, None if rows.nested else "dev")
    first, second = (outcomes_in(sample, config, evidence_of) for config in (before, after))
    return DraftEffect("all" if rows.nested else "dev", sample, first, second, compare(sample, first, second), left_out)
