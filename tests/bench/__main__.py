"""`python -m tests.bench [names…]`: measure, print, and end with what was missed. The exit status is always 0."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from time import perf_counter

from tests.bench.report import Missing, Row, summary, table

TABLES = (
    "quality", "clinc", "grid", "layer1", "layer2", "bulk", "load", "cold", "browser", "cell", "generate", "votes",
    "export",
)  # fmt: skip


def main() -> None:
    """Run the tables that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="The ratio tables of the lab.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(TABLES)}; all without any")
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(TABLES))
    if unknown:
        parser.error(f"no table is called {unknown[0]!r}; there are {', '.join(TABLES)}")
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
        "P50 is the median. A load above 0.3 means that others work here too: ratios hold, times drift.",
        flush=True,
    )
    rows: list[Row] = []
    for name in TABLES:
        if not names or name in names:
            rows += _run(name)
    print(f"\n{summary(rows)}")


def _run(name: str) -> list[Row]:
    module = importlib.import_module(f"tests.bench.{name}")
    rows: list[Row] = []
    start = perf_counter()
    try:
        for row in module.rows():  # what was measured before something is missing stays
            rows.append(row)  # noqa: PERF402
    except Missing as err:
        rows.append(Row(f"the rest of {name}" if rows else name, missing=str(err)))
    took = f"{perf_counter() - start:.0f} s, load {os.getloadavg()[0]:.1f}"
    print(table(f"{name}: {module.TITLE} ({took})", rows), flush=True)
    return rows


if __name__ == "__main__":
    main()
