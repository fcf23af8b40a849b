"""Layer 2: cosine to each expert's utterances, aggregated to one score an expert; or the learned scorer's scores.

A cosine must come out the same alone, in a batch and in any order of summation, or a grid cell could contradict a
decision. So unit vectors are held on a grid of 2^-24 (their own float32 precision): products are multiples of 2^-48
and sums stay below 2, which float64 adds without any rounding, whatever the matrix library does.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lab.encoders import Encoder, Vectors
from lab.errors import ConfigError
from lab.routing import MAX_PROMPT_CHARS
from lab.routing.confidence import calibrator_for, confidence_of
from lab.routing.prompt import check_prompt
from lab.routing.rule import Rule, judge, rounded_array
from lab.types import Aggregate, Decision, RouterConfig, Timings, Trace

if TYPE_CHECKING:
    from lab.routing.learned import LearnedScorer

_GRID = float(1 << 24)
_KNOWN, _KNOWN_CHARS = 4_096, 2_000  # repeats that are not scored again: at most 40 MB with two experts
_CELLS_AT_ONCE = 8_000_000  # cosines held at a time when scoring in bulk: 64 MB

Floats = NDArray[np.float64]


def on_grid(vectors: Vectors | Floats) -> Floats:
    """Return the vectors as float64 multiples of 2^-24, on which dot products are exact."""
    return np.rint(np.asarray(vectors, dtype=np.float64) * _GRID) / _GRID


def centroid_of(total: Floats) -> Floats:
    """Return the sum of an expert's utterance vectors, shape (dim,), brought to length 1; zeros stay zeros."""
    length = float(np.sqrt(np.dot(total, total)))
    return on_grid(total / length) if length else total


def aggregated(cosines: Floats, aggregate: Aggregate, top_k: int) -> Floats:
    """Reduce cosines of shape (n, utterances of one expert) to one score each, shape (n,).

    max, or the mean of the `top_k` highest (all of them when there are fewer). Not for `centroid`, which has one
    vector an expert already.
    """
    if aggregate == "max" or cosines.shape[1] == 1:
        return np.asarray(cosines.max(axis=1))
    k = min(top_k, cosines.shape[1])
    top = np.partition(cosines, cosines.shape[1] - k, axis=1)[:, -k:]
    return np.asarray(top.sum(axis=1) / k)


