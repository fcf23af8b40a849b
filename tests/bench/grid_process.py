"""A search in a process of its own, whose memory is its own: `python -m tests.bench.grid_process KIND CACHE …`.

It prints one JSON object: `seconds` of each run, and `mib`, the peak memory of the process. Where vectors are ready,
reading them and the texts comes before the clock.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from lab.encoders import load_encoder
from lab.forensics.evidence import Evidence
from lab.forensics.grid_search.axes import Axis, regular
from lab.forensics.grid_search.goals import parse_goal
from lab.forensics.grid_search.sweep import exact
from lab.forensics.sample import Measured, sample_of
from tests.bench.grid_data import ENCODER, every_measure, halves, intents, many, ready

RUNS = 7


def square(side: int) -> list[Axis]:
    """Return the axes of `side` × `side` cells over threshold and least margin."""
    return [regular("threshold", 0.0, 1.0, side), regular("min_margin", 0.0, 0.5, side)]


def warm(cache: Path) -> dict[str, Any]:
    """All measures of all cells from ready vectors, again and again; the first run stands apart."""
    problem = intents()
    encoder = ready(problem, cache)
    measures = 0

    def search() -> None:
        nonlocal measures
        measures = every_measure(problem.cells(encoder, square(101)))

    seconds = timed(search, RUNS + 1)
    return {"first": seconds[0], "seconds": seconds[1:], "measures": measures}


def cold(cache: Path) -> dict[str, Any]:
    """The same from nothing: the cache holds a prepared encoder and no vectors. Its parent keeps the time."""
    problem = intents()
    return {"measures": every_measure(problem.cells(load_encoder(ENCODER, cache), square(101)))}


def sweep(cache: Path, names: str, goal: str) -> dict[str, Any]:
    """Every breakpoint of two axes, from ready vectors."""
    problem = halves()
    encoder = ready(problem, cache)
    experts = [expert.name for expert in problem.config.experts]
    wanted = parse_goal(goal, experts)
    found: Any = None

    def search() -> None:
        nonlocal found
        sample = sample_of(problem.config, problem.labels)
        evidence = Evidence(problem.prompts, encoder, encoder.encode(problem.prompts))
        found = exact(Measured.of(sample, problem.config, evidence), names.split(","), wanted)

    seconds = timed(search, RUNS)
    return {"seconds": seconds, "settings": found.settings, "best": found.measures[wanted.best]}


def grown(cache: Path, prompts: str, side: str, runs: str) -> dict[str, Any]:
    """All measures, one after the other, of so many prompts and cells."""
    problem = intents()
    encoder = ready(problem, cache)
    large, vectors = many(problem, encoder, int(prompts))
    return {"seconds": timed(lambda: every_measure(large.cells(encoder, square(int(side)), vectors)), int(runs))}


def timed(run: Callable[[], object], times: int) -> list[float]:
    """Return the seconds of each run."""
    seconds = []
    for _ in range(times):
        start = perf_counter()
        run()
        seconds.append(perf_counter() - start)
    return seconds


def peak_mib() -> float:
    """Return the peak memory of this process, in MiB, since it became what it is (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status tells no VmHWM")


KINDS: dict[str, Callable[..., dict[str, Any]]] = {"warm": warm, "cold": cold, "sweep": sweep, "grown": grown}


def main() -> None:
    """Do what is asked and say what it cost."""
    told = KINDS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
    print(json.dumps(told | {"mib": peak_mib()}))


if __name__ == "__main__":
    main()
