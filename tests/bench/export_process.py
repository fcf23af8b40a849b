"""One step of an export in a process of its own, so that its memory is its own: prints a JSON object of figures."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from lab.store import Store, open_store


def main() -> None:
    """Do one of the steps on the data folder that is named."""
    step, data, *more = sys.argv[1:]
    with closing(open_store(data_dir=Path(data))) as store:
        _warm(store)
        base, start = _peak_kb(), perf_counter()
        facts = _STEPS[step](store, *more)
        facts |= {"s": perf_counter() - start, "base_kb": base, "peak_kb": _peak_kb()}
    print(json.dumps(facts))


def _peak_kb() -> int:
    """Return the most memory that this process took; `ru_maxrss` begins with the peak of whoever started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def _warm(store: Store) -> None:
    """Load what a step loads anyway, so that it is not counted as memory of the rows."""
    import lab.dpo.build
    import lab.dpo.formats.writing
    import lab.dpo.snapshots  # noqa: F401

    with store.read() as session:
        session.connection()


def _read(store: Store) -> dict[str, Any]:
    from tests.bench.export_data import texts_of

    return {"rows": sum(1 for _ in texts_of(store))}


def _dump(store: Store, to: str) -> dict[str, Any]:
    """Write the texts as one JSON Lines file, with the standard library and nothing else: the least a writer does."""
    from tests.bench.export_data import texts_of

    rows = 0
    with Path(to).open("w", encoding="utf-8") as file:
        for prompt, first, second in texts_of(store):
            file.write(json.dumps({"prompt": prompt, "chosen": first, "rejected": second}, ensure_ascii=False) + "\n")
            rows += 1
    return {"rows": rows}


def _build(store: Store, tokenizer: str = "") -> dict[str, Any]:
    from lab.dpo.build import build
    from lab.dpo.report import report
    from lab.dpo.spec import Policy, Spec
    from lab.store.judged import moment

    with moment(store) as at:
        found = report(build(store, at, Spec(policy=Policy(tokenizer=tokenizer))))
    return {"rows": found.judged, "kept": found.kept}


def _freeze(store: Store) -> dict[str, Any]:
    from lab.dpo.snapshots import freeze
    from lab.dpo.spec import Spec
    from lab.types import new_id

    snapshot = freeze(store, Spec(), snapshot_id=new_id(), name="bench")
    return {"rows": snapshot.rows, "snapshot": snapshot.id}


def _write(store: Store, snapshot_id: str, to: str) -> dict[str, Any]:
    from lab.dpo.formats.registry import FORMATS, choice
    from lab.dpo.snapshots import write_files
    from lab.store import snapshots

    main = [choice(name) for name, form in FORMATS.items() if form.main]
    written = write_files(store, snapshots.get(store, snapshot_id), main, Path(to))
    return {"rows": sum(written.counts.values()), "bytes": sum(one.bytes for one in written.files.values())}


_STEPS: dict[str, Any] = {
    "read": _read, "dump": _dump, "build": _build, "freeze": _freeze, "write": _write,
}  # fmt: skip

if __name__ == "__main__":
    main()
