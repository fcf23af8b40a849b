"""Rows of figures, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields


class Missing(Exception):
    """A peer or data that a row needs and that is not here; the message says what, and how to get it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `reached` is None for a figure without a target, and for one that could not be measured."""

    what: str
    lab: str = ""
    baseline: str = ""
    ratio: str = ""
    target: str = ""
    reached: bool | None = None
    missing: str = ""

    @property
    def verdict(self) -> str:
        """Whether the target is reached, as a word."""
        if self.missing:
            return f"NOT MEASURED: {self.missing}"
        return "" if self.reached is None else "yes" if self.reached else "MISSED"


_COLUMNS = [field.name for field in fields(Row) if field.name not in ("reached", "missing")]
_HEADS = ("what", "lab", "baseline", "ratio", "target", "reached")


def table(title: str, rows: Sequence[Row]) -> str:
    """Return the rows as an aligned table under its title."""
    cells = [_HEADS, *((*(getattr(row, name) for name in _COLUMNS), row.verdict) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADS) - 1)]
    rule = tuple("-" * width for width in (*widths, len(_HEADS[-1])))
    lines = []
    for line in (cells[0], rule, *cells[1:]):
        padded = [text.ljust(width) for text, width in zip(line, widths, strict=False)]
        lines.append("  ".join([*padded, line[-1]]).rstrip())
    return f"\n{title}\n" + "\n".join(lines)


def summary(rows: Sequence[Row]) -> str:
    """Return the last line: how many targets are reached, which are missed, and what was not measured."""
    asked = [row for row in rows if row.reached is not None]
    missed = [
        f"{row.what} ({', '.join(filter(None, (row.lab, row.ratio)))}; target {row.target})"
        for row in asked
        if not row.reached
    ]
    absent = [row.what for row in rows if row.missing]
    line = f"{len(asked) - len(missed)} of {len(asked)} targets reached."
    if missed:
        line += f"  !!! MISSED: {'; '.join(missed)}."
    if absent:
        line += f"  !!! NOT MEASURED: {'; '.join(absent)}."
    return line


def times(ratio: float) -> str:
    """Return how many times faster, as text."""
    return f"{ratio:,.0f}×" if ratio >= 100 else f"{ratio:.2f}×" if ratio < 10 else f"{ratio:.1f}×"


def part(ratio: float) -> str:
    """Return a share of the baseline as text: 0.2 is 1/5."""
    return f"1/{1 / ratio:.1f}" if 0 < ratio <= 1 else f"{ratio:.2f}"
