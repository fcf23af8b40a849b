"""What would change a decision: single changes of the router, each tried on the evidence that is already there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lab.routing.check import scorable
from lab.routing.rule import STEP, Rule, Verdict, experts_of, judge, rounded, rounded_array
from lab.routing.semantic import Floats, SemanticStrategy, aggregated, centroid_of
from lab.types import ConflictPolicy, Expert, Flip, FlipKind, Layer, Match, RouterConfig

_ORDER: tuple[FlipKind, ...] = (
    "threshold", "min_margin", "on_conflict", "remove_pattern", "remove_utterance", "add_utterance",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scored:
    """What layer 2 found for one prompt."""

    strategy: SemanticStrategy
    vector: Floats  # (dim,), of the prompt
    cosines: Floats  # (utterances,)
    scores: Sequence[float]  # an expert each, NaN where it has none


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the layers found for one prompt; `scored` is absent for the keyword strategy."""

    config: RouterConfig
    prompt: str
    matches: tuple[Match, ...]
    scored: Scored | None = None

    def judge(
        self, rule: Rule, matches: Sequence[Match] | None = None, scores: Sequence[float] | None = None
    ) -> Verdict:
        """Return the verdict on this evidence, with the parts that are handed in put in its place."""
        matched = experts_of(self.matches if matches is None else matches)
        found = self.scored.scores if self.scored else ()
        return judge(rule, matched, lambda: found if scores is None else scores)


def flips(evidence: Evidence, rule: Rule) -> tuple[Flip, ...]:
    """Return every single change that sends the prompt to another expert or layer; changes of expert come first."""
    now = evidence.judge(rule)
    changes: dict[Flip, None] = {}  # an utterance that stands twice is one change
    for kind, expert, value, verdict in _candidates(evidence, rule, now):
        if (verdict.expert, verdict.layer) != (now.expert, now.layer):
            changes[Flip(kind, expert, value, verdict.expert, verdict.layer)] = None
    found = list(changes)
    found.sort(key=lambda flip: (flip.to_expert == now.expert, _ORDER.index(flip.kind)))
    return tuple(found)


def apply_flip(config: RouterConfig, flip: Flip) -> RouterConfig:
    """Return the configuration with the change that `flip` describes."""
    if flip.kind == "on_conflict":
        return replace(config, on_conflict="priority" if flip.value == "priority" else "defer")
    if flip.kind == "min_margin":
        return replace(config, min_margin=float(flip.value))
    if flip.expert is None:
        return replace(config, threshold=float(flip.value))
    experts = tuple(_changed(expert, flip) if expert.name == flip.expert else expert for expert in config.experts)
    return replace(config, experts=experts)


def _changed(expert: Expert, flip: Flip) -> Expert:
    if flip.kind == "threshold":
        return replace(expert, threshold=float(flip.value))
    text = str(flip.value)
    if flip.kind == "remove_pattern":
        return replace(expert, patterns=tuple(pattern for pattern in expert.patterns if pattern != text))
    if flip.kind == "add_utterance":
        return replace(expert, utterances=(*expert.utterances, text))
    utterances = list(expert.utterances)
    utterances.remove(text)
    return replace(expert, utterances=tuple(utterances))


_Candidate = tuple[FlipKind, str | None, float | str, Verdict]


def _candidates(evidence: Evidence, rule: Rule, now: Verdict) -> Iterator[_Candidate]:
    scored = evidence.scored if now.layer != Layer.KEYWORD else None  # where layer 1 decides, scores move nothing
    if scored is not None:
        yield from _thresholds(evidence, scored, rule, now)
    if rule.strategy != "semantic":
        other: ConflictPolicy = "priority" if rule.on_conflict == "defer" else "defer"
        yield "on_conflict", None, other, evidence.judge(replace(rule, on_conflict=other))
        yield from _patterns(evidence, rule)
    if scored is not None and evidence.config.scorer == "cosine":  # what was learnt does not move with utterances
        yield from _utterances(evidence, scored, rule)


