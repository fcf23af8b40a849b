"""How often the shipped router is right: on hand-written prompts, on prompts by others, and source by source.

A row labelled with an expert is right when the decision names it; `none` is right when nobody claims the prompt. The
calibration file was used for tuning, so its own accuracy flatters. "Left out": both thresholds are chosen again on the
experts' rows of the other sources (best accuracy on a grid of .02), and those of the source left out are scored; rules
and utterances stay as they are, and their authors saw every source, so that this too is an upper bound. The reference
router's figures are the published ones (FACTS 5), of other real prompts: they stand beside ours and were not rerun.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lab.config import REPOSITORY, compose, load_settings
from lab.encoders import load_encoder
from lab.forensics.metrics import wilson
from lab.routing.hybrid import HybridStrategy
from lab.routing.rule import Rule, judge
from lab.types import NONE, Layer
from tests.bench.data import SHARED
from tests.bench.report import Missing, Row

TITLE = "Quality of the shipped router (accuracy with its 95 % Wilson interval)"
REFERENCE = (  # its words and utterances are not in this tree, so its figures stand as they were published
    ("the reference router, 14 words, 12 utterances, threshold 0.45", 0.549),
    ("  a constant answer on the same prompts", 0.494),
    ("  its semantic layer alone, without a threshold", 0.740),
)
REFERENCE_N = 714  # real prompts labelled professor or zoomer
GRID = np.arange(0.60, 0.09, -0.02)  # downwards: of equally good thresholds the highest, which claims least


@dataclass(frozen=True)
class Scored:
    """A labelled prompt with the evidence of both layers."""

    label: str
    group: str
    matched: frozenset[str]
    scores: tuple[float, ...]


def rows() -> Iterator[Row]:
    """Yield accuracy, coverage and precision of layer 1, and accuracy with one source left out."""
    settings = load_settings()
    config = compose((), settings.conf_dir).router
    router = HybridStrategy(config, load_encoder(config.encoder, settings.cache_dir)).fit()
    benchmark = _evidence(router, REPOSITORY / "data" / "prompts" / "benchmark.jsonl", "query_type")
    yield from _accuracy(router, benchmark, "hand-written set")
    for group in sorted({one.group for one in benchmark}):
        yield _right(router, [one for one in benchmark if one.group == group], f"  {group}")
    heldout = _evidence(router, REPOSITORY / "data" / "prompts" / "heldout.jsonl", "query_type")
    yield from _accuracy(router, heldout, "held-out set, by others")
    path = SHARED / "router_calibration.jsonl"
    if not path.exists():
        raise Missing(f"{path}; set LAB_SHARED to the folder that holds it")
    calibration = _evidence(router, path, "source")
    yield from _accuracy(router, calibration, "calibration file, used for tuning", (0.92, 0.5, 0.98))
    for source in sorted({one.group for one in calibration}):
        yield _left_out(router, calibration, source)
    for what, accuracy in REFERENCE:
        shown = wilson(round(accuracy * REFERENCE_N), REFERENCE_N)
        yield Row(f"{what}: professor and zoomer rows", baseline=f"{shown}, n = {REFERENCE_N}, as published, not rerun")


def _evidence(router: HybridStrategy, path: Path, group: str) -> list[Scored]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    scores = router.semantic.score([line["prompt"] for line in lines])
    return [
        Scored(
            line["expert"],
            line[group].split("/")[0],
            frozenset(match.expert for match in router.keyword.layer1(line["prompt"])),
            tuple(row.tolist()),
        )
        for line, row in zip(lines, scores, strict=True)
    ]


def _accuracy(
    router: HybridStrategy, all_rows: Sequence[Scored], name: str, least: tuple[float, float, float] | None = None
) -> Iterator[Row]:
    labelled = [one for one in all_rows if one.label != NONE]
    yield _right(router, labelled, f"{name}: professor and zoomer rows", least and least[0])
    yield _right(router, [one for one in all_rows if one.label == NONE], f"{name}: `none` rows")
    claimed = [one for one in labelled if len(one.matched) == 1]
    yield _share(len(claimed), len(labelled), f"{name}: layer 1 claims", least and least[1])
    precise = sum(one.matched == {one.label} for one in claimed)
    yield _share(precise, len(claimed), f"{name}: layer 1 precision", least and least[2])


def _right(router: HybridStrategy, some: Sequence[Scored], what: str, least: float | None = None) -> Row:
    rule = router.keyword.rule
    return _share(sum(_is_right(rule, one) for one in some), len(some), what, least)


def _is_right(rule: Rule, one: Scored) -> bool:
    verdict = judge(rule, one.matched, lambda: one.scores)
    return verdict.layer == Layer.FALLBACK if one.label == NONE else verdict.expert == one.label


def _share(right: int, n: int, what: str, least: float | None = None) -> Row:
    figure = f"{wilson(right, n)}, n = {n}"
    return Row(what, figure, target=f"≥ {least}" if least else "", reached=right / n >= least if least else None)


def _left_out(router: HybridStrategy, calibration: Sequence[Scored], source: str) -> Row:
    labelled = [one for one in calibration if one.label != NONE]  # `none` comes from one source only
    others = [one for one in labelled if one.group != source]
    rule = router.keyword.rule
    best = max(
        (replace(rule, thresholds=(first, second)) for first in GRID for second in GRID),
        key=lambda one: sum(_is_right(one, row) for row in others),
    )
    chosen = ", ".join(f"{name} {value:.2f}" for name, value in zip(rule.experts, best.thresholds, strict=True))
    some = [one for one in labelled if one.group == source]
    return _share(sum(_is_right(best, one) for one in some), len(some), f"  {source} left out ({chosen})")
