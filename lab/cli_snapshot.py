"""`python -m lab snapshot list | show | diff | rebuild | delete` and `train-recipe`: what to do with frozen exports.

Exit status: 0 done, 1 a rebuilt file differs from what was written before, 2 bad input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli_dataset_lines import harmless, say, say_json
from lab.cli_export import opened
from lab.cli_export_lines import say_report

if TYPE_CHECKING:
    from lab.exported import Snapshot

_SHOWN = 20


def add_parsers(commands: Any) -> None:
    """Add the commands to the subparsers of `python -m lab`."""
    snapshot = commands.add_parser("snapshot", help="frozen exports: list, show, diff, rebuild, delete")
    actions = snapshot.add_subparsers(required=True, metavar="action")
    for name, run, about, names in (
        ("list", run_list, "list the snapshots, the newest first", ()),
        ("show", run_show, "what a snapshot holds, and what the doctor said", ("snapshot",)),
        ("diff", run_diff, "what was added, removed and judged otherwise from one to another", ("before", "after")),
        ("rebuild", run_rebuild, "write the files of a snapshot again and compare them", ("snapshot",)),
        ("delete", run_delete, "delete a snapshot; the votes and the sides of its prompts stay", ("snapshot",)),
    ):
        one = actions.add_parser(name, help=about)
        for argument in names:
            one.add_argument(argument, help="its name, or how its id or hash begins")
        if name == "rebuild":
            one.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
        one.add_argument("--json", action="store_true", help="one JSON object" + (" a line" if name == "list" else ""))
        one.set_defaults(run=run)

    recipe = commands.add_parser("train-recipe", help="print a TRL script, and its command, for a snapshot")
    recipe.add_argument("snapshot", help="its name, or how its id or hash begins")
    recipe.add_argument("--model", metavar="M", help="to be trained; without: the one that the snapshot names")
    recipe.add_argument("--data", metavar="DIR", help="folder of its files; without: what the Export page wrote")
    recipe.add_argument("--trainer", help="dpo, reward or kto; without: the snapshot's")
    recipe.set_defaults(run=run_recipe)


def run_list(arguments: argparse.Namespace) -> int:
    """Print the snapshots. Raises StoreError."""
    from lab.store import snapshots as stored

    with opened() as store:
        found = stored.listed(store)
    for one in found:
        if arguments.json:
            say_json(_facts(one))
        else:
            at = f"{one.frozen_at or one.created_at:%Y-%m-%d %H:%M}"
            say(f"{one.id}  {at}  {one.name}: {_rows(one)}, hash {(one.content_hash or '')[:12]}")
    if not found and not arguments.json:
        say("No snapshot was frozen yet: python -m lab export --out DIR")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Print a snapshot. Raises NotFound, StoreError."""
    from lab.dpo import snapshots, wording
    from lab.store import snapshots as stored

    with opened() as store:
        one = stored.get(store, arguments.snapshot)
    if arguments.json:
        say_json(_facts(one) | {"spec": dict(one.spec), "report": dict(one.report), "files": dict(one.files)})
        return 0
    spec = snapshots.spec_of(one)
    say(f"{one.name} ({one.id}), frozen {one.frozen_at or one.created_at:%Y-%m-%d %H:%M} UTC: {_rows(one)}.")
    say(f"hash {one.content_hash}, family of splits {one.family}")
    for sentence in (*wording.asked(spec), wording.system_prompt(spec)):
        say(f"  {sentence}")
    say_report(snapshots.report_of(one))
    for path, made in one.files.items():
        say(f"  {path}: {made['rows']:,} rows, {made['bytes']:,} bytes, sha256 {made['sha256']}")
    return 0


