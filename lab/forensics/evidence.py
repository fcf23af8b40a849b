"""What both layers say of each prompt, asked once: from here on every question about thresholds is arithmetic."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lab.encoders import Encoder, Vectors
from lab.routing.patterns import PatternMatcher
from lab.routing.rule import Rule, rounded_array
from lab.routing.semantic import Floats, SemanticStrategy
from lab.types import ConflictPolicy, Expert, Layer, RouterConfig, StrategyName

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOBODY = -1
_KEPT_BYTES = 1 << 30  # of layers' results that stay: every axis value of a search, and the draft's last edits
KEYWORD, SEMANTIC, FALLBACK = range(3)
LAYERS = (Layer.KEYWORD, Layer.SEMANTIC, Layer.FALLBACK)


@dataclass(frozen=True, slots=True)
class Layer1:
    """The expert that layer 1 settles on under each conflict policy, by index, or NOBODY; each of shape (n,)."""

    defer: Ints
    priority: Ints

    def settled(self, policy: ConflictPolicy) -> Ints:
        """Return the settled experts under `policy`."""
        return self.defer if policy == "defer" else self.priority

    @property
    def nbytes(self) -> int:
        """The memory it holds."""
        return self.defer.nbytes + self.priority.nbytes

    def take(self, rows: Ints) -> Layer1:
        """Return the evidence of some rows."""
        return Layer1(self.defer[rows], self.priority[rows])


@dataclass(frozen=True, slots=True)
class Layer2:
    """The best expert of each prompt, by index (NOBODY: none has a score), with its score and margin, each (n,).

    A margin is infinite where fewer than two experts have a score: it passes whatever is asked. `scores` is of shape
    (n, experts), NaN without utterances.
    """

    best: Ints
    score: Floats
    margin: Floats
    scores: Floats

    @classmethod
    def of(cls, scores: Floats) -> Layer2:
        """Return what `Rule.claim` finds, for all rows at once: equal scores go to the expert listed first."""
        n, experts = scores.shape
        if experts == 0:
            return cls(np.full(n, NOBODY), np.full(n, -np.inf), np.full(n, np.inf), scores)
        known = np.where(np.isnan(scores), -np.inf, scores)
        best = known.argmax(axis=1)
        rows = np.arange(n)
        score = known[rows, best]
        second = np.full(n, -np.inf)
        if experts > 1:
            known[rows, best] = -np.inf
            second = known.max(axis=1)
        with np.errstate(invalid="ignore"):  # without any score both are -inf
            margin = np.where(np.isneginf(second), np.inf, rounded_array(score - second))
        return cls(np.where(np.isneginf(score), NOBODY, best), score, margin, scores)

    @property
    def nbytes(self) -> int:
        """The memory it holds."""
        return self.best.nbytes + self.score.nbytes + self.margin.nbytes + self.scores.nbytes

    def take(self, rows: Ints) -> Layer2:
        """Return the evidence of some rows."""
        return Layer2(self.best[rows], self.score[rows], self.margin[rows], self.scores[rows])


_Kept = TypeVar("_Kept", Layer1, Layer2)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a router decides for each prompt: `expert` by index, `len(experts)` for nobody; `layer` as in LAYERS.

    `asked`: which layers looked at the prompt, 1 for the first and 2 for the second, added up; None for decisions that
    no router made.
    """

    expert: Ints
    layer: Ints
    asked: Ints | None = None


def layers_asked(strategy: StrategyName, settled: Bools) -> Ints:
    """Return which layers look at prompts, as in `Outcomes`; `settled`: those that layer 1 decides."""
    if strategy == "keyword":
        return np.ones(len(settled), dtype=np.int64)
    if strategy == "semantic":
        return np.full(len(settled), 2)
    return np.where(settled, 1, 3)


def outcomes(rule: Rule, layer1: Layer1, layer2: Layer2 | None) -> Outcomes:
    """Apply the rule to all prompts at once; `judge` is the same rule for one. `layer2` is not asked for keyword."""
    fallback = rule.experts.index(rule.fallback) if rule.fallback in rule.experts else len(rule.experts)
    n = len(layer1.defer)
    settled = layer1.settled(rule.on_conflict) if rule.strategy != "semantic" else np.full(n, NOBODY)
    claimed = np.zeros(n, dtype=bool)
    best = np.full(n, NOBODY)
    if rule.strategy != "keyword" and layer2 is not None:
        best = layer2.best
        least = np.array([*rule.thresholds, np.inf])[best]  # nobody (-1) meets the last one
        claimed = (settled == NOBODY) & (layer2.score >= least) & (layer2.margin >= rule.min_margin)
    expert = np.where(settled != NOBODY, settled, np.where(claimed, best, fallback))
    layer = np.where(settled != NOBODY, KEYWORD, np.where(claimed, SEMANTIC, FALLBACK))
    return Outcomes(expert, layer, layers_asked(rule.strategy, settled != NOBODY))


