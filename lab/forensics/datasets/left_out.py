"""What was left out when a dataset was added, kept beside its rows: a question that comes weeks later has an answer."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from lab.forensics.datasets.files import path_of, read
from lab.forensics.datasets.report import Report, Sifted
from lab.forensics.datasets.table import BadRow
from lab.records import Dataset
from lab.types import new_id

MOST = 50_000
"""Rows that are kept of a report; their number is kept whole."""


def keep(data_dir: Path, dataset: Dataset, report: Report, *, new: bool = True) -> None:
    """Keep the report on the file that a dataset came from; one that is not `new` keeps the report that it has.

    A full disk is no fault here: the rows are safe, only their report is not kept.
    """
    if not new and left_out_of(data_dir, dataset) is not None:
        return
    path = _path(data_dir, dataset)
    unfinished = path.with_name(f"{path.name}.{new_id()}.part")
    cut = {**asdict(report), "bad": [asdict(one) for one in report.bad[:MOST]], "by_reason": report.by_reason}
    with suppress(OSError):
        try:
            unfinished.write_text(json.dumps(cut, ensure_ascii=False), encoding="utf-8", errors="surrogatepass")
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


def left_out_of(data_dir: Path, dataset: Dataset) -> Report | None:
    """Return the report on a dataset's file, with at most `MOST` rows; None where it is not known or not readable."""
    try:
        value = json.loads(_path(data_dir, dataset).read_text(encoding="utf-8", errors="surrogatepass"))
        return Report(
            file_name=str(value["file_name"]),
            layout=str(value["layout"]),
            counted="line" if value["counted"] == "line" else "row",
            rows=int(value["rows"]),
            good=int(value["good"]),
            bad=tuple(BadRow(**one) for one in value["bad"]),
            notes=tuple(map(str, value["notes"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # kept for convenience: a dataset works without it


def forget(data_dir: Path, dataset: Dataset) -> None:
    """Throw the report on a deleted dataset away: it quotes the rows. Nothing happens where there is none."""
    _path(data_dir, dataset).unlink(missing_ok=True)


def as_stored(data_dir: Path, dataset: Dataset, report: Report | None = None) -> Sifted:
    """Return the rows as they were taken in, without later labels: adding them gives the same dataset again.

    Raises DatasetOutOfReach where the file is missing or damaged.
    """
    content = read(path_of(data_dir, dataset.content_hash), dataset)
    known = report or Report(dataset.file_name, dataset.origin, "row", dataset.rows, dataset.rows, (), ())
    return Sifted(content.prompts, content.labels, content.query_types, content.splits, content.sources, known)


def _path(data_dir: Path, dataset: Dataset) -> Path:
    return path_of(data_dir, dataset.content_hash).with_suffix(".left-out.json")
