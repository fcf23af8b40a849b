"""`python -m lab route` from nothing, against a process that imports sentence-transformers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from lab.config import CONF_DIR, REPOSITORY
from tests.bench.peers import BENCH_PYTHON, prepared_data
from tests.bench.report import Missing, Row, part

RUNS, WARM_UP = 5, 1
PROMPT = "what is the boiling point of water at high altitude"
TITLE = f"`python -m lab route` cold, {RUNS} runs in turn after {WARM_UP} for the file cache"
TARGETS = {"keyword": (5, 4), "semantic": (3, 2)}  # at most one such part of the time, of the memory
_ROUTE = [sys.executable, "-m", "lab", "route"]
_STOPWATCH = Path(__file__).with_name("stopwatch.py")


@dataclass(frozen=True, slots=True)
class Run:
    """What a process cost."""

    seconds: float
    mib: float


def rows() -> Iterator[Row]:
    """Yield time and memory of the two commands."""
    if not BENCH_PYTHON.exists():
        raise Missing(f"the baseline needs {BENCH_PYTHON}; run `python3 lab/install.py --bench`")
    baseline = [str(BENCH_PYTHON), "-c", "import sentence_transformers"]
    runs: dict[tuple[str, str], list[Run]] = {}
    with ExitStack() as stack:
        commands: dict[tuple[str, str], tuple[list[str], Path]] = {}
        for strategy in TARGETS:
            folder = stack.enter_context(prepared_data())
            _make_live(strategy, folder)
            commands[strategy, "live"] = [*_ROUTE, PROMPT], folder
            commands[strategy, f"-o router={strategy}"] = [*_ROUTE, "-o", f"router={strategy}", PROMPT], folder
        commands["", "baseline"] = baseline, folder
        for number in range(WARM_UP + RUNS):
            for name, (command, folder) in commands.items():
                run = measured(command, folder)
                if number >= WARM_UP:
                    runs.setdefault(name, []).append(run)
    middle = {
        name: Run(median(run.seconds for run in some), median(run.mib for run in some)) for name, some in runs.items()
    }
    imported = middle.pop(("", "baseline"))
    for (strategy, how), mine in middle.items():
        time_part, memory_part = TARGETS[strategy]
        theirs = f"import sentence_transformers {imported.seconds:.2f} s"
        what = f"{strategy} ({how}), "
        yield _row(f"{what}time", f"{mine.seconds:.2f} s", theirs, mine.seconds / imported.seconds, time_part)
        theirs = f"import sentence_transformers {imported.mib:.0f} MiB"
        yield _row(f"{what}peak memory", f"{mine.mib:.0f} MiB", theirs, mine.mib / imported.mib, memory_part)


def _row(what: str, lab: str, baseline: str, ratio: float, least: int) -> Row:
    n = f" (n={RUNS})"
    return Row(what, f"P50 {lab}{n}", f"P50 {baseline}{n}", part(ratio), f"≤ 1/{least}", ratio <= 1 / least)


def measured(command: Sequence[str], data_dir: Path, **environ: str) -> Run:
    """Run a command once. Raises Missing when it fails."""
    done = subprocess.run(
        [sys.executable, "-S", str(_STOPWATCH), *command],
        cwd=REPOSITORY,
        env={**os.environ, "LAB_DATA_DIR": str(data_dir), "HF_HUB_OFFLINE": "1", **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = json.loads(done.stdout) if done.returncode == 0 else {"status": done.returncode}
    if told["status"] != 0:
        said = done.stderr.strip().splitlines()
        raise Missing(f"{' '.join(command[1:5])} failed: {said[-1] if said else told['status']}")
    return Run(told["seconds"], told["mib"])


def _make_live(strategy: str, data_dir: Path) -> None:
    """A lab that was used before: a database whose live router has this strategy, and the vectors it needs."""
    with tempfile.TemporaryDirectory() as folder:
        conf = shutil.copytree(CONF_DIR, Path(folder) / "conf")
        config = conf / "config.yaml"
        config.write_text(config.read_text().replace("router: hybrid", f"router: {strategy}"))
        measured([*_ROUTE, "--record", PROMPT], data_dir, LAB_CONF_DIR=str(conf))
