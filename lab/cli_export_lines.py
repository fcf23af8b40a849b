"""What `python -m lab export` and `snapshot show` print: the doctor's report, and what was written."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from lab.cli_dataset_lines import say, say_json

if TYPE_CHECKING:
    from lab.dpo.formats.registry import Choice
    from lab.dpo.formats.writing import Written
    from lab.dpo.report import Report
    from lab.exported import Snapshot


def say_report(found: Report) -> None:
    """Print what the doctor says."""
    from lab.dpo import wording
    from lab.store.row_words import counted

    pairs = counted(found.pairs, "pair")
    say(f"{counted(found.votes, 'vote')} on {counted(found.judged, 'duel')}, {pairs}, {found.kept:,} kept.")
    for reason, count in wording.losses(found).items():
        say(f"  {count:>9,}  {reason}")
    if not found.judged and not found.likes:
        say("There is nothing to export yet. Judge duels on the Label page first, or import preferences there.")
        return
    for split, count in found.splits.items():
        say(f"{split}: {counted(count, 'pair')} of {counted(found.clusters[split], 'group')} of prompts")
    if found.settled:
        say(
            f"{found.settled:,} of them keep the side that their prompt had before; shares and seed are for the others."
        )
    if found.likes or found.likes_left_out:
        say(f"{counted(found.likes, 'answer')} with a thumb, for KTO")
    for reason, count in found.likes_left_out.items():
        say(f"  {count:>9,}  {wording.why(reason)}")
    if found.likes:
        for split, (liked, disliked) in found.examples.items():
            say(f"KTO, {split}: {liked:,} liked and {disliked:,} disliked")
    for one in found.findings:
        say(f"{one.severity}  {one.rule}: {wording.finding(one)}")


def told(snapshot: Snapshot, written: Written, choices: Sequence[Choice], *, as_json: bool) -> int:
    """Print what was written and return the exit status."""
    from lab.dpo.training import TRAINED_ON
    from lab.store.row_words import counted

    if as_json:
        files = {path: asdict(made) for path, made in written.files.items()}
        say_json(
            {"snapshot": snapshot.id, "name": snapshot.name, "hash": snapshot.content_hash, "rows": snapshot.rows,
             "liked": snapshot.liked, "splits": dict(written.counts), "folder": str(written.folder), "files": files}
        )  # fmt: skip
        return 0
    splits = ", ".join(f"{split} {count:,}" for split, count in written.counts.items())
    thumbs = f"; {counted(written.liked, 'answer')} with a thumb" if written.liked else ""
    say(f"{snapshot.name!r} ({snapshot.id}, hash {(snapshot.content_hash or '')[:12]}): {splits}{thumbs}.")
    rows = {one.format: _rows_of(written, one.format) for one in choices}
    for form, sides in rows.items():
        said = ", ".join(f"{split} {count:,}" for split, count in sides.items())
        say(f"  {written.folder / form}: {said}" if said else f"  no {form}: none of the rows fits it")
    for form, count in written.left_out.items():
        say(f"{form} cannot hold {count:,} of the pairs.")
    trained = [form for form in rows if form in TRAINED_ON.values()]
    if trained and not any("train" in rows[form] for form in trained):
        say("Nothing of it is for training: all prompts have their side already. Another --family deals them out anew.")
    elif trained:
        data = shlex.join(["--data", str(written.folder)])
        say(f"Train on it: python -m lab train-recipe {snapshot.id} {data}")
    return 0


def _rows_of(written: Written, form: str) -> dict[str, int]:
    """Return how many rows a format has on each side of the split, without the empty ones."""
    from lab.dpo.rows import SPLITS

    found: dict[str, int] = {}
    for path, made in written.files.items():
        side = next((one for one in SPLITS if path.split("/")[-1].startswith(one)), None)
        if path.startswith(f"{form}/") and side is not None:
            found[side] = found.get(side, 0) + made.rows
    return found
