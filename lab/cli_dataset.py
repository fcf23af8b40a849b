"""`python -m lab dataset add | list | show | outcomes | delete`: files of prompts and answers from the shell."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import DatasetError, NotFound

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.forensics.datasets import Added, Mapping, Sifted, Table
    from lab.records import Dataset
    from lab.store import Store

_LABELS_SHOWN = 20


def add_commands(commands: Any) -> None:
    """Hang `dataset` and what it can do into the parser."""
    dataset = commands.add_parser("dataset", help="take labelled prompts in, and look after them")
    actions = dataset.add_subparsers(required=True, metavar="action")

    add = actions.add_parser("add", help="take a CSV, TSV, JSON, JSON Lines or Parquet file in")
    add.add_argument("file", metavar="FILE")
    add.add_argument("--name", help="what to call it; without: the file's name")
    for option, what in (
        ("prompt", "prompts"),
        ("label", "labels"),
        ("query-type", "query types"),
        ("split", "splits"),
    ):
        add.add_argument(f"--{option}", metavar="COL", help=f"the column of the {what}; without: guessed, '' for none")
    add.add_argument("--map", action="append", default=[], metavar="LABEL=EXPERT", help="what a label means, or none")
    add.add_argument("--seed", type=int, default=0, help="of the splits")
    add.add_argument("--report", metavar="FILE.csv", help="write the rows that are left out, each with its reason")
    add.add_argument("--json", action="store_true", help="the dataset and the report as one JSON object")
    add.set_defaults(run=_add)

    listing = actions.add_parser("list", help="list the datasets, the newest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(run=_list)

    show = actions.add_parser("show", help="show labels and splits of a dataset")
    show.add_argument("dataset", metavar="NAME_OR_ID")
    show.add_argument("--json", action="store_true", help="as one JSON object")
    show.set_defaults(run=_show)

    outcomes = actions.add_parser("outcomes", help="take in how good the experts' answers to a dataset's prompts were")
    outcomes.add_argument("dataset", metavar="NAME_OR_ID")
    outcomes.add_argument("file", metavar="FILE", help="CSV, TSV, JSON, JSON Lines or Parquet, a prompt a row")
    outcomes.add_argument(
        "--expert", action="append", required=True, metavar="EXPERT=COL",
        help="the column that says how good its answers are: true or false, or a number from 0 to 1",
    )  # fmt: skip
    outcomes.add_argument("--prompt", metavar="COL", help="the column of the prompts; without: guessed")
    outcomes.add_argument("--source", metavar="NAME", help="who measured them; without: the file's name")
    outcomes.add_argument("--json", action="store_true", help="what became of every row, as one JSON object")
    outcomes.set_defaults(run=_outcomes)

    delete = actions.add_parser("delete", help="delete a dataset's rows; what was measured on it is kept")
    delete.add_argument("dataset", metavar="NAME_OR_ID")
    delete.set_defaults(run=_delete)


# --------------------------------------------------------------------------------------------------------------- add


def _add(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.forensics.datasets import add, left_out, read_file, sift
    from lab.store import open_store

    settings = load_settings()
    table = read_file(Path(arguments.file))
    sifted = sift(table, _mapping(table, arguments), max_prompt_chars=settings.max_prompt_chars)
    if arguments.report:
        _write(Path(arguments.report), sifted.report.to_csv())
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        name = arguments.name or Path(arguments.file).stem
        added = add(store, settings.data_dir, sifted, name=name, seed=arguments.seed)
        left_out.keep(settings.data_dir, added.dataset, sifted.report, new=added.new)
    if arguments.json:
        _say_json(_added_json(added, sifted))
        return 0
    for note in (*sifted.report.notes, *added.notes):
        _say(note)
    _say(sifted.report.sentence())
    if added.new:
        _say(f"Stored as {added.dataset.name!r}: {_summary(added.dataset)}.")
    if sifted.report.bad and not arguments.report:
        _say("With --report FILE.csv the rows that are left out are written there, each with its reason.")
    return 0


def _mapping(table: Table, arguments: argparse.Namespace) -> Mapping:
    from lab.forensics.datasets import Mapping, guess, labels_of

    try:
        mapping = guess(table)
    except DatasetError:
        if not arguments.prompt:
            raise
        mapping = Mapping(arguments.prompt)
    given = {"prompt": arguments.prompt, "label": arguments.label, "query_type": arguments.query_type,
             "split": arguments.split}  # fmt: skip
    changes: dict[str, Any] = {key: value or None for key, value in given.items() if value is not None}
    if arguments.prompt == "":
        raise DatasetError("--prompt is empty. Name the column with the prompts, or leave the option out.")
    taken = {value for value in changes.values() if value}
    for key in ("label", "query_type", "split", "source"):
        if key not in changes and getattr(mapping, key) in taken:
            changes[key] = None  # the column was asked for as another one
    mapping = replace(mapping, **changes)
    meanings = dict(_meaning(one) for one in arguments.map)
    if meanings:
        found = labels_of(table, mapping.label) if mapping.label else {}
        unknown = [label for label in meanings if label not in found]
        if unknown:
            there = ", ".join(list(found)[:8]) or "none"
            raise DatasetError(f"No row is labelled {unknown[0]!r}, which --map names. The labels are: {there}.")
    return replace(mapping, label_map=meanings)


def _meaning(given: str) -> tuple[str, str]:
    label, equals, expert = given.rpartition("=")
    if not equals or not label.strip():
        raise DatasetError(f"--map {given!r} says nothing. Write LABEL=EXPERT, or LABEL=none.")
    return label.strip(), expert.strip()


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as err:
        raise DatasetError(f"The report cannot be written to {path}: {err.strerror}. Name another file.") from err


def _added_json(added: Added, sifted: Sifted) -> dict[str, Any]:
    report = sifted.report
    return {
        "dataset": _json(added.dataset),
        "new": added.new,
        "report": {"rows": report.rows, "good": report.good, "left_out": report.by_reason},
        "notes": [*report.notes, *added.notes],
    }


# ------------------------------------------------------------------------------------------------ list, show, delete


def _list(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.store import datasets

    try:
        with closing(_reader(load_settings())) as store:
            found = datasets.listed(store)
    except NotFound:
        found = []  # nothing was ever stored
    for dataset in found:
        if arguments.json:
            _say_json(_json(dataset))
        else:
            _say(f"{dataset.name}: {_summary(dataset)}, {dataset.origin}, {dataset.created_at:%Y-%m-%d}")
    if not found and not arguments.json:
        _say("There is no dataset yet. Add one: python -m lab dataset add FILE")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.forensics.datasets import crossing, labelled, load, split_counts
    from lab.store import datasets

    settings = load_settings()
    with closing(_reader(settings)) as store:
        rows = load(store, settings.data_dir, datasets.find(store, arguments.dataset).id)
    across = len(crossing(rows))
    if arguments.json:
        more = {"hash": rows.hash, "labelled": len(labelled(rows)), "nested": rows.nested}
        _say_json(_json(rows.dataset) | more | {"splits": split_counts(rows), "near_duplicates_across_splits": across})
        return 0
    dataset = rows.dataset
    _say(f"{dataset.name}: {_summary(dataset)}, {dataset.origin} of {dataset.file_name}, id {dataset.id}")
    splits = ", ".join(f"{split} {count:,}" for split, count in split_counts(rows).items())
    _say("Splits: under 300 labelled rows, nested cross-validation" if rows.nested else f"Splits: {splits}")
    if across:
        _say(f"{across:,} rows of dev and sealed have a near-duplicate in tune, as the file draws its splits so.")
    labels = list(dataset.labels.items())
    for label, count in labels[:_LABELS_SHOWN]:
        _say(f"{count:>9,}  {label or '(no label)'}")
    if len(labels) > _LABELS_SHOWN:
        _say(f"… and {len(labels) - _LABELS_SHOWN:,} more labels")
    return 0


# ---------------------------------------------------------------------------------------------------------- outcomes


def _outcomes(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.forensics.datasets import load, read_file
    from lab.forensics.datasets.qualities import keep, qualities
    from lab.store import datasets, open_store

    settings = load_settings()
    table = read_file(Path(arguments.file))
    source = table.file_name if arguments.source is None else arguments.source
    with closing(_reader(settings)) as store:
        columns = _columns(arguments.expert, _experts(store, settings))
        rows = load(store, settings.data_dir, datasets.find(store, arguments.dataset).id)
    found = qualities(table, rows, columns, source=source, prompt=arguments.prompt)
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        stored = keep(store, found)
    if arguments.json:
        _say_json({"dataset": rows.dataset.id, "source": source, "stored": stored, **found.to_json()})
        return 0
    for line in found.told(rows.dataset.name):
        _say(line)
    new = f"{stored:,} are new or corrected and were stored" if stored else "all were stored before, so nothing is new"
    _say(f"{len(found.outcomes):,} outcomes from {source!r}: {new}.")
    return 0


def _experts(store: Store, settings: Settings) -> list[str]:
    """Return the experts of the live router and of the draft."""
    from lab.config import compose
    from lab.store import drafts, versions

    live, draft = versions.live(store), drafts.current(store)
    configs = [live.config if live else compose(conf_dir=settings.conf_dir).router, *([draft.config] if draft else [])]
    return list(dict.fromkeys(expert.name for config in configs for expert in config.experts))


def _columns(given: list[str], experts: list[str]) -> dict[str, str]:
    """Return the column of each expert. Raises DatasetError."""
    columns: dict[str, str] = {}
    for one in given:
        expert, equals, column = one.partition("=")
        expert = expert.strip()
        if not equals or not column.strip():
            raise DatasetError(f"--expert {one!r} says nothing. Write EXPERT=COLUMN.")
        if expert not in experts:
            raise DatasetError(f"The router has no expert {expert!r}. Take one of: {', '.join(experts[:8])}.")
        if expert in columns:
            raise DatasetError(f"--expert names {expert!r} twice. Give each expert one column.")
        columns[expert] = column
    return columns


def _delete(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.forensics.datasets import delete
    from lab.store import datasets, open_store

    settings = load_settings()
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        dataset = delete(store, settings.data_dir, datasets.find(store, arguments.dataset).id)
    _say(f"Deleted {dataset.name!r}; what was measured on it is kept.")
    return 0


def _reader(settings: Settings) -> Store:
    from lab.store import open_store

    return open_store(settings.database_url, settings.data_dir, read_only=True)


def _summary(dataset: Dataset) -> str:
    labels = len([label for label in dataset.labels if label])
    unlabelled = dataset.labels.get("", 0)
    missing = f", {unlabelled:,} unlabelled" if unlabelled else ""
    return f"{dataset.rows:,} rows, {labels:,} label{'s' * (labels != 1)}{missing}"


def _json(dataset: Dataset) -> dict[str, Any]:
    plain = asdict(replace(dataset, labels={}, query_types={}, sources={}))
    counts = {"labels": dataset.labels, "query_types": dataset.query_types, "sources": dataset.sources}
    return plain | {name: dict(values) for name, values in counts.items()} | {
        "created_at": dataset.created_at.isoformat()
    }  # fmt: skip


def _say_json(value: dict[str, Any]) -> None:
    _say(json.dumps(value, ensure_ascii=False))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
