"""`python -m lab preferences add`: a file of preferences taken in, its bad rows reported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli_dataset_lines import say, say_json
from lab.cli_report import check_report, write_report

if TYPE_CHECKING:
    from lab.preferences.imports import Imported, Sifted


def add_parser(commands: Any) -> None:
    """Hang `preferences add` into the parser."""
    preferences = commands.add_parser("preferences", help="take in which answers others preferred")
    actions = preferences.add_subparsers(required=True, metavar="action")
    add = actions.add_parser(
        "add",
        help="take in pairs of answers, or answers with a thumb: TRL, ShareGPT, KTO, OpenAI, UltraFeedback",
    )
    add.add_argument("file", metavar="FILE", help="JSON, JSON Lines, Parquet, CSV or TSV")
    add.add_argument("--name", help="what to call it; its votes are by import:NAME; without: the file's name")
    add.add_argument("--report", metavar="FILE.csv", help="write the rows that are left out, each with its reason")
    add.add_argument("--json", action="store_true", help="what went in and the report as one JSON object")
    add.set_defaults(run=_add)


def _add(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.preferences.imports import check_name, name_of, sift_file, take_in
    from lab.store import open_store

    settings = load_settings()
    file, report = Path(arguments.file), Path(arguments.report) if arguments.report else None
    if report is not None:
        check_report(report, file)
    name = name_of(file.name) if arguments.name is None else check_name(arguments.name)
    sifted = sift_file(file, max_prompt_chars=settings.max_prompt_chars)
    if report is not None and not sifted.report.good:
        write_report(report, sifted.report.to_csv(), "Nothing was stored")
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        imported = take_in(store, sifted, name=name, now=datetime.now(UTC), progress=_progress())
    if report is not None and sifted.report.good:
        write_report(report, sifted.report.to_csv(), f"The rows are stored as {imported.batch.name!r}")
    if arguments.json:
        say_json(_json(sifted, imported))
        return 0
    for line in (*sifted.report.notes, sifted.report.sentence(), imported.sentence()):
        say(line)
    if sifted.report.bad and report is None:
        say("With --report FILE.csv the rows that are left out are written there, each with its reason.")
    return 0


def _progress() -> Callable[[int, int], None] | None:
    """Return what says on a terminal how far it is; nothing elsewhere, where it would stand in a log."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{done:,} of {total:,} rows are stored{end}")
        sys.stderr.flush()

    return tell


def _json(sifted: Sifted, imported: Imported) -> dict[str, Any]:
    report, batch = sifted.report, imported.batch
    return {
        "batch": {"id": batch.id, "name": batch.name, "created_at": batch.created_at.isoformat()},
        "new": not imported.known,
        "went_in": {name: count for name, count in asdict(imported.counts).items() if name != "through"},
        "report": {
            "rows": report.rows,
            "pairs": report.pairs,
            "thumbs": report.liked,
            "schemas": dict(report.schemas),
            "left_out": dict(report.by_reason),
        },
        "notes": list(report.notes),
    }
