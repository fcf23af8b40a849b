"""Saved searches: what was asked and what came out as plain JSON, and what two of them decide prompt by prompt."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lab.forensics.compare import in_words
from lab.forensics.grid_search.axes import Axis
from lab.forensics.grid_search.goals import in_words as goal_in_words
from lab.forensics.metrics import interval_to_json, number_to_json
from lab.forensics.sample import Stakes
from lab.forensics.tuning import Spec, Tuning
from lab.store.serialise import config_from_json, config_to_json
from lab.types import RouterConfig

PACKAGES = ("numpy", "scikit-learn", "onnxruntime", "tokenizers", "ahocorasick-rs", "google-re2")
"""What can change a figure, beside the lab itself."""


def packages() -> dict[str, str]:
    """Return the versions of what can change a figure."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def spec_to_json(spec: Spec, stakes: Stakes) -> dict[str, Any]:
    """Return what was asked as a JSON object."""
    return {
        "axes": [{"name": axis.name, "values": list(axis.values)} for axis in spec.axes],
        "goal": spec.goal,
        "seed": spec.seed,
        "stakes": {
            "call": dict(stakes.call),
            "misroute": [[label, to, cost] for (label, to), cost in stakes.misroute.items()],
            "answer_ms": dict(stakes.answer_ms),
            "overhead_ms": stakes.overhead_ms and list(stakes.overhead_ms),
        },
    }


def spec_from_json(value: Mapping[str, Any]) -> tuple[Spec, Stakes]:
    """Return what `spec_to_json` wrote."""
    stakes = value["stakes"]
    return (
        Spec(
            axes=tuple(Axis(axis["name"], tuple(axis["values"])) for axis in value["axes"]),
            goal=value["goal"],
            seed=value["seed"],
        ),
        Stakes(
            call=stakes["call"],
            misroute={(label, to): cost for label, to, cost in stakes["misroute"]},
            answer_ms=stakes["answer_ms"],
            overhead_ms=stakes["overhead_ms"] and tuple(stakes["overhead_ms"]),
        ),
    )


def result_to_json(found: Tuning) -> dict[str, Any]:
    """Return what came out as a JSON object; NaN, which JSON does not have, is null."""
    chosen, comparison = found.choice, found.comparison
    return {
        "goal": goal_in_words(found.goal, found.dev.experts),
        "measure": found.goal.best,
        "recommended": _point(found, chosen.centre),
        "best": _point(found, chosen.best) | {"found": number_to_json(chosen.found)},
        "expected": interval_to_json(chosen.expected),
        "optimism": number_to_json(chosen.optimism),
        "plateau_cells": int(chosen.plateau.sum()),
        "cells": int(chosen.plateau.size),
        "limits_kept": chosen.kept,
        "limits_kept_share": chosen.kept_share,
        "exact": None
        if found.exact is None
        else {
            "values": list(found.exact.values),
            "measures": {name: number_to_json(value) for name, value in found.exact.measures.items()},
            "settings": found.exact.settings,
        },
        "judged_on": "every row, out of fold" if found.nested else "dev",
        "tune_rows": len(found.grid.sample),
        "taught_rows": found.taught,
        "dev": {
            "n": comparison.n,
            "groups": comparison.groups,
            "accuracy": interval_to_json(found.accuracy),
            "reference": found.reference,
            "reference_accuracy": number_to_json(comparison.accuracy.first),
            "difference": interval_to_json(comparison.accuracy.difference),
            "fixed": len(comparison.fixed),
            "broken": len(comparison.broken),
            "p_value": number_to_json(comparison.p_value),
            "calls": {name: list(shares) for name, shares in comparison.calls.items()},
            "cost": [number_to_json(comparison.cost.first), number_to_json(comparison.cost.second)],
            "goal": [
                {
                    "measure": one.measure,
                    "reference": number_to_json(one.first),
                    "recommended": interval_to_json(one.second),
                    "difference": interval_to_json(one.difference),
                }
                for one in comparison.told
            ],
            "verdict": comparison.verdict,
            "in_words": in_words(comparison, first=found.reference, second="the recommended setting"),
        },
        "left_out": {
            "unlabelled": len(found.left_out.unlabelled),
            "unknown_label": len(found.left_out.unknown),
            "utterances": len(found.left_out.utterances),
        },
        "config": config_to_json(found.recommended),
    }


def recommended_of(result: Mapping[str, Any]) -> RouterConfig:
    """Return the router that a saved search recommended."""
    return config_from_json(result["config"])


def _point(found: Tuning, cell: tuple[int, ...]) -> dict[str, Any]:
    return dict(zip((axis.name for axis in found.grid.axes), found.grid.values_at(cell), strict=True))