class SemanticStrategy:
    """Scores decide, or the fallback.

    After `fit`: `utterances_`, float64 (n, dim), all utterances in the order of the experts; `slices_`, the rows of
    each expert that has any, by its index; `targets_`, what prompts are compared with (utterances or centroids);
    `totals_`, with centroids, the sum of each expert's utterance vectors by its first row; `learned_`, what scores
    instead of cosines where the configuration says so; `calibrator_`, where there is one for this router.
    """

    def __init__(self, config: RouterConfig, encoder: Encoder, *, max_prompt_chars: int = MAX_PROMPT_CHARS) -> None:
        self.config, self.encoder, self.max_prompt_chars = config, encoder, max_prompt_chars
        self.rule = Rule.of(config)

    def fit(self) -> SemanticStrategy:
        """Encode the utterances (once: the encoder remembers).

        Raises EncoderUnavailable, and ConfigError for learned weights that do not fit the encoder.
        """
        self.learned_ = self._learned()
        own = self.config.strategy == "semantic"
        self.calibrator_ = calibrator_for(self.config, self.encoder.fingerprint) if own else None
        texts: list[str] = []
        self.slices_: dict[int, slice] = {}
        for index, expert in enumerate(self.config.experts):
            if expert.utterances:
                self.slices_[index] = slice(len(texts), len(texts) + len(expert.utterances))
                texts.extend(expert.utterances)
        vectors = self.encoder.encode(texts) if texts else np.zeros((0, 0), dtype=np.float32)
        self.utterances_ = on_grid(vectors)
        self.targets_ = self.utterances_
        if self.config.aggregate == "centroid" and texts:
            self.totals_ = {rows.start: self.utterances_[rows].sum(axis=0) for rows in self.slices_.values()}
            self.targets_ = np.stack([centroid_of(total) for total in self.totals_.values()])
        self._known: dict[str, list[float]] = {}
        self._starts = np.array([rows.start for rows in self.slices_.values()], dtype=np.intp)
        self._scored = np.array(list(self.slices_), dtype=np.intp)
        return self

    def _learned(self) -> LearnedScorer | None:
        if self.config.scorer == "cosine":
            return None
        from lab.routing.learned import LearnedScorer, check_encoder

        weights = self.config.learned
        if weights is None:
            raise ConfigError("router.scorer is 'learned' and there are no weights. Fit them, or set it to cosine.")
        check_encoder(weights, self.encoder.fingerprint)
        return LearnedScorer(weights, self.rule.experts)

    def score(self, prompts: Sequence[str]) -> Floats:
        """Return the score of each expert for each prompt, shape (n, experts), 6 decimals.

        NaN for an expert without utterances; with the learned scorer, for one that is no class.
        """
        return self.score_vectors(self.encoder.encode(prompts))

    def score_vectors(self, vectors: Vectors) -> Floats:
        """Score prompts that are already encoded, shape (n, dim); like `score`."""
        if self.learned_ is not None:
            return self.learned_.score_vectors(vectors)
        scores = np.full((len(vectors), len(self.config.experts)), np.nan)
        if not self.slices_:
            return scores
        rows_at_once = max(1, _CELLS_AT_ONCE // len(self.targets_))
        for start in range(0, len(vectors), rows_at_once):
            rows = slice(start, start + rows_at_once)
            scores[rows, self._scored] = self._aggregate(on_grid(vectors[rows]) @ self.targets_.T)
        return scores

    def _aggregate(self, cosines: Floats) -> Floats:
        if self.config.aggregate == "centroid":
            reduced = cosines
        elif self.config.aggregate == "max":
            reduced = np.maximum.reduceat(cosines, self._starts, axis=1)
        else:
            columns = [aggregated(cosines[:, rows], "mean_top_k", self.config.top_k) for rows in self.slices_.values()]
            reduced = np.stack(columns, axis=1)
        return rounded_array(reduced)

    def timed_scores(self, prompt: str) -> tuple[list[float], Timings]:
        """Return the score of each expert for one prompt, and what encoding and scoring cost."""
        start = perf_counter_ns()
        known = self._known.get(prompt)
        if known is not None:
            return known, Timings(None, 0.0, (perf_counter_ns() - start) / 1e6, encode_cached=True)
        cached = self.encoder.holds(prompt)
        vector = self.encoder.encode([prompt])
        encoded = perf_counter_ns()
        scores: list[float] = self.score_vectors(vector)[0].tolist()
        ended = perf_counter_ns()
        self._remember(prompt, scores)
        return scores, Timings(None, (encoded - start) / 1e6, (ended - encoded) / 1e6, cached)

    def _remember(self, prompt: str, scores: list[float]) -> None:
        if len(prompt) <= _KNOWN_CHARS:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[prompt] = scores

    def decide(self, prompt: str) -> Decision:
        """Return the decision of layer 2, or the fallback. Raises PromptError, EncoderUnavailable."""
        check_prompt(prompt, self.max_prompt_chars)
        scores, timings = self.timed_scores(prompt)
        expert, layer, score, margin = judge(self.rule, (), lambda: scores)
        confidence = confidence_of(self.calibrator_, layer, score) if self.calibrator_ else None
        return Decision(prompt, expert, layer, score, margin, (), timings, confidence)

    def explain(self, decision: Decision) -> Trace:
        """Return every score, the nearest utterances and what would change the decision."""
        from lab.routing.explain import explain

        return explain(decision, None, self)
