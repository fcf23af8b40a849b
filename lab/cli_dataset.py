"""`python -m lab dataset add | list | show | outcomes | delete`: files of prompts and answers from the shell."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import cli_dataset_add
from lab.cli_dataset_lines import plain, say, say_json, summary
from lab.errors import DatasetError, NotFound

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.store import Store

_LABELS_SHOWN = 20


def add_commands(commands: Any) -> None:
    """Hang `dataset` and what it can do into the parser."""
    dataset = commands.add_parser("dataset", help="take labelled prompts in, and look after them")
    actions = dataset.add_subparsers(required=True, metavar="action")

    cli_dataset_add.add_parser(actions)

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
            say_json(plain(dataset))
        else:
            say(f"{dataset.name}: {summary(dataset)}, {dataset.origin}, {dataset.created_at:%Y-%m-%d}")
    if not found and not arguments.json:
        say("There is no dataset yet. Add one: python -m lab dataset add FILE")
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
        say_json(plain(rows.dataset) | more | {"splits": split_counts(rows), "near_duplicates_across_splits": across})
        return 0
    dataset = rows.dataset
    say(f"{dataset.name}: {summary(dataset)}, {dataset.origin} of {dataset.file_name}, id {dataset.id}")
    splits = ", ".join(f"{split} {count:,}" for split, count in split_counts(rows).items())
    say("Splits: under 300 labelled rows, nested cross-validation" if rows.nested else f"Splits: {splits}")
    if across:
        say(f"{across:,} rows of dev and sealed have a near-duplicate in tune, as the file draws its splits so.")
    labels = list(dataset.labels.items())
    for label, count in labels[:_LABELS_SHOWN]:
        say(f"{count:>9,}  {label or '(no label)'}")
    if len(labels) > _LABELS_SHOWN:
        say(f"… and {len(labels) - _LABELS_SHOWN:,} more labels")
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
        say_json({"dataset": rows.dataset.id, "source": source, "stored": stored, **found.to_json()})
        return 0
    for line in found.told(rows.dataset.name):
        say(line)
    new = f"{stored:,} are new or corrected and were stored" if stored else "all were stored before, so nothing is new"
    say(f"{len(found.outcomes):,} outcomes from {source!r}: {new}.")
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
    say(f"Deleted {dataset.name!r}; what was measured on it is kept.")
    return 0


def _reader(settings: Settings) -> Store:
    from lab.store import open_store

    return open_store(settings.database_url, settings.data_dir, read_only=True)
