"""What stands under every figure of the Tune page: n, interval, split, seed and hashes."""

from __future__ import annotations

from lab.forensics.tuning import Tuning
from lab.ui.workbench import Workbench


def caption(bench: Workbench, found: Tuning, n: int, split: str, interval: str) -> str:
    """Return the line that makes a figure reproducible."""
    if found.nested:
        split = f"{split} (all rows, nested)"
    router = found.grid.config.content_hash(bench.evidence(found.grid.config).encoder.fingerprint)
    return (
        f"n = {n:,} {split} rows · {interval} · seed {found.spec.seed} · dataset {bench.rows.hash[:10]} · "
        f"router {router[:10]}"
    )
