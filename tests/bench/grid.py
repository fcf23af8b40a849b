"""Searching thresholds: how long all measures of all settings take, beside one `evaluate` of semantic-router.

Each side has a process of its own. What is compared with answers for one setting only, encodes the prompts again each
time it is asked, and has its routes encoded before the clock starts; the lab's cold start counts all of it, the start
of the interpreter too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from lab.config import REPOSITORY, load_settings
from lab.types import NONE
from tests.bench.grid_data import halves, intents, ready
from tests.bench.peers import Peer, other_peer, prepared_data
from tests.bench.report import Missing, Row, times

SIDE = 101
SOME, SOME_RUNS = 300, 3
COLD_RUNS = 3
TITLE = f"Threshold search on CLINC150, 150 experts × 20 utterances, mean of the 10 nearest, {SIDE} × {SIDE} cells"
_PATIENCE_S = 900.0
_GOALS = ("best accuracy", "at most 2 % of odd prompts to even, then best accuracy")
_GROWN = ((2_250, 101), (22_500, 101), (225_000, 101), (2_250, 319), (2_250, 1_010))


def rows() -> Iterator[Row]:
    """Yield the figures of the search: ready, cold, exact, and how they grow."""
    cache = load_settings().cache_dir
    problem = intents()
    ready(problem, cache)
    ready(halves(), cache)  # encoded here, once, so that what follows finds every vector
    warm = measured("warm", cache)
    cells, took = SIDE * SIDE, median(warm["seconds"])
    yield Row(
        f"{len(problem.prompts):,} prompts, {warm['measures']} measures of {cells:,} cells, vectors ready",
        f"P50 {took:.2f} s (n={len(warm['seconds'])}), first {warm['first']:.2f} s, peak {warm['mib']:,.0f} MiB",
        target="≤ 1 s", reached=took <= 1.0,
    )  # fmt: skip
    try:
        yield from _against(problem.prompts, problem.labels, took / cells)
    except Missing as err:
        yield Row("semantic-router's evaluate", missing=str(err))
    yield from _exact(cache)
    yield from _growth(cache)


def _against(prompts: tuple[str, ...], labels: tuple[str, ...], a_cell: float) -> Iterator[Row]:
    """The same per cell, and from cold, beside the peer; sides take turns."""
    routes = [None if label == NONE else label for label in labels]
    with prepared_data() as data, other_peer("semantic-router", intents().config) as peer:
        every = len(prompts) // SOME  # both kinds of rows, as in the whole
        some = slice(0, every * SOME, every)
        evaluate(peer, prompts[:SOME], routes[:SOME])  # warm
        spent = [evaluate(peer, prompts[some], routes[some]) for _ in range(SOME_RUNS)]
        scaled = median(spent) * len(prompts) / SOME
        ratio = scaled / a_cell
        yield Row(
            "the same, a cell",
            f"P50 {a_cell * 1e6:.0f} µs",
            f"evaluate of {SOME} P50 {median(spent):.2f} s (n={SOME_RUNS}), scaled {scaled:.0f} s",
            times(ratio), "≥ 10,000×", ratio >= 10_000,
        )  # fmt: skip
        cold = [_cold(data / "cache")]
        whole = evaluate(peer, prompts, routes)
        cold += [_cold(data / "cache") for _ in range(COLD_RUNS - 1)]
        ratio = whole / median(cold)
        texts = len(set(intents().texts))
        yield Row(
            f"all of it from cold: start, {texts:,} texts encoded, all cells",
            f"P50 {median(cold):.1f} s (n={COLD_RUNS})",
            f"ONE evaluate of {len(prompts):,} {whole:.1f} s (n=1)",
            times(ratio), "≥ 3×", ratio >= 3,
        )  # fmt: skip


def evaluate(peer: Peer, prompts: tuple[str, ...], routes: list[str | None]) -> float:
    """Return the seconds of one evaluation by the peer."""
    return float(peer.ask("evaluate", prompts, _PATIENCE_S, routes=routes)["ns"][0]) / 1e9


def _cold(cache: Path) -> float:
    for kept in cache.glob("vectors.sqlite*"):
        kept.unlink()
    start = perf_counter()
    measured("cold", cache)
    return perf_counter() - start


def _exact(cache: Path) -> Iterator[Row]:
    """Every breakpoint of two axes, two experts."""
    n = len(halves().prompts)
    for names, limit in (("threshold:odd,threshold:even", 2.0), ("threshold,min_margin", None)):
        for goal in _GOALS:
            told = measured("sweep", cache, names, goal)
            took = median(told["seconds"])
            yield Row(
                f"{n:,} prompts × 2 experts, every breakpoint of {names.replace(',', ' × ')}, {goal!r}",
                f"P50 {took:.2f} s (n={len(told['seconds'])}), {told['settings']:,} settings, "
                f"peak {told['mib']:,.0f} MiB",
                target="≤ 2 s, ≤ 1.5 GiB" if limit else "",
                reached=took <= limit and told["mib"] <= 1.5 * 1024 if limit else None,
            )


def _growth(cache: Path) -> Iterator[Row]:
    """All measures at 1×, 10× and 100× prompts and cells; prompts beyond CLINC150's are its own with a little noise."""
    first: tuple[float, float] | None = None
    for prompts, side in _GROWN:
        runs = 1 if prompts > 100_000 or side > 1_000 else 3
        told = measured("grown", cache, str(prompts), str(side), str(runs))
        took = median(told["seconds"])
        first = first or (took, told["mib"])
        more = f"{took / first[0]:.1f}× the time, {told['mib'] / first[1]:.1f}× the memory of the first"
        yield Row(
            f"growth: {prompts:,} prompts, {side * side:,} cells",
            f"P50 {took:.2f} s (n={runs}), peak {told['mib']:,.0f} MiB",
            ratio=more if (prompts, side) != _GROWN[0] else "",
        )


def measured(kind: str, cache: Path, *arguments: str) -> dict[str, Any]:
    """Run a search in a process of its own. Raises Missing when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.grid_process", kind, str(cache), *arguments],
        cwd=REPOSITORY, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, timeout=_PATIENCE_S,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise Missing(f"the search {kind!r} failed: {said[-1] if said else done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
