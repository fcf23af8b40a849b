"""`python -m lab grid DATASET`: search thresholds on labelled prompts, and say what the best of them is worth.

Nothing is stored without --save or --sealed, but vectors in the cache. A file is measured on as it would be taken in,
and not taken in; where its very rows are stored, those are used, with their splits and corrected labels.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lab.errors import ConfigError, DatasetError, NotFound, SearchError

if TYPE_CHECKING:
    from lab.cli_grid_lines import Beside
    from lab.config import Settings
    from lab.forensics.datasets import Rows
    from lab.forensics.grid_search.axes import Axis
    from lab.forensics.sample import Sample, Stakes
    from lab.live import LiveRouter, Routers
    from lab.records import RouterVersion
    from lab.store import Store
    from lab.types import RouterConfig

AXES = ("threshold=0:1:101", "min_margin=0:0.5:51")
GOAL = "best accuracy"


def add_parser(commands: Any) -> None:
    """Add the command to the subparsers of `python -m lab`."""
    grid = commands.add_parser("grid", help="search thresholds on labelled prompts")
    grid.add_argument("dataset", metavar="DATASET", help="name or id of a stored dataset, or a file (./NAME)")
    grid.add_argument(
        "--axis", action="append", default=[], metavar="AXIS",
        help=f"such as {AXES[0]}, threshold:EXPERT=0:1:11, aggregate=max,centroid; without any: {' and '.join(AXES)}",
    )  # fmt: skip
    grid.add_argument("--goal", default=GOAL, help='"best accuracy" (default), "at most 2 %% of hard prompts to X …"')
    grid.add_argument("--cost", action="append", default=[], metavar="EXPERT=N", help="what a call costs; else prices")
    grid.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap and the folds (default 0)")
    grid.add_argument("--base", metavar="live|draft|N", help="the router to search around; without: the draft, or live")
    grid.add_argument("--sealed", action="store_true", help="look at the sealed rows too; each look is counted")
    grid.add_argument("--save", metavar="NAME", help="keep the search; the Tune page lists it")
    grid.add_argument("--json", action="store_true", help="one JSON object")
    grid.set_defaults(run=run_grid)


@dataclass(frozen=True, slots=True)
class Base:
    """The router that is searched around, and what it is called."""

    config: RouterConfig
    name: str


def run_grid(arguments: argparse.Namespace) -> int:
    """Search, compare, print, and return the exit status.

    Raises ConfigError, DatasetError and SearchError for bad input, EncoderUnavailable and StoreError where the lab
    cannot work.
    """
    started = perf_counter()
    from lab import cli_grid_lines as lines
    from lab.config import load_settings
    from lab.forensics import tuning
    from lab.forensics.grid_search.axes import check_all, parse
    from lab.forensics.runs import spec_to_json
    from lab.live import Routers

    axes = tuple(_finite(parse(text)) for text in arguments.axis or AXES)
    if arguments.seed < 0:
        raise SearchError(f"The seed is {arguments.seed}; take a whole number from 0.")
    settings = load_settings()
    with ExitStack() as stack:
        store = _reader(settings)
        if store is not None:
            stack.enter_context(closing(store))
        routers = Routers(store, settings)
        live = routers.live()
        base = _base(arguments.base, store, live)
        check_all(axes, base.config)
        rows, notes = _rows(arguments.dataset, store, settings)
        _check_stored(arguments, rows)
        stakes = _stakes(arguments.cost, base.config, routers, store)
        _check_rows(rows, base.config, arguments.goal, stakes)
        spec = tuning.Spec(axes, arguments.goal, arguments.seed)
        evidence_of = tuning.evidence_for(rows, routers.encoder)
        found = tuning.tune(
            rows, base.config, live.version.config, spec, evidence_of, stakes, progress=_progress
        )  # fmt: skip
        _progress("Measuring the baselines")
        before = perf_counter()
        beside = lines.beside(found, tuning.dev_baselines(found, evidence_of, stakes, _quality(rows, base, store)))
        seconds = {"search": found.seconds, "baselines": perf_counter() - before}
        result = lines.Result(
            rows=rows,
            base=base,
            live=live.version,
            encoder=evidence_of(base.config).encoder,
            found=found,
            beside=beside,
            spec=spec_to_json(spec, stakes),
            sealed=None,
            run_id=None,
            notes=notes,
            seconds=seconds,
        )
        if arguments.sealed or arguments.save is not None:
            result = _stored(arguments, settings, result, evidence_of, stakes)
    seconds["total"] = perf_counter() - started
    _progress("")
    told = [json.dumps(lines.to_json(result), ensure_ascii=False)] if arguments.json else lines.to_lines(result)
    sys.stdout.write("".join(f"{line}\n" for line in told))
    sys.stdout.flush()  # here, where a reader that has gone away is still understood
    return 0
