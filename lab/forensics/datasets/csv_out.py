"""Any table of any page as a CSV file that a spreadsheet opens without running what stands in it."""

from __future__ import annotations

import csv
import io
import math
import numbers
import re
from collections.abc import Mapping, Sequence

DATASET_COLUMNS = ("prompt", "label", "query_type", "source", "split")
"""The header under which the lab writes a dataset, the last one only where it was split."""

_SIGN = r"[=+\-@\t\r\n＝＋－＠]"  # the full-width signs too: some spreadsheets fold them
_FORMULA, _BARE, _GUARDED = re.compile(f"'*{_SIGN}"), re.compile(_SIGN), re.compile(f"'+{_SIGN}")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def to_csv(columns: Mapping[str, Sequence[object]]) -> bytes:
    """Return the columns as CSV in UTF-8 with a byte order mark, which Excel needs to see that it is UTF-8.

    Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection"), and so does
    text that looks as if it had one, so that `unguarded` gives every text back. Numbers stay numbers; None and NaN are
    empty; NUL and half characters become U+FFFD. Raises ValueError for columns of unequal
    length.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([_cell(name) for name in columns])
    writer.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return buffer.getvalue().encode("utf-8-sig")


def unguarded(columns: Mapping[str, Sequence[str | None]]) -> dict[str, list[str | None]] | None:
    """Return columns of text without the apostrophes of `to_csv`; None where there are none, or they are not its own.

    They are not where a text is there that it never leaves as it is.
    """
    values = [value for column in columns.values() for value in column if value]
    if any(_BARE.match(value) for value in values) or not any(_GUARDED.match(value) for value in values):
        return None
    return {
        name: [value[1:] if value and _GUARDED.match(value) else value for value in column]
        for name, column in columns.items()
    }


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, numbers.Real):  # NumPy's too
        return "" if math.isnan(value) else str(value)
    text = _UNWRITABLE.sub("\ufffd", str(value))
    return f"'{text}" if _FORMULA.match(text) else text
