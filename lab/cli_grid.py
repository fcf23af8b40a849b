"""`python -m lab grid DATASET`: search thresholds on labelled prompts, and say what the best of them is worth.

Nothing is stored without --save or --sealed, but vectors in the cache. A file is measured on as it would be taken in,
and not taken in; where its very rows are stored, those are used, with their splits and corrected labels.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from dataclasses import replace
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lab.errors import ConfigError, DatasetError, NotFound, SearchError

if TYPE_CHECKING:
    from lab.cli_grid_lines import Result
    from lab.config import Settings
    from lab.encoders import Encoder
    from lab.forensics.datasets import Rows
    from lab.forensics.grid_search.axes import Axis
    from lab.forensics.sample import Stakes
    from lab.live import LiveRouter, Routers
    from lab.store import Store
    from lab.types import RouterConfig

GOAL = "best accuracy"


def add_parser(commands: Any) -> None:
    """Add the command to the subparsers of `python -m lab`."""
    grid = commands.add_parser("grid", help="search thresholds on labelled prompts")
    grid.add_argument("dataset", metavar="DATASET", help="name or id of a stored dataset, or a file")
    grid.add_argument(
        "--axis", action="append", default=[], metavar="AXIS",
        help="such as threshold=0:1:101, threshold:EXPERT=0:1:11, aggregate=max,centroid; without any: as on the Tune "
        "page, the threshold that moves most, and min_margin=0:0.5:51",
    )  # fmt: skip
    grid.add_argument("--goal", default=GOAL, help=f"a sentence like '90 %% coverage'; without: {GOAL}")
    grid.add_argument("--cost", action="append", default=[], metavar="EXPERT=N", help="of a call; without: by prices")
    grid.add_argument("--seed", type=int, default=0, metavar="N", help="of bootstrap and folds; without: 0")
    grid.add_argument("--base", metavar="live|draft|N", help="the router to search around; without: the draft, or live")
    grid.add_argument("--sealed", action="store_true", help="look at the sealed rows too; each look is counted")
    grid.add_argument("--save", metavar="NAME", help="keep the search; the Tune page lists it")
    grid.add_argument("--json", action="store_true", help="one JSON object")
    grid.set_defaults(run=run_grid)


def run_grid(arguments: argparse.Namespace) -> int:
    """Search, print what came out, and return the exit status.

    Raises ConfigError, DatasetError and SearchError for bad input, EncoderUnavailable and StoreError where the lab
    cannot work.
    """
    started = perf_counter()
    from lab import cli_grid_lines as lines
    from lab.config import load_settings

    axes = _axes(arguments.axis)
    if arguments.seed < 0:
        raise SearchError(f"The seed is {arguments.seed}; take a whole number from 0.")
    settings = load_settings()
    store = _reader(settings)
    try:
        result = _search(arguments, axes, settings, store)
    finally:
        if store is not None:
            store.close()
    result = replace(result, seconds={**result.seconds, "total": perf_counter() - started})
    _progress("")
    told = [json.dumps(lines.to_json(result), ensure_ascii=False)] if arguments.json else lines.to_lines(result)
    sys.stdout.write("".join(f"{line}\n" for line in told))
    sys.stdout.flush()  # here, where a reader that has gone away is still understood
    return 0


def _search(arguments: argparse.Namespace, axes: tuple[Axis, ...], settings: Settings, store: Store | None) -> Result:
    from lab import cli_grid_lines as lines
    from lab.forensics import tuning
    from lab.forensics.grid_search.axes import check_all, moves_most
    from lab.forensics.stored_figures import quality
    from lab.live import Routers

    routers = Routers(store, settings)
    live = routers.live()
    base, base_name = _base(arguments.base, store, live)
    axes = axes or _axes([f"{moves_most(base)}=0:1:101", "min_margin=0:0.5:51"])
    check_all(axes, base)
    rows, notes = _rows(arguments.dataset, store, settings)
    _check_use(arguments, rows)
    stakes = _stakes(arguments.cost, base, routers, store)
    spec = tuning.Spec(axes, arguments.goal, arguments.seed)
    _encode(rows, routers.encoder(base.encoder))
    evidence_of = tuning.evidence_for(rows, routers.encoder)
    found = tuning.tune(rows, base, live.version.config, spec, evidence_of, stakes, progress=_progress)
    _progress("Measuring the baselines")
    before = perf_counter()
    measured = None if store is None else quality(store, rows, base)
    beside = lines.beside(found, tuning.dev_baselines(found, evidence_of, stakes, measured))
    result = lines.Result(
        rows=rows,
        base=base,
        base_name=base_name,
        live=live.version,
        encoder_of=lambda config: evidence_of(config).encoder,
        found=found,
        stakes=stakes,
        beside=beside,
        notes=notes,
        seconds={"search": found.seconds, "baselines": perf_counter() - before},
    )
    if not arguments.sealed and arguments.save is None and not (found.nested and rows.dataset.id):
        return result
    from lab.forensics.sealed import look, searched_without_splits
    from lab.store import open_store

    with closing(open_store(settings.database_url, settings.data_dir)) as writer:
        if found.nested:
            searched_without_splits(rows, writer)
        if arguments.sealed:
            seen = look(
                rows, found.recommended, live.version.config, evidence_of, writer, "lab grid --sealed",
                stakes=stakes, seed=arguments.seed,
            )  # fmt: skip
            result = replace(result, sealed=seen)
        if arguments.save is not None:
            result = replace(result, run=lines.save(writer, result, arguments.save))
    return result


# ----------------------------------------------------------------------------------------------- what is asked for


def _axes(texts: list[str]) -> tuple[Axis, ...]:
    from lab.forensics.grid_search.axes import parse

    found = tuple(parse(text) for text in texts)
    for axis, text in zip(found, texts, strict=True):
        if axis.ordered and not all(isfinite(float(value)) for value in axis.values):
            raise SearchError(f"The axis {text} holds a value that is no number. Write {axis.name}=0:1:101.")
    return found


def _reader(settings: Settings) -> Store | None:
    """Open what is stored, if anything is."""
    from lab.store import open_store

    try:
        return open_store(settings.database_url, settings.data_dir, read_only=True)
    except NotFound:
        return None


def _base(wanted: str | None, store: Store | None, live: LiveRouter) -> tuple[RouterConfig, str]:
    """Return the router that --base names, and what it is called."""
    from lab.store import drafts, versions

    draft = drafts.current(store) if store is not None and wanted in (None, "draft") else None
    if draft is not None:
        return draft.config, "the draft"
    if wanted == "draft":
        raise ConfigError("There is no draft to search around. Change the router on its page first, or take live.")
    if wanted in (None, "live"):
        return live.version.config, "live" if live.version.number else "the router of lab/conf"
    number = int(wanted) if wanted is not None and wanted.isdecimal() and len(wanted) < 9 else None
    version = None if number is None or store is None else versions.by_number(store, number)
    if version is None:
        raise ConfigError(f"--base is {wanted!r}; it is live, draft, or a number that `lab router history` lists.")
    return version.config, f'v{version.number} "{version.name}"'


def _rows(wanted: str, store: Store | None, settings: Settings) -> tuple[Rows, tuple[str, ...]]:
    """Return the rows of a stored dataset or of a file, and what to know of them."""
    from lab.forensics.datasets import load
    from lab.store import datasets

    unknown = "There is no dataset yet"
    if store is not None:
        try:
            return load(store, settings.data_dir, datasets.find(store, wanted).id), ()
        except NotFound as err:
            unknown = str(err)
    path = Path(wanted)
    if not path.is_file():
        raise DatasetError(f"{unknown.rstrip('.')}; nor is {wanted!r} a file. Name a CSV, JSON Lines or Parquet file.")
    return _rows_of_file(path, store, settings)


def _rows_of_file(path: Path, store: Store | None, settings: Settings) -> tuple[Rows, tuple[str, ...]]:
    from lab.forensics.datasets import guess, load, read_file, sift
    from lab.forensics.datasets.shelf import content_hash_of
    from lab.forensics.unstored import rows_of
    from lab.store import datasets

    table = read_file(path)
    sifted = sift(table, guess(table), max_prompt_chars=settings.max_prompt_chars)
    notes = (*sifted.report.notes, sifted.report.sentence())
    known = None if store is None else datasets.of_content(store, content_hash_of(sifted))
    if known is not None and store is not None and not known[1]:
        name = known[0].name
        return load(store, settings.data_dir, known[0].id), (
            *notes, f"These rows are stored as {name!r}; its splits and corrected labels are used.",
        )  # fmt: skip
    seed = 0 if known is None else known[0].seed  # a dataset that was deleted keeps its sealed rows
    return rows_of(sifted, name=path.stem, seed=seed), notes


def _stakes(costs: list[str], config: RouterConfig, routers: Routers, store: Store | None) -> Stakes:
    """Return what calls cost, as it is given or else by prices, and the times that were measured here."""
    from lab.forensics.sample import Stakes
    from lab.forensics.stored_figures import measured_times, priced

    names = [expert.name for expert in config.experts]
    said = {}
    for text in costs:
        name, _, value = text.rpartition("=")
        try:
            cost = float(value)
        except ValueError:
            cost = float("nan")
        if name not in names or not 0 <= cost < 1e6:
            some = ", ".join(names[:8])
            raise SearchError(f"--cost {text!r} is not the cost of a call. Write EXPERT=2.5, with one of: {some}.")
        said[name] = cost
    answers, overhead, _ = ({}, None, 0) if store is None else measured_times(store)
    call = said or priced([routers.with_settings(expert) for expert in config.experts])
    return Stakes(call=call, answer_ms=answers, overhead_ms=overhead)


def _check_use(arguments: argparse.Namespace, rows: Rows) -> None:
    """Refuse what a file that is not taken in cannot do, and a look where nothing is sealed."""
    from lab.forensics.sealed import check_sealed

    option = "--sealed" if arguments.sealed else "--save"
    if (arguments.sealed or arguments.save is not None) and not rows.dataset.id:
        raise DatasetError(
            f"{option} needs a stored dataset, where looks are counted and searches kept. "
            f"Add the file first: python -m lab dataset add {rows.dataset.file_name}"
        )
    if arguments.sealed:
        check_sealed(rows)


def _encode(rows: Rows, encoder: Encoder) -> None:
    """Encode in portions that the cache keeps, so that a search that is ended goes on where it was."""
    from lab.forensics.datasets.work import CHUNK

    for start in range(0, len(rows), CHUNK):
        _progress(f"Encoding: {start:,} of {len(rows):,}")
        encoder.encode(rows.prompts[start : start + CHUNK])


def _progress(what: str) -> None:
    """Say on a terminal what is being done, in one line that is written over."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{what and f'{what} …'}")
        sys.stderr.flush()
