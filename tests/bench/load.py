"""Overhead of new prompts on a quiet machine and while every core is burnt by someone else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.clock import Sample
from tests.bench.data import clinc, of_length, tokens
from tests.bench.peers import Peer, lab_peer, prepared_data
from tests.bench.report import Row, times

PROMPTS, SHORT = 600, 32
LENGTHS, OF_EACH = (64, 128, 256), 100
TITLE = "Overhead of a new prompt while another process burns each core (lab), and quiet (baseline)"
BUDGET_NS = 50e6
_BURN_S = 120  # the burners end by themselves, should nobody end them
_BURN = "import sys, time\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end: pass"


def rows() -> Iterator[Row]:
    """Yield the overhead by length."""
    with prepared_data() as data:
        folder = next((data / "cache" / "encoder").iterdir())
        short = [prompt for prompt in clinc("test") if tokens(folder, prompt) <= SHORT][: 4 * PROMPTS]
        for number, strategy in enumerate(("hybrid", "semantic")):
            what = f"≤ {SHORT} tokens, " + ("the shipped router" if strategy == "hybrid" else "all through layer 2")
            with lab_peer(strategy, data / "cache") as lab:
                yield _row(what, lab, short[2 * number * PROMPTS :][: 2 * PROMPTS], target=True)
                if strategy == "semantic":
                    yield from _longer(lab, folder)


def _longer(lab: Peer, folder: Path) -> Iterator[Row]:
    for length in LENGTHS:
        yield _row(f"{length} tokens, all through layer 2", lab, of_length(folder, length, 2 * OF_EACH), target=False)


def _row(what: str, lab: Peer, prompts: list[str], *, target: bool) -> Row:
    half = len(prompts) // 2
    lab.ask("decide", clinc("val")[:30])
    quiet = Sample(lab.ask("decide", prompts[:half])["ns"])
    with burning():
        burnt = Sample(lab.ask("decide", prompts[half:])["ns"])
    ratio = f"{times(burnt.p50 / quiet.p50)} slower"
    if not target:
        return Row(what, burnt.text(p99=True), quiet.text(p99=True), ratio)
    return Row(what, burnt.text(p99=True), quiet.text(p99=True), ratio, "P99 < 50 ms", burnt.p99 < BUDGET_NS)


@contextmanager
def burning() -> Iterator[None]:
    """One process a core that only counts, while the block runs."""
    burners = [subprocess.Popen([sys.executable, "-c", _BURN, str(_BURN_S)]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
