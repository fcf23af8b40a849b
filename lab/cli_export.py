"""`python -m lab export`: votes frozen as a snapshot and written for a trainer, or only looked at.

Progress is on standard error. Exit status: 0 done, 2 bad input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli_dataset_lines import harmless, say_json
from lab.cli_export_lines import say_report, told
from lab.errors import ExportError, NotFound

if TYPE_CHECKING:
    from lab.dpo.spec import Spec
    from lab.store import Store


def add_parser(commands: Any) -> None:
    """Add the command to the subparsers of `python -m lab`."""
    export = commands.add_parser("export", help="freeze the votes as a snapshot and write it for a trainer")
    export.add_argument("--out", type=Path, metavar="DIR", help="a new folder; without: nothing is written, only said")
    export.add_argument(
        "--format", action="append", default=[], metavar="F", help="trl (default), reward, kto, llamafactory, hf, "
        "axolotl, openai, sft; most also as F:jsonl, F:json or F:parquet; once for each",
    )  # fmt: skip
    export.add_argument("--snapshot", metavar="S", help="write this one instead of freezing another")
    export.add_argument("--name", default="", help="of the snapshot; without: the name of the folder")
    export.add_argument("--licence", default="", help="of the dataset, such as cc-by-4.0")
    export.add_argument("--filter", action="append", default=[], metavar="NAME=VALUE", help="such as query_type=code")
    export.add_argument("--rule", help="majority (default), unanimous, annotator or adjudicated")
    export.add_argument("--annotator", metavar="NAME", help="whose votes count alone, with --rule annotator")
    export.add_argument("--min-votes", type=int, metavar="N", help="on a duel; without: 1")
    export.add_argument("--trainer", help="dpo (default), reward, kto or sft: whose length rules the doctor looks at")
    export.add_argument("--model", metavar="M", help="the model to be trained, as the answers name it")
    export.add_argument("--tokenizer", metavar="DIR", help="folder of its tokenizer; without: tokens are estimates")
    export.add_argument("--max-length", type=int, metavar="N", help="tokens that the trainer takes; without: 1024")
    export.add_argument("--system", metavar="TEXT", help="system prompt of all pairs; an empty one takes all away")
    export.add_argument("--exclude", action="append", default=[], metavar="RULE", help="leave out what a rule warns of")
    export.add_argument("--mask", action="store_true", help="cover personal data")
    export.add_argument(
        "--near", metavar="HOW:SHARE", help="which prompts are near-duplicates: minhash:0.8 (default), or cosine:0.92"
    )
    export.add_argument("--shares", metavar="A,B,C", help="of train, validation and test; without: .8,.1,.1")
    export.add_argument("--seed", type=int, metavar="N", help="of the split; without: 0")
    export.add_argument("--family", metavar="NAME", help="of splits: another name deals all prompts out anew")
    export.add_argument("--check", action="store_true", help="only say what the doctor says; nothing is stored")
    export.add_argument("--json", action="store_true", help="one JSON object")
    export.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace) -> int:
    """Freeze and write, or only look, and return the exit status. Raises ExportError, NotFound, StoreError."""
    from lab.dpo import snapshots
    from lab.dpo.formats.placing import refuse_taken, refuse_unwritable
    from lab.dpo.formats.registry import choice
    from lab.store import snapshots as stored
    from lab.store.snapshots import MAX_NAME
    from lab.types import new_id

    _refuse_unused(arguments)
    choices = [choice(one) for one in arguments.format or ["trl"]]
    if arguments.out is None and not arguments.check and not arguments.snapshot:
        raise ExportError("Say where the files go: --out DIR; or only look at what the doctor says: --check.")
    if arguments.out is not None:
        refuse_taken(arguments.out)  # before all votes are read, and before anything is frozen
        refuse_unwritable(arguments.out)
    with opened() as store:
        spec = spec_of(arguments, store)
        if arguments.check:
            return _checked(store, spec, as_json=arguments.json)
        if arguments.snapshot:
            snapshot = stored.get(store, arguments.snapshot)
        else:
            name = arguments.name or " ".join(arguments.out.resolve().name.split())[:MAX_NAME]
            snapshot = snapshots.freeze(
                store, spec, snapshot_id=new_id(), name=name, licence=arguments.licence, choices=choices,
                progress=_progress, encode=_encoder(spec),
            )  # fmt: skip
        if arguments.out is None:
            raise ExportError("Say where the files of the snapshot go: --out DIR.")
        written = snapshots.write_files(store, snapshot, choices, arguments.out, progress=_progress)
        snapshot = snapshots.note(store, snapshot, written)
    _quiet()
    return told(snapshot, written, choices, as_json=arguments.json)


_OF_WRITING = ("run", "command", "out", "format", "snapshot", "json")


def _refuse_unused(arguments: argparse.Namespace) -> None:
    """Raise ExportError for options that would do nothing beside others."""
    if arguments.annotator and arguments.rule != "annotator":
        raise ExportError("--annotator says whose votes make the pairs, which only --rule annotator asks for.")
    if not arguments.snapshot:
        return
    given = [name for name, value in vars(arguments).items() if value and name not in _OF_WRITING]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise ExportError(f"{option} does nothing to a snapshot, which is frozen. Leave it away, or --snapshot.")


def spec_of(arguments: argparse.Namespace, store: Store) -> Spec:
    """Return what the arguments ask for. Raises ExportError, NotFound."""
    from lab.dpo.checks.catalogue import OF_ROWS
    from lab.dpo.spec import Filters, Policy, Spec, checked, filtered

    unknown = [rule for rule in arguments.exclude if rule not in OF_ROWS]
    if unknown:
        raise ExportError(f"--exclude {unknown[0]!r} names no rule of single pairs. Take one of: {', '.join(OF_ROWS)}.")
    policy = Policy(**_given(trainer=arguments.trainer, model=arguments.model, tokenizer=arguments.tokenizer,
                             max_length=arguments.max_length))  # fmt: skip
    system = None if arguments.system is None else "replaced" if arguments.system.strip() else "none"
    given = _given(
        system=system,
        rule=arguments.rule, min_votes=arguments.min_votes, seed=arguments.seed, family=arguments.family,
        system_text=arguments.system, shares=_shares(arguments.shares),
        annotator=None if arguments.annotator is None else _annotator(store, arguments.annotator),
    )  # fmt: skip
    spec = Spec(policy=policy, exclude=tuple(arguments.exclude), mask=arguments.mask, **given)
    if arguments.near is not None:
        spec = replace(spec, **_near(arguments.near))
    filters = tuple(_with_ids(store, one) for one in arguments.filter)
    return filtered(checked(replace(spec, filters=Filters())), filters)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _shares(given: str | None) -> tuple[float, ...] | None:
    if given is None:
        return None
    try:
        return tuple(float(one) for one in given.split(","))
    except ValueError as err:
        raise ExportError(f"--shares {given!r} are no three numbers. Write .8,.1,.1.") from err


def _near(given: str) -> dict[str, Any]:
    how, _, share = given.partition(":")
    try:
        return {"nearness": how, "near": float(share)}
    except ValueError as err:
        raise ExportError(f"--near {given!r} cannot be read. Write minhash:0.8 or cosine:0.92.") from err


def _with_ids(store: Store, given: str) -> str:
    """Return a filter with the id of an annotator or a router version in the place of a name or number."""
    from lab.store import versions

    name, equals, value = given.partition("=")
    if name.strip() in ("annotator", "annotators"):
        return f"{name}{equals}{_annotator(store, value.strip())}"
    if name.strip() in ("router_version", "router_versions"):
        number = value.strip().removeprefix("v")
        known = {str(one.number): one.id for one in versions.recent(store)}
        return f"{name}{equals}{known.get(number, value.strip())}"
    return given


def _annotator(store: Store, name: str) -> str:
    from lab.store import annotators

    people = annotators.listed(store)
    for one in people:
        if name in (one.name, one.id):
            return one.id
    raise NotFound(f"Nobody is called {name!r}. There are: {', '.join(one.name for one in people[:12]) or 'none yet'}.")


def _encoder(spec: Spec) -> Any:
    """Return what turns texts into vectors, where near-duplicates are looked for by cosine."""
    if spec.nearness != "cosine":
        return None
    from lab.config import load_settings
    from lab.live import Routers

    settings = load_settings()
    routers = Routers(None, settings, ())
    return routers.encoder(routers.live().version.config.encoder).encode


@contextmanager
def opened() -> Iterator[Store]:
    """Give the store of the settings."""
    from lab.config import load_settings
    from lab.store import open_store

    settings = load_settings()
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        yield store


# ------------------------------------------------------------------------------------------------- what came of it


def _checked(store: Store, spec: Spec, *, as_json: bool) -> int:
    from lab.dpo import report as reporting
    from lab.dpo.build import build
    from lab.store.judged import moment

    with moment(store) as at:
        found = reporting.report(build(store, at, spec, progress=_progress, encode=_encoder(spec)))
    _quiet()
    if as_json:
        say_json(reporting.to_json(found))
    else:
        say_report(found)
    return 0


def _progress(done: int, total: int | None, note: str) -> None:
    if sys.stderr.isatty():
        share = f"{done / total:.0%}, " if total else ""
        sys.stderr.write(f"\r\033[K{share}{harmless(note)}")
        sys.stderr.flush()


def _quiet() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
