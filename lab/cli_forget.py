"""`python -m lab db forget`: delete a text everywhere, or remove a person, on request."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from lab.cli_dataset_lines import harmless, say, say_json
from lab.cli_db_asking import confirm
from lab.errors import KeepingError, NotFound

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.judging import Annotator
    from lab.preferences.erasure import Erased, Preview
    from lab.store import Store

_SHOWN = 10  # excerpts
_STILL = "{count} from before may still hold it: python -m lab db backups lists them; --delete-backups deletes them."


def add_action(actions: Any) -> None:
    """Add the action to the subparsers of `python -m lab db`."""
    forget = actions.add_parser("forget", help="delete a text everywhere, or remove a person, and keep a record of it")
    whom = forget.add_mutually_exclusive_group(required=True)
    whom.add_argument("--text", metavar="TEXT", help="what is looked for, whatever its case; - reads standard input")
    whom.add_argument("--annotator", metavar="NAME_OR_ID", help="whose name, PIN, link, notes and answers go")
    forget.add_argument("--votes", action="store_true", help="with --annotator: the votes go too")
    forget.add_argument("--delete-backups", action="store_true", help="delete the backups from before as well")
    forget.add_argument("--yes", action="store_true", help="do not ask")
    forget.add_argument("--json", action="store_true", help="as one JSON object")
    forget.set_defaults(run=_forget)


def _forget(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.store import open_store
    from lab.store.address import address_of

    if arguments.votes and arguments.annotator is None:
        raise KeepingError("--votes goes with --annotator: it takes the votes of that person away.")
    settings = load_settings()
    place = address_of(settings.database_url, settings.data_dir)
    if place.path is not None and not place.path.exists():
        raise NotFound(f"There is no database at {place} yet, so there is nothing to delete.")
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        if arguments.annotator is not None:
            return _person(arguments, store, settings)
        return _text(arguments, store, settings)


def _text(arguments: argparse.Namespace, store: Store, settings: Settings) -> int:
    from lab.preferences import erasure
    from lab.store.row_words import in_words
    from lab.types import new_id

    given = sys.stdin.read() if arguments.text == "-" else arguments.text
    seen = erasure.preview(store, settings.data_dir, given)
    if not arguments.json:
        _show(store, seen)
    if not seen.anything:
        if arguments.json:
            say_json(_json(store, seen, None))
        else:
            say("Nothing that can be deleted holds it.")
        return 0
    confirm(arguments, f"This deletes it in {in_words(seen.counts)}, for good.", "deleted")
    return _done(arguments, store, erasure.erase(store, settings.data_dir, new_id(), given), seen)


def _person(arguments: argparse.Namespace, store: Store, settings: Settings) -> int:
    from lab.preferences import erasure
    from lab.types import new_id

    who = _whom(store, arguments.annotator)
    votes = "and the votes" if arguments.votes else "while the verdicts stay under a number"
    confirm(arguments, f"This takes away the name, PIN, link, notes and answers of {who.name!r}, {votes}.", "deleted")
    done = erasure.remove_person(store, settings.data_dir, new_id(), who.id, votes=arguments.votes)
    return _done(arguments, store, done, None)


def _whom(store: Store, name_or_id: str) -> Annotator:
    from lab.store import annotators
    from lab.store.annotators import name_key

    there = [one for one in annotators.listed(store) if one.removed_at is None]
    for one in there:
        if one.id == name_or_id or name_key(one.name) == name_key(name_or_id):
            return one
    names = ", ".join(repr(one.name) for one in there[:8]) or "nobody yet"
    raise KeepingError(f"Nobody here is called {name_or_id!r}. There is: {names}.")


def _show(store: Store, seen: Preview) -> None:
    from lab.preferences import erasure

    for excerpt in seen.found.excerpts[:_SHOWN]:
        say(f"{excerpt.table}.{excerpt.column}: {excerpt.text}")
    more = sum(seen.found.replaced.values()) - _SHOWN
    if more > 0:
        say(f"… and {more:,} more rows")
    for one in seen.datasets:
        say(f"dataset {one.dataset.name}: {len(one.rows):,} of its {one.dataset.rows:,} rows are left out from now on")
    for loss in seen.found.losses:
        say(f"snapshot {loss.snapshot.name}: {loss.rows:,} of its {loss.snapshot.rows:,} rows are gone from now on")
    for export in seen.exports:
        say(f"export {export.path}: deleted; `python -m lab snapshot rebuild` writes it again without those rows")
    for left in seen.found.reported:
        say(f"stays: {erasure.way_out(store, left)}")
    for sentence in seen.unread:
        say(f"not looked through: {sentence}")


def _done(arguments: argparse.Namespace, store: Store, done: Erased, seen: Preview | None) -> int:
    from lab.preferences import erasure
    from lab.store.row_words import counted, in_words

    taken = erasure.delete_backups(store, done.backups) if arguments.delete_backups else 0
    if arguments.json:
        say_json(_json(store, seen, done) | {"backups_deleted": taken})
    else:
        say(f"Deleted: {in_words(done.deletion.counts)}. The record of it says when and how much, not what.")
        if taken:
            say(f"{counted(taken, 'backup')} from before deleted.")
        elif done.backups:
            say(_STILL.format(count=counted(len(done.backups), "backup")))
    if done.left is not None:
        sys.stdout.flush()
        sys.stderr.write(f"lab: {harmless(done.left)}\n")
        return 1
    return 0


def _json(store: Store, seen: Preview | None, done: Erased | None) -> dict[str, Any]:
    from lab.preferences import erasure
    from lab.store import backup

    said: dict[str, Any] = {
        "deleted": None if done is None else dict(done.deletion.counts),
        "record": None if done is None else done.deletion.id,
        "bytes_left": None if done is None else done.left,
        "backups": [str(one.path) for one in (done.backups if done else backup.listed(store.address))],
    }
    if seen is not None:
        said["stays"] = [erasure.way_out(store, left) for left in seen.found.reported]
        said["not_looked_through"] = list(seen.unread)
    return said
