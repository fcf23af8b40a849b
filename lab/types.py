"""Frozen values that the rooms of the lab hand to each other. Times are milliseconds unless a name says otherwise."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from uuid import UUID

NONE = "none"
"""The virtual fallback (nobody answers), and the label of a prompt that no expert should claim."""

StrategyName = Literal["keyword", "semantic", "hybrid"]
Aggregate = Literal["max", "mean_top_k", "centroid"]
Scorer = Literal["cosine", "learned"]
ConflictPolicy = Literal["defer", "priority"]
Source = Literal["page", "cli", "gateway", "import", "bulk"]


def new_id() -> str:
    """Return a UUID version 7 (RFC 9562): made by the caller, unique, sortable by the millisecond it was made in."""
    stamp = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (stamp & ((1 << 48) - 1)) << 80 | 7 << 76 | (noise >> 68) << 64 | 2 << 62 | noise & ((1 << 62) - 1)
    return str(UUID(int=value))


# ------------------------------------------------------------------------------------------------ configuration


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float = 0.0
    output: float = 0.0


@dataclass(frozen=True, slots=True)
class Expert:
    """A named target: model + provider + system prompt + price, and the route (patterns, utterances) to it."""

    name: str
    model: str = ""
    provider: str = "auto"  # auto | ollama | openai | mock
    system_prompt: str = ""
    patterns: tuple[str, ...] = ()
    utterances: tuple[str, ...] = ()
    threshold: float | None = None  # None: the router's threshold
    price: Price = Price()
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # temperature, max_tokens, seed …


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """A multinomial logistic regression over vectors, as the learned scorer of layer 2.

    `classes` are experts, and NONE where rows labelled so were learnt from: it takes probability away and claims
    nothing. `coefficients` and `intercepts` are base64 of little-endian int32 in units of 2^-20, of shape
    (classes, dim) and (classes,): on that grid logits are exact, alone and in a batch.
    """

    classes: tuple[str, ...]
    dim: int
    coefficients: str
    intercepts: str
    encoder_fingerprint: str
    rows: int  # learnt from


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often one layer is right, by score: P(right) at the knots `scores`, straight lines between, flat outside.

    A layer without a score (keyword) has a single probability, and no knots.
    """

    method: Literal["share", "platt", "isotonic"]
    scores: tuple[float, ...]  # ascending; empty for `share`
    probabilities: tuple[float, ...]  # one a knot; one alone for `share`
    rows: int  # fitted on


@dataclass(frozen=True, slots=True)
class Calibrator:
    """From a decision to its confidence, by layer; a layer that is None had too few rows to tell."""

    fitted_for: str  # `RouterConfig.calibrated_hash` of the router whose decisions it was fitted on
    keyword: Calibration | None = None
    semantic: Calibration | None = None
    fallback: Calibration | None = None


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """A whole router configuration; the order of `experts` settles ties and the `priority` conflict policy."""

    strategy: StrategyName
    experts: tuple[Expert, ...]
    fallback: str  # the name of an expert, or NONE
    threshold: float = 0.45
    min_margin: float = 0.0
    aggregate: Aggregate = "max"
    top_k: int = 3
    on_conflict: ConflictPolicy = "defer"
    encoder: str = "all-MiniLM-L6-v2"
    scorer: Scorer = "cosine"
    learned: LearnedWeights | None = None
    calibrator: Calibrator | None = None

    def expert(self, name: str) -> Expert:
        """Return the expert called `name`; KeyError when there is none."""
        for expert in self.experts:
            if expert.name == name:
                return expert
        raise KeyError(name)

    def threshold_of(self, expert: Expert) -> float:
        """Return the threshold that applies to `expert`: its own, or the router's."""
        return self.threshold if expert.threshold is None else expert.threshold

    def content_hash(self, encoder_fingerprint: str) -> str:
        """Return the SHA-256, in hex, of all that decides where a prompt goes and what the expert is told.

        Not in it: providers, prices, options and the encoder's name, which are settings; the fingerprint stands for
        the encoder. Experts count in their order, which settles ties.
        """
        content = self._deciding(encoder_fingerprint) | {
            "threshold": _canonical(self.threshold),
            "min_margin": _canonical(self.min_margin),
        }
        for shown, expert in zip(content["experts"], self.experts, strict=True):
            threshold = None if expert.threshold is None else _canonical(expert.threshold)
            shown |= {"model": expert.model, "system_prompt": expert.system_prompt, "threshold": threshold}
        if self.calibrator is not None:
            content["calibrator"] = asdict(self.calibrator)
        return _sha256(content)

    def scoring_hash(self, encoder_fingerprint: str) -> str:
        """Return the SHA-256, in hex, of what layer 1 matches and layer 2 scores, whatever the thresholds."""
        return _sha256(self._deciding(encoder_fingerprint))

    def calibrated_hash(self, encoder_fingerprint: str) -> str:
        """Return what a calibrator is fitted for: `scoring_hash`, a dot, and a hash of thresholds and least margin."""
        claims = {
            "min_margin": _canonical(self.min_margin),
            "thresholds": [_canonical(self.threshold_of(expert)) for expert in self.experts],
        }
        return f"{self.scoring_hash(encoder_fingerprint)}.{_sha256(claims)[:16]}"

    def _deciding(self, encoder_fingerprint: str) -> dict[str, Any]:
        content: dict[str, Any] = {
            "strategy": self.strategy,
            "aggregate": self.aggregate,
            "top_k": self.top_k,
            "on_conflict": self.on_conflict,
            "fallback": self.fallback,
            "encoder_fingerprint": encoder_fingerprint,
            "experts": [
                {"name": expert.name, "patterns": expert.patterns, "utterances": expert.utterances}
                for expert in self.experts
            ],
        }
        if self.scorer != "cosine":  # absent means cosine: hashes of versions stored before there was a choice hold
            content |= {"scorer": self.scorer, "learned": self.learned and asdict(self.learned)}
        return content


