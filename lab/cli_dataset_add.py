"""`python -m lab dataset add`: a file of prompts taken in, its columns chosen, its bad rows reported."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli_dataset_lines import plain, say, say_json, summary
from lab.cli_report import check_report, write_report
from lab.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.forensics.datasets import Added, Mapping, Sifted, Table
    from lab.store import Store


def add_parser(actions: Any) -> None:
    """Hang `dataset add` into the parser."""
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


def _add(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.forensics.datasets import MAX_SEED, add, left_out, names, read_file, sift
    from lab.store import open_store

    if not 0 <= arguments.seed <= MAX_SEED:
        raise DatasetError(f"--seed is {arguments.seed}; it must lie between 0 and {MAX_SEED:,}.")
    settings = load_settings()
    file, report = Path(arguments.file), Path(arguments.report) if arguments.report else None
    if report is not None:
        check_report(report, file)
    table = read_file(file)
    mapping = _mapping(table, arguments)
    sifted = sift(table, mapping, max_prompt_chars=settings.max_prompt_chars)
    if report is not None and not sifted.prompts:
        write_report(report, sifted.report.to_csv(), "Nothing was stored")
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        notes = tuple(_notes(table, mapping, sifted, _live_experts(store, settings)))
        name = arguments.name or names.of_file(file.name)
        added = add(store, settings.data_dir, sifted, name=name, seed=arguments.seed)
        left_out.keep(settings.data_dir, added.dataset, sifted.report, new=added.new)
    if report is not None:
        write_report(report, sifted.report.to_csv(), f"The rows are stored as {added.dataset.name!r}")
    if arguments.json:
        say_json(_json(added, sifted, mapping, notes))
        return 0
    say(f"Columns: {', '.join(f'{what}={name}' for what, name in _columns(mapping).items())}")
    for note in (*sifted.report.notes, *added.notes, *notes):
        say(note)
    say(sifted.report.sentence())
    if added.new:
        say(f"Stored as {added.dataset.name!r}: {summary(added.dataset)}.")
    if sifted.report.bad and report is None:
        say("With --report FILE.csv the rows that are left out are written there, each with its reason.")
    return 0


def _columns(mapping: Mapping) -> dict[str, str]:
    """Return which column was taken for what."""
    fields = ("prompt", "label", "query_type", "split", "source")
    return {field: name for field in fields if (name := getattr(mapping, field)) is not None}


def _notes(table: Table, mapping: Mapping, sifted: Sifted, experts: list[str]) -> Iterator[str]:
    """Say what the person may want to say otherwise: about the label, above all."""
    from lab.forensics.datasets.mapping import label_candidates
    from lab.forensics.datasets.report import foreign_labels, foreign_sentence

    if table.nested:
        yield f"Lists or objects, so not taken: {', '.join(sorted(table.nested)[:8])}."
    if mapping.label is None:
        could = " or ".join(f"--label {name!r} ({n:,} values)" for name, n in label_candidates(table, mapping).items())
        yield f"No column is taken for the label, so the rows come in unlabelled.{could and f' It could be {could}.'}"
    foreign = foreign_labels(sifted.labels, experts) if experts else {}
    if foreign:
        first = next(iter(foreign))
        expert = next((name for name in experts if name.casefold() == first.casefold()), "EXPERT")
        yield (
            f"{foreign_sentence(foreign)} Write --map {shlex.quote(f'{first}={expert}')}, or make experts from the "
            "labels on the Data page."
        )


def _live_experts(store: Store, settings: Settings) -> list[str]:
    """Return the experts of the live router; none where it cannot be read, which is no reason to take no file in."""
    from lab.config import compose
    from lab.store import versions

    try:
        live = versions.live(store)
        config = live.config if live else compose(conf_dir=settings.conf_dir).router
    except ConfigError:
        return []
    return [expert.name for expert in config.experts]


def _json(added: Added, sifted: Sifted, mapping: Mapping, notes: tuple[str, ...]) -> dict[str, Any]:
    report = sifted.report
    return {
        "dataset": plain(added.dataset),
        "new": added.new,
        "report": {"rows": report.rows, "good": report.good, "left_out": report.by_reason},
        "columns": _columns(mapping),
        "notes": [*report.notes, *added.notes, *notes],
    }


# ----------------------------------------------------------------------------------------------------------- columns


def _mapping(table: Table, arguments: argparse.Namespace) -> Mapping:
    from lab.forensics.datasets import guess, labels_of

    if arguments.prompt == "":
        raise DatasetError("--prompt is empty. Name the column with the prompts, or leave the option out.")
    mapping = guess(table, arguments.prompt)
    given = {"prompt": arguments.prompt, "label": arguments.label, "query_type": arguments.query_type,
             "split": arguments.split}  # fmt: skip
    changes: dict[str, Any] = {key: value or None for key, value in given.items() if value is not None}
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