class Evidence:
    """The evidence of a list of prompts, layer by layer, made when it is asked for and kept: one a dataset and encoder.

    Safe to share between threads. What it keeps is bounded: the layers asked for last stay, and what each expert
    matches and scores, so that an edit of one expert asks about that one again and no other.
    """

    def __init__(self, prompts: Sequence[str], encoder: Encoder, vectors: Vectors | None = None) -> None:
        self.prompts, self.encoder = tuple(prompts), encoder
        self._vectors = vectors
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def ready(self) -> bool:
        """Tell whether the prompts are encoded, so that questions are arithmetic from here on."""
        return self._vectors is not None

    def vectors(self) -> Vectors:
        """Return the vectors of the prompts, float32 of shape (n, dim). Raises EncoderUnavailable."""
        with self._lock:
            if self._vectors is None:
                self._vectors = self.encoder.encode(self.prompts)
            return self._vectors

    def layer1(self, config: RouterConfig) -> Layer1:
        """Return what the patterns settle. Raises PatternError."""
        if config.strategy == "semantic":
            nobody = np.full(len(self.prompts), NOBODY)
            return Layer1(nobody, nobody)
        key = ("layer 1", tuple((expert.name, expert.patterns) for expert in config.experts))
        return self._remembered(key, lambda: self._matched(config))

    def layer2(self, config: RouterConfig) -> Layer2 | None:
        """Return the best experts by score; None for a router without layer 2. Raises EncoderUnavailable."""
        if config.strategy == "keyword":
            return None
        utterances = tuple((expert.name, expert.utterances) for expert in config.experts)
        how: Hashable = config.learned if config.scorer == "learned" else _how(config)
        key = ("layer 2", utterances, how)
        return self._remembered(key, lambda: self._scored(config))

    def outcomes(self, config: RouterConfig) -> Outcomes:
        """Return what the router that `config` describes decides for each prompt."""
        return outcomes(Rule.of(config), self.layer1(config), self.layer2(config))

    def _matched(self, config: RouterConfig) -> Layer1:
        """Return what is settled; only experts whose patterns are not known yet are matched.

        A pattern matches whatever others there are, so an expert's rows are the same alone as beside others.
        """
        keys = [("matched", expert.patterns) if expert.patterns else None for expert in config.experts]
        known, missing = self._known(keys, config.experts)
        if missing:
            rows: dict[str, list[int]] = {expert.name: [] for expert in missing.values()}
            find = PatternMatcher(list(missing.values())).find
            for row, prompt in enumerate(self.prompts):
                for name in {match.expert for match in find(prompt)}:
                    rows[name].append(row)
            for key, expert in missing.items():
                known[key] = np.zeros(len(self.prompts), dtype=bool)
                known[key][rows[expert.name]] = True
        matched = np.zeros((len(self.prompts), len(keys)), dtype=bool)
        self._spread(keys, known, matched)
        first = np.where(matched.any(axis=1), matched.argmax(axis=1), NOBODY) if keys else matched.sum(axis=1) + NOBODY
        return Layer1(np.where(matched.sum(axis=1) == 1, first, NOBODY), first)

    def _scored(self, config: RouterConfig) -> Layer2:
        if config.scorer == "learned":
            return Layer2.of(SemanticStrategy(config, self.encoder).fit().score_vectors(self.vectors()))
        return Layer2.of(self._cosines(config))

    def _cosines(self, config: RouterConfig) -> Floats:
        """Return the scores, shape (n, experts); only experts whose utterances are not known yet are scored.

        Cosines are exact on their grid, so a column comes out the same alone as beside others, to the bit.
        """
        keys = [("scores", expert.utterances, _how(config)) if expert.utterances else None for expert in config.experts]
        known, missing = self._known(keys, config.experts)
        if missing:
            some = replace(config, experts=tuple(missing.values()), calibrator=None)
            scored = SemanticStrategy(some, self.encoder).fit().score_vectors(self.vectors())
            known |= {key: scored[:, place].copy() for place, key in enumerate(missing)}
        scores = np.full((len(self.prompts), len(keys)), np.nan)
        self._spread(keys, known, scores)
        return scores

    def _known(
        self, keys: Sequence[Hashable | None], experts: Sequence[Expert]
    ) -> tuple[dict[Hashable, Any], dict[Hashable, Expert]]:
        """Return the columns that are kept, and an expert for each that is missing; None is an expert without one."""
        known = {key: self._kept[key] for key in keys if key in self._kept}
        return known, {key: one for key, one in zip(keys, experts, strict=True) if key is not None and key not in known}

    def _spread(self, keys: Sequence[Hashable | None], known: dict[Hashable, Any], table: NDArray[Any]) -> None:
        """Put columns into their places in a table, and keep them."""
        for place, key in enumerate(keys):
            if key is not None:
                table[:, place] = self._kept[key] = known[key]
                self._kept.move_to_end(key)

    def _remembered(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        with self._lock:
            found: _Kept = self._kept[key] if key in self._kept else make()
            self._kept[key] = found
            self._kept.move_to_end(key)
            held = sum(one.nbytes for one in self._kept.values())
            while held > _KEPT_BYTES and len(self._kept) > 1:
                held -= self._kept.popitem(last=False)[1].nbytes
            return found


def _how(config: RouterConfig) -> Hashable:
    """What, beside its utterances, an expert's cosine score depends on."""
    return config.aggregate, config.top_k if config.aggregate == "mean_top_k" else 0
