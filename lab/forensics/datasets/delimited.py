"""CSV and TSV: the delimiter and the quoting by what makes the records alike, ragged rows by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from typing import Any

from lab.errors import DatasetError
from lab.forensics.datasets.names import is_known
from lab.forensics.datasets.table import MAX_ROWS, BadRow, Table, check_size, showable, unique_names

_SAMPLE_LINES, _SAMPLE_CHARS = 1_000, 1_000_000
_ALIKE = 0.8  # the share of records with as many fields as the first, from which a delimiter is believed
_CLEARLY = 0.02  # how much more alike a less usual style must make the records
_NO_DELIMITER = "\U0010ffff"  # no character, so no text holds it: a file of one column

csv.field_size_limit(2**31 - 1)  # a long prompt is a matter of the row report, not of the reader


@dataclass(frozen=True, slots=True)
class Style:
    """How the records of a file are written."""

    delimiter: str = ","
    quote: str | None = '"'  # None: quotation marks are plain characters
    backslash: bool = False  # a quotation mark between quotes is written with a backslash instead of twice

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Any:
        """Return the csv reader of `lines`; `strict` raises csv.Error where a quote is never closed."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            doublequote=not self.backslash,
            escapechar="\\" if self.backslash else None,
            strict=strict,
        )


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    fields: list[str]
    fault: str = ""  # why it is none


def sniff(lines: Sequence[str]) -> Style:
    """Return the style under which most of the first records have as many fields as the very first has.

    Where no delimiter does that, the file is one column.
    """
    sizes = accumulate(len(line) for line in lines[:_SAMPLE_LINES])
    sample = lines[: max(1, sum(size <= _SAMPLE_CHARS for size in sizes))]
    best, best_score = Style(_NO_DELIMITER), 0.0
    for quote, backslash in (('"', False), ('"', True), ("'", False), (None, False)):
        for delimiter in ("\t", ",", ";", "|"):
            style = Style(delimiter, quote, backslash)
            score = _alike(style, sample)
            if score > best_score + (_CLEARLY if best_score else 0.0):
                best, best_score = style, score
    return best


def _alike(style: Style, sample: Sequence[str]) -> float:
    """Return the share of records with as many fields as the first; 0 where the style cannot be the right one."""
    records = [record for record in style.reader(sample) if record]
    if not records or len(records[0]) < 2:
        return 0.0
    share = sum(len(record) == len(records[0]) for record in records) / len(records)
    return share if share >= _ALIKE or any(is_known(name) for name in records[0]) else 0.0


def read_delimited(text: str, file_name: str) -> Table:
    """Return the table of a CSV or TSV text. Raises DatasetError for one without rows."""
    lines = list(io.StringIO(text, newline=""))
    style = sniff(lines)
    first, start = _first(style, lines)
    if first is None:
        raise DatasetError(f"{file_name} is empty. Add a file with a header and a prompt a row.")
    width = len(first.fields)
    check_size(0, width, file_name)
    records = _records(style, lines, start, width)
    ahead = list(islice(records, _SAMPLE_LINES))
    names, notes, has_header = _header(first.fields, ahead)
    rows: list[list[str]] = []
    at: list[int] = []
    malformed: list[BadRow] = []
    for record in chain([] if has_header else [first], ahead, records):
        if record.fault:
            malformed.append(BadRow(record.line, "ragged", record.fault, showable(style.delimiter.join(record.fields))))
        else:
            rows.append(record.fields)
            at.append(record.line)
            if len(rows) > MAX_ROWS:
                check_size(len(lines), width, file_name)
    if not rows and not malformed:
        raise DatasetError(f"{file_name} holds only a header ({', '.join(names[:8])}). Add rows under it.")
    values: Iterable[Sequence[str]] = zip(*rows, strict=True) if rows else [()] * width
    layout = "TSV" if style.delimiter == "\t" else "CSV" if has_header or width > 1 else "plain text"
    return Table(
        dict(zip(names, values, strict=True)), at, tuple(malformed), notes=tuple(notes), layout=layout,
        file_name=file_name,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------- the header


def _first(style: Style, lines: Sequence[str]) -> tuple[_Record | None, int]:
    """Return the first record that holds anything, and how many lines are read then."""
    reader, before = style.reader(lines), 0
    for fields in reader:
        if any(field.strip() for field in fields):
            return _Record(before + 1, fields), int(reader.line_num)
        before = reader.line_num
    return None, len(lines)


def _header(first: list[str], ahead: list[_Record]) -> tuple[list[str], list[str], bool]:
    """Return the names of the columns, sentences about them, and whether the first record holds them."""
    if any(is_known(name) for name in first) or not _looks_like_data(first, ahead):
        names, notes = unique_names(first)
        return names, notes, True
    if len(first) == 1:
        return ["prompt"], ["The first line is no header but a prompt, so the column is called 'prompt'."], False
    names = [f"column {number}" for number in range(1, len(first) + 1)]
    return names, ["The first line is no header but a row, so the columns are numbered."], False


def _looks_like_data(first: list[str], ahead: list[_Record]) -> bool:
    """Tell a row from a header: one column of sentences, or a value that stands in its column again."""
    if len(first) == 1:
        return len(first[0].split()) > 2
    below = [{record.fields[column] for record in ahead if not record.fault} for column in range(len(first))]
    return any(value.strip() and value in values for value, values in zip(first, below, strict=True))


# ------------------------------------------------------------------------------------------------------- the records


def _records(style: Style, lines: Sequence[str], start: int, width: int) -> Iterator[_Record]:
    """Yield the records from line `start` on, ragged ones with their fault; blank lines are none.

    A ragged record over several lines comes from a quotation mark that stands there alone: it costs its own line, and
    reading goes on with the next.
    """
    while start < len(lines):
        reader, before = style.reader(map(lines.__getitem__, range(start, len(lines)))), start
        for fields in reader:
            after = start + int(reader.line_num)
            over_lines = after - before > 1
            if over_lines and _is_broken(style, lines[before:after]):
                break
            if len(fields) > width and not any(fields[width:]):
                fields = fields[:width]
            if len(fields) == width:
                yield _Record(before + 1, fields)
            elif over_lines:
                break
            elif fields:
                count = f"{len(fields)} field{'s' * (len(fields) != 1)} where the header has {width}"
                yield _Record(before + 1, fields, count)
            before = after
        else:
            return
        fault = "a quotation mark opens here and is not closed where the row ends"
        yield _Record(before + 1, [lines[before].rstrip("\r\n")], fault)
        start = before + 1


def _is_broken(style: Style, record: Sequence[str]) -> bool:
    """Tell whether a quotation mark is not closed, or closed in the middle of a field, where another one opened."""
    try:
        list(style.reader(record, strict=True))
    except csv.Error:
        return True
    return False
