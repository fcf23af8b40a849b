"""Any table of any page as a CSV file that a spreadsheet opens without running what stands in it."""

from __future__ import annotations

import csv
import io
import math
import numbers
import re
from collections.abc import Mapping, Sequence

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")  # the full-width signs too: some spreadsheets fold them
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def to_csv(columns: Mapping[str, Sequence[object]]) -> bytes:
    """Return the columns as CSV in UTF-8 with a byte order mark, which Excel needs to see that it is UTF-8.

    Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection"); numbers stay
    numbers. None and NaN are empty; NUL and half characters become U+FFFD. Raises ValueError for columns of unequal
    length.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([_cell(name) for name in columns])
    writer.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return buffer.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, numbers.Real):  # NumPy's too
        return "" if math.isnan(value) else str(value)
    text = _UNWRITABLE.sub("\ufffd", str(value))
    return f"'{text}" if _FORMULA.match(text) else text
