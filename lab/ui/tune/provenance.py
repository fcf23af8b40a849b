"""What stands under every figure of the Tune page, and what its file is called: n, interval, split, seed and hashes."""

from __future__ import annotations

from lab.forensics.tuning import Tuning
from lab.ui.workbench import Workbench


def caption(bench: Workbench, found: Tuning, n: int, split: str, interval: str) -> str:
    """Return the line that makes a figure reproducible."""
    router = found.grid.config.content_hash(bench.evidence(found.grid.config).encoder.fingerprint)
    return (
        f"n = {rows(found, n, split)} · {interval} · seed {found.spec.seed} · dataset {bench.rows.hash[:10]} · "
        f"router {router[:10]}"
    )


def rows(found: Tuning, n: int, split: str) -> str:
    """Return `239 tune rows`; where a dataset is too small for splits, `all 60 rows` or `33 of all 60 rows`."""
    if not found.nested:
        return f"{n:,} {split} row{'s' * (n != 1)}"
    every = len(found.dev)
    if n > every:  # those without a label among them
        return f"{n:,} rows"
    whole = f"all {every:,} rows" if every != 1 else "1 row"
    return whole if n == every else f"{n:,} of {whole}"


def file(bench: Workbench, what: str, *settings: str) -> str:
    """Return the name of a download, without its ending: the dataset, what it is, its settings and the hash."""
    return "-".join([bench.rows.dataset.name, what, *(one.replace(",", "_") for one in settings), bench.rows.hash[:8]])
