"""What both layers find on the labelled rows of one split, kept so that single changes can be tried on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.encoders import Encoder
from lab.errors import SearchError
from lab.forensics.candidates.added import AddedUtterance
from lab.forensics.rules.hits import find_hits
from lab.forensics.rules.replay import Floats, Replay, check_labels
from lab.routing.keyword import KeywordStrategy
from lab.routing.semantic import SemanticStrategy, on_grid
from lab.types import RouterConfig


@dataclass(frozen=True, slots=True)
class SplitEvidence:
    """Labelled rows, how the router decides them, and their vectors on the grid, shape (n, dim); 8 bytes a number."""

    name: str
    prompts: Sequence[str]
    labels: Sequence[str]
    replay: Replay
    layer2: AddedUtterance | None  # None: no utterance can change this router
    vectors: Floats | None

    @property
    def missed(self) -> list[bool]:
        """Whether a row ought to go to an expert of this router and does not, by row."""
        experts = set(self.replay.rule.experts)
        return [not right and label in experts for right, label in zip(self.replay.right, self.labels, strict=True)]


def split_evidence(
    name: str,
    config: RouterConfig,
    encoder: Encoder,
    prompts: Sequence[str],
    labels: Sequence[str],
    check: Callable[[], None],
) -> SplitEvidence:
    """Ask both layers about every row of a split called `name`; vectors come from the encoder, which may remember them.

    Raises SearchError for columns that do not fit or no rows at all, DatasetError, EncoderUnavailable.
    """
    check_labels(labels, prompts)
    if not labels:
        raise SearchError(
            f"There are no {name} rows. Candidates are chosen on labelled tune rows and measured on dev rows."
        )
    matched = find_hits(KeywordStrategy(config).fit().layer1, prompts, check).matched
    if config.strategy == "keyword":
        return SplitEvidence(name, prompts, labels, Replay(config, labels, matched, None), None, None)
    strategy = SemanticStrategy(config, encoder).fit()
    vectors = encoder.encode(list(prompts))
    check()
    scores = strategy.score_vectors(vectors)
    replay = Replay(config, labels, matched, scores)
    if config.scorer != "cosine":
        return SplitEvidence(name, prompts, labels, replay, None, None)
    grid = on_grid(vectors)
    return SplitEvidence(name, prompts, labels, replay, AddedUtterance(strategy, replay, grid, scores), grid)
