"""Why a decision came out as it did: the same layers and the same rule, asked again with everything kept."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter_ns

import numpy as np

from lab.routing.flips import Evidence, Scored, flips
from lab.routing.keyword import KeywordStrategy
from lab.routing.rule import rounded
from lab.routing.semantic import Floats, SemanticStrategy, on_grid
from lab.types import Decision, ExpertScore, Match, Neighbour, Trace

_NEAREST = 6


def explain(decision: Decision, keyword: KeywordStrategy | None, semantic: SemanticStrategy | None) -> Trace:
    """Return the trace of a decision, by the layers that its router has.

    Raises EncoderUnavailable when layer 2 is needed and cannot run.
    """
    start = perf_counter_ns()
    layer = keyword or semantic
    if layer is None:
        raise ValueError("a router has at least one layer")
    scores: tuple[ExpertScore, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    evidence = Evidence(layer.config, decision.prompt, decision.matches)
    if semantic is not None:
        vector = semantic.encoder.encode([decision.prompt])
        values = semantic.score_vectors(vector)[0].tolist()
        grid_vector = on_grid(vector[0])
        cosines = semantic.utterances_ @ grid_vector if semantic.slices_ else np.zeros(0, dtype=np.float64)
        evidence = replace(evidence, scored=Scored(semantic, grid_vector, cosines, values))
        scores = tuple(
            ExpertScore(name, None if value != value else value, threshold)
            for name, value, threshold in zip(layer.rule.experts, values, layer.rule.thresholds, strict=True)
        )
        neighbours = _nearest(semantic, cosines, scores)
    changes = flips(evidence, layer.rule)
    explain_ms = (perf_counter_ns() - start) / 1e6
    return Trace(decision, _conflict(decision.matches), scores, neighbours, changes, explain_ms)


def _conflict(matches: tuple[Match, ...]) -> tuple[str, ...]:
    experts = tuple(dict.fromkeys(match.expert for match in matches))
    return experts if len(experts) > 1 else ()


def _nearest(semantic: SemanticStrategy, cosines: Floats, scores: tuple[ExpertScore, ...]) -> tuple[Neighbour, ...]:
    """The nearest utterances of all, and the nearest one of each of the two best experts."""
    owner = {row: index for index, rows in semantic.slices_.items() for row in range(rows.start, rows.stop)}
    chosen = set(cosines.argsort()[::-1][:_NEAREST].tolist())
    ranked = sorted(semantic.slices_, key=lambda index: -_value(scores[index]))
    for index in ranked[:2]:
        rows = semantic.slices_[index]
        chosen.add(rows.start + int(cosines[rows].argmax()))
    found = []
    for row in chosen:
        expert = semantic.config.experts[owner[row]]
        utterance = expert.utterances[row - semantic.slices_[owner[row]].start]
        found.append(Neighbour(expert.name, utterance, rounded(float(cosines[row]))))
    return tuple(sorted(found, key=lambda neighbour: (-neighbour.cosine, neighbour.expert, neighbour.utterance)))


def _value(score: ExpertScore) -> float:
    return float("-inf") if score.score is None else score.score