def run_diff(arguments: argparse.Namespace) -> int:
    """Print what is different. Raises NotFound, StoreError."""
    from lab.dpo import comparing
    from lab.store import snapshots as stored

    with opened() as store:
        before, after = (stored.get(store, which) for which in (arguments.before, arguments.after))
        found = comparing.diff(store, before, after)
    parts = {
        "added": found.added, "removed": found.removed, "changed": found.changed, "moved": found.moved,
        "reworded": found.reworded,
    }  # fmt: skip
    if arguments.json:
        say_json({"before": before.id, "after": after.id, "same": found.same, **{k: list(v) for k, v in parts.items()}})
        return 0
    said = ", ".join(f"{len(ids):,} {what}" for what, ids in parts.items())
    say(f"From {before.name!r} to {after.name!r}: {said}, {found.same:,} the same.")
    for what, ids in parts.items():
        _some(what, ids)
    return 0


def _some(what: str, ids: Sequence[str]) -> None:
    for one in ids[:_SHOWN]:
        say(f"  {what}  {one}")
    if len(ids) > _SHOWN:
        say(f"  {what}  {len(ids) - _SHOWN:,} more; --json names all")


def run_rebuild(arguments: argparse.Namespace) -> int:
    """Write a snapshot again and return the exit status. Raises ExportError, NotFound, StoreError."""
    from lab.dpo import comparing
    from lab.store import snapshots as stored

    with opened() as store:
        one = stored.get(store, arguments.snapshot)
        found = comparing.rebuild(store, one, arguments.out)
    if arguments.json:
        say_json({"snapshot": one.id, "folder": str(found.written.folder), "same": list(found.same),
                  "differing": list(found.differing), "reworded": list(found.reworded), "new": list(found.unknown),
                  "gone": found.gone})  # fmt: skip
        return 1 if found.differing else 0
    say(f"{one.name!r} is in {found.written.folder}: {len(found.same):,} files the same to the byte.")
    if found.unknown:
        say(f"{len(found.unknown):,} files were not written before, so nothing could be compared.")
    if found.gone:
        rows = "1 row" if found.gone == 1 else f"{found.gone:,} rows"
        say(f"Text of {rows} was deleted on request since and is not in it.")
    for path in found.reworded:
        say(f"  worded otherwise by this version of the lab: {path}")
    for path in found.differing:
        say(f"  differs: {path}")
    return 1 if found.differing else 0


def run_delete(arguments: argparse.Namespace) -> int:
    """Delete a snapshot. Raises NotFound, StoreError."""
    from lab.store import snapshots as stored

    with opened() as store:
        one = stored.delete(store, stored.get(store, arguments.snapshot).id)
    say_json({"deleted": one.id}) if arguments.json else say(f"{one.name!r} is deleted. Files that you exported stay.")
    return 0


def run_recipe(arguments: argparse.Namespace) -> int:
    """Print a script for TRL. Raises ExportError, NotFound, StoreError."""
    from lab.dpo.recipe import recipe
    from lab.dpo.training import recipe_facts
    from lab.store import snapshots as stored

    with opened() as store:
        one = stored.get(store, arguments.snapshot)
    data = arguments.data or _on_the_shelf(one)
    facts = recipe_facts(one, model=arguments.model, data=data, trainer=arguments.trainer)
    sys.stdout.write(recipe(facts))
    if not any(Path(facts.data).glob("train.*")):
        sys.stderr.write(harmless(f"There is no train file in {facts.data} on this machine; --data DIR says where.\n"))
    return 0


def _on_the_shelf(one: Snapshot) -> str | None:
    """Return the folder in which the Export page wrote a snapshot, None where it did not."""
    from lab.config import load_settings
    from lab.store import exports_shelf

    folder = exports_shelf.folder_for(load_settings().data_dir, one.id, one.name)
    return str(folder) if folder.is_dir() else None


def _rows(one: Snapshot) -> str:
    likes = f", {one.liked:,} answers with a thumb" if one.liked else ""
    gone = f"; text of {one.gone:,} was deleted on request" if one.gone else ""
    return f"{one.rows - one.liked:,} pairs{likes}{gone}"


def _facts(one: Snapshot) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "hash": one.content_hash, "rows": one.rows, "liked": one.liked,
        "gone": one.gone, "family": one.family, "created_at": one.created_at.isoformat(),
    }  # fmt: skip