def _sha256(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _canonical(number: float) -> float:
    return float(number) + 0.0  # 1 and 1.0, 0.0 and -0.0 decide alike


# ------------------------------------------------------------------------------------------------------ routing


class Layer(StrEnum):
    """Who decided."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Match:
    """One place where a pattern of layer 1 matched; `start` and `end` index the original prompt by code point."""

    expert: str
    pattern: str
    start: int
    end: int


class Timings(NamedTuple):  # a tuple, because every decision makes one and layer 1 counts microseconds
    """What a decision cost, by stage, in milliseconds; a stage that did not run is None."""

    keyword_ms: float | None = None
    encode_ms: float | None = None
    score_ms: float | None = None
    encode_cached: bool = False  # the vector was already there

    @property
    def overhead_ms(self) -> float:
        """The time to decide: keyword + encode + score."""
        return (self.keyword_ms or 0.0) + (self.encode_ms or 0.0) + (self.score_ms or 0.0)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one prompt."""

    prompt: str
    expert: str  # an expert's name, or NONE
    layer: Layer
    score: float | None  # the best score of layer 2, in [-1, 1]; None when layer 2 did not run or nobody has a score
    margin: float | None  # best minus runner-up; None with fewer than two scored experts
    matches: tuple[Match, ...]
    timings: Timings
    confidence: float | None = None  # a calibrated probability that the decision is right; None without a calibrator


@dataclass(frozen=True, slots=True)
class ExpertScore:
    """What layer 2 says of one expert; `score` is None for an expert without utterances."""

    expert: str
    score: float | None
    threshold: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An utterance near the prompt, with its cosine in [-1, 1]."""

    expert: str
    utterance: str
    cosine: float


FlipKind = Literal["threshold", "min_margin", "on_conflict", "remove_pattern", "remove_utterance", "add_utterance"]


@dataclass(frozen=True, slots=True)
class Flip:
    """One change of the router that would decide this prompt otherwise, and how.

    `expert` is whose threshold, pattern or utterance changes; None for a setting of the whole router. `value` is the
    new setting, or the pattern or utterance that goes or comes.
    """

    kind: FlipKind
    expert: str | None
    value: float | str
    to_expert: str
    to_layer: Layer


@dataclass(frozen=True, slots=True)
class Trace:
    """Why a decision came out as it did. `explain_ms` is what the explanation cost; it is not overhead."""

    decision: Decision
    conflict: tuple[str, ...]  # the experts that layer 1 matched, when there was more than one
    scores: tuple[ExpertScore, ...]  # in the order of the experts; empty for the keyword strategy
    neighbours: tuple[Neighbour, ...]  # nearest first
    flips: tuple[Flip, ...]
    explain_ms: float