def _thresholds(evidence: Evidence, scored: Scored, rule: Rule, now: Verdict) -> Iterator[_Candidate]:
    """The exact settings: just above what passes now, or just down to what does not."""
    claim = rule.claim(scored.scores)
    if claim.expert is None or claim.score is None:
        return
    best = rule.experts.index(claim.expert)
    claims = now.layer == Layer.SEMANTIC
    threshold = rounded(claim.score + STEP) if claims else claim.score
    if -1.0 <= threshold <= 1.0:
        thresholds = (*rule.thresholds[:best], threshold, *rule.thresholds[best + 1 :])
        own = evidence.config.experts[best].threshold is not None
        verdict = evidence.judge(replace(rule, thresholds=thresholds))
        yield "threshold", claim.expert if own else None, threshold, verdict
    if claim.margin is not None:
        margin = rounded(claim.margin + STEP) if claims else claim.margin
        if margin <= 2.0:
            yield "min_margin", None, margin, evidence.judge(replace(rule, min_margin=margin))


def _patterns(evidence: Evidence, rule: Rule) -> Iterator[_Candidate]:
    for name, pattern in dict.fromkeys((match.expert, match.pattern) for match in evidence.matches):
        expert = evidence.config.expert(name)
        if _leads_nowhere(evidence.config, expert, len(set(expert.patterns)) - 1, len(expert.utterances)):
            continue
        rest = [match for match in evidence.matches if (match.expert, match.pattern) != (name, pattern)]
        yield "remove_pattern", name, pattern, evidence.judge(rule, matches=rest)


def _utterances(evidence: Evidence, scored: Scored, rule: Rule) -> Iterator[_Candidate]:
    for index, expert in enumerate(evidence.config.experts):
        rows = scored.strategy.slices_.get(index, slice(0, 0))
        last = _leads_nowhere(evidence.config, expert, len(expert.patterns), len(expert.utterances) - 1)
        for row in () if last else _rows_that_count(scored, rows):
            scores = _with(scored.scores, index, _score_without(scored, rows, row))
            verdict = evidence.judge(rule, scores=scores)
            yield "remove_utterance", expert.name, expert.utterances[row - rows.start], verdict
        scores = _with(scored.scores, index, _score_with_prompt(scored, rows))
        yield "add_utterance", expert.name, evidence.prompt, evidence.judge(rule, scores=scores)


def _leads_nowhere(config: RouterConfig, expert: Expert, patterns: int, utterances: int) -> bool:
    """Tell whether the expert, left with so many patterns and utterances, would make the router an invalid one."""
    if patterns + utterances <= 0 and config.fallback != expert.name:
        return config.scorer == "cosine" or not scorable(config, expert)
    if config.scorer == "learned":
        return False
    others = any(other.utterances for other in config.experts if other.name != expert.name)
    return config.strategy == "semantic" and utterances <= 0 and not others


def _rows_that_count(scored: Scored, rows: slice) -> Sequence[int]:
    """The utterances whose removal can move the expert's score."""
    config, cosines = scored.strategy.config, scored.cosines[rows]
    if config.aggregate == "centroid" or not len(cosines):
        return range(rows.start, rows.stop)
    k = 1 if config.aggregate == "max" else min(config.top_k, len(cosines))
    least = np.sort(cosines)[-k]
    return [rows.start + int(offset) for offset in np.flatnonzero(cosines >= least)]


def _score_without(scored: Scored, rows: slice, row: int) -> float:
    if rows.stop - rows.start == 1:
        return float("nan")
    strategy = scored.strategy
    if strategy.config.aggregate == "centroid":
        return _centroid_score(scored, strategy.totals_[rows.start] - strategy.utterances_[row])
    return _aggregate(scored, np.delete(scored.cosines[rows], row - rows.start))


def _score_with_prompt(scored: Scored, rows: slice) -> float:
    if scored.strategy.config.aggregate == "centroid":
        total = scored.strategy.totals_[rows.start] if rows.stop > rows.start else np.zeros_like(scored.vector)
        return _centroid_score(scored, total + scored.vector)
    return _aggregate(scored, np.append(scored.cosines[rows], scored.vector @ scored.vector))


def _aggregate(scored: Scored, cosines: Floats) -> float:
    config = scored.strategy.config
    return float(rounded_array(aggregated(cosines[np.newaxis], config.aggregate, config.top_k))[0])


def _centroid_score(scored: Scored, total: Floats) -> float:
    return rounded(float(centroid_of(total) @ scored.vector))


def _with(scores: Sequence[float], index: int, score: float) -> list[float]:
    changed = list(scores)
    changed[index] = score
    return changed
