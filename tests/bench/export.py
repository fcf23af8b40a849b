"""An export of 100,000 synthetic pairs: built and checked, frozen, written in the main formats, opened; its growth."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from lab.config import REPOSITORY
from lab.store import open_store
from tests.bench.browser import IDLE, VIEWPORT, app, chromium
from tests.bench.export_data import fill
from tests.bench.peers import prepared_data
from tests.bench.report import Missing, Row, times

PAIRS, GROWTH, OPENINGS = 100_000, (1_000, 10_000, 100_000, 1_000_000), 3
TITLE = (
    f"Export, {PAIRS:,} duels with 30-word prompts, two 150-word answers and two votes in SQLite; baselines: the texts "
    "read by one query, and dumped by json as one file"
)
_BUILD_S, _WRITE_S, _PEAK_KB, _ROW_BYTES, _OPEN_S = 20.0, 30.0, 1024 * 1024, 200, 2.0
_PATIENCE_S = 3_600.0


def rows() -> Iterator[Row]:
    """Yield the figures of exporting, the large database last."""
    with tempfile.TemporaryDirectory(prefix="lab-bench-export-") as folder:
        place = Path(folder)
        grown = [(pairs, _step("build", _filled(place, pairs))) for pairs in GROWTH if pairs <= PAIRS]
        data = place / f"data-{PAIRS}"
        yield from _built(_step("read", data), grown[-1][1])
        yield from _written(place, data)
        yield _opened(data)
        for path in place.iterdir():
            if path.name.startswith("export-"):
                _forget(path)
        for pairs in GROWTH[len(grown) :]:
            grown += [(pairs, _step("build", _filled(place, pairs)))]
        yield from _growth(grown)


def _filled(place: Path, pairs: int) -> Path:
    data = place / f"data-{pairs}"
    data.mkdir()
    with closing(open_store(data_dir=data)) as store:
        fill(store, pairs)
    return data


def _step(step: str, data: Path, *more: str) -> dict[str, Any]:
    """Do a step in a process of its own and return its figures. Raises Missing where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.export_process", step, str(data), *more],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=_PATIENCE_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Missing(f"the step {step}: {(done.stderr.strip().splitlines() or ['it ended'])[-1]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _built(read: dict[str, Any], built: dict[str, Any]) -> Iterator[Row]:
    yield Row(
        "votes read, pairs built and checked, near-duplicates, split",
        f"{built['s']:.1f} s, {built['kept']:,} pairs (n=1)",
        f"texts read: {read['s']:.1f} s",
        times(read["s"] / built["s"]),
        f"≤ {_BUILD_S:g} s",
        built["s"] <= _BUILD_S,
    )
    yield _peak("peak memory of that", built, read)


def _peak(what: str, mine: dict[str, Any], other: dict[str, Any]) -> Row:
    return Row(
        what,
        f"{mine['peak_kb'] / 1024:,.0f} MiB, {(mine['peak_kb'] - mine['base_kb']) / 1024:,.0f} over the modules",
        f"{other['peak_kb'] / 1024:,.0f} MiB",
        target=f"≤ {_PEAK_KB // 1024:,} MiB",
        reached=mine["peak_kb"] <= _PEAK_KB,
    )


def _written(place: Path, data: Path) -> Iterator[Row]:
    frozen = _step("freeze", data)
    dumped = _step("dump", data, str(place / "dumped.jsonl"))
    written = _step("write", data, frozen["snapshot"], str(place / "export-main"))
    yield Row("frozen: built again, rows and sides stored", f"{frozen['s']:.1f} s, {frozen['rows']:,} rows (n=1)")
    yield Row(
        "the five main formats written, hashed",
        f"{written['s']:.1f} s, {written['bytes'] / 1e6:,.0f} MB (n=1)",
        f"json, one file: {dumped['s']:.1f} s, {(place / 'dumped.jsonl').stat().st_size / 1e6:,.0f} MB",
        times(dumped["s"] / written["s"]),
        f"≤ {_WRITE_S:g} s",
        written["s"] <= _WRITE_S,
    )
    yield _peak("peak memory of that", written, dumped)


def _opened(data: Path) -> Row:
    """Return how long the page takes to a state one can use, in a running app whose lab is open."""
    from playwright.sync_api import Error

    with prepared_data() as prepared, chromium() as browser:
        (prepared / "lab.db").unlink(missing_ok=True)
        for path in data.iterdir():
            (prepared / path.name).unlink(missing_ok=True) if path.is_file() else None
            if path.is_file():
                (prepared / path.name).hardlink_to(path)
        with app(prepared) as (address, _):
            spent = []
            try:
                page = browser.new_page(viewport=VIEWPORT)
                page.goto(f"{address}/trust", wait_until="commit")
                page.wait_for_function(IDLE, timeout=120_000)
                for _ in range(OPENINGS):
                    start = time.perf_counter()
                    page.goto(f"{address}/export", wait_until="commit")
                    page.get_by_text("Whom will you train?").wait_for(timeout=60_000)
                    page.wait_for_function(IDLE, timeout=60_000)
                    spent.append(time.perf_counter() - start)
            except Error as err:
                raise Missing(f"the page: {err.message.splitlines()[0]}") from err
    middle = sorted(spent)[len(spent) // 2]
    return Row(
        "the page on that database, from the address to idle",
        f"P50 {middle:.2f} s, slowest {max(spent):.2f} s (n={len(spent)})",
        target=f"≤ {_OPEN_S:g} s",
        reached=middle <= _OPEN_S,
    )


def _forget(path: Path) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def _growth(grown: list[tuple[int, dict[str, Any]]]) -> Iterator[Row]:
    """Return what each size took beside the one before it: what a row adds to the peak once buffers are full."""
    for (fewer, before), (pairs, one) in zip([(0, None), *grown], grown, strict=False):
        last = pairs == grown[-1][0]
        more = 0.0 if before is None else (one["peak_kb"] - before["peak_kb"]) * 1024 / (pairs - fewer)
        yield Row(
            f"built and checked, {pairs:,} duels",
            f"{one['s']:.1f} s, {one['s'] / pairs * 1e6:,.0f} µs a duel, {one['peak_kb'] / 1024:,.0f} MiB",
            "" if before is None else f"{fewer:,} duels: {before['s'] / fewer * 1e6:,.0f} µs a duel",
            "" if before is None else f"{more:,.0f} B more a row",
            f"≤ {_ROW_BYTES} B a row" if last else "",
            more <= _ROW_BYTES if last else None,
        )
