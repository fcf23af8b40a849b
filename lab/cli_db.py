"""`python -m lab db upgrade | backup | backups | check | restore | forget`: looking after the database."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import cli_forget
from lab.cli_dataset_lines import say, say_json
from lab.cli_db_asking import confirm

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.store.backup import Backup
    from lab.store.checking import Checked


def add_parser(commands: Any) -> None:
    """Add the command to the subparsers of `python -m lab`."""
    db = commands.add_parser("db", help="look after the database")
    actions = db.add_subparsers(required=True, metavar="action")

    upgrade = actions.add_parser("upgrade", help="bring the database to this lab's revision")
    upgrade.set_defaults(run=_upgrade)

    backup = actions.add_parser("backup", help="copy the database into a file, while the lab goes on")
    backup.add_argument(
        "to", nargs="?", type=Path, metavar="FILE|DIR", help="without it: the folder backups beside the database"
    )
    backup.set_defaults(run=_backup)

    listing = actions.add_parser("backups", help="list the backups beside the database, the newest first")
    listing.set_defaults(run=_backups)

    check = actions.add_parser("check", help="check the database, or a backup: pages, references, revision, rows")
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a backup; without it: the database")
    check.set_defaults(run=_check)

    restore = actions.add_parser("restore", help="put a backup in the database's place, which is kept as a backup")
    restore.add_argument("file", type=Path, metavar="FILE", help="a backup; a name alone is looked for in backups too")
    restore.add_argument("--yes", action="store_true", help="do not ask")
    restore.set_defaults(run=_restore)

    cli_forget.add_action(actions)
    for action in (upgrade, backup, listing, check, restore):
        action.add_argument("--json", action="store_true", help="as JSON, one object a line")


def _upgrade(arguments: argparse.Namespace) -> int:
    from lab.store import upgrade

    settings = _settings()
    done = upgrade(settings.database_url, settings.data_dir)
    if arguments.json:
        say_json({"before": done.before, "after": done.after, "backup": done.backup and str(done.backup)})
        return 0
    say("The database is up to date.")
    if done.backup is not None:
        say(f"It was of revision {done.before}; a copy from before is {done.backup}")
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from lab.store import backup, open_store
    from lab.store.row_words import in_words

    settings = _settings()
    with closing(open_store(settings.database_url, settings.data_dir, read_only=True)) as store:
        made = backup.backup(store, arguments.to)
    if arguments.json:
        say_json(_json(made))
    else:
        say(f"{made.path}: {_size(made.size_bytes)}, {in_words(made.rows)}. It was checked and is whole.")
    return 0


def _backups(arguments: argparse.Namespace) -> int:
    from lab.store import backup
    from lab.store.address import address_of
    from lab.store.row_words import in_words

    settings = _settings()
    found = backup.listed(address_of(settings.database_url, settings.data_dir))
    for one in found:
        if arguments.json:
            say_json(_json(one))
        else:
            held = one.fault or f"revision {one.revision}, {in_words(one.rows)}"
            say(f"{one.path.name}: {one.made_at:%Y-%m-%d %H:%M} UTC, {_size(one.size_bytes)}, {held}")
    if not found and not arguments.json:
        say("There is no backup yet. Make one: python -m lab db backup")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from lab.store.checking import check, check_file
    from lab.store.row_words import in_words

    settings = _settings()
    if arguments.file is None:
        found = check(settings.database_url, settings.data_dir)
    else:
        found = check_file(_named(arguments.file, settings))
    if arguments.json:
        say_json(_checked(found))
        return 0
    older = ", of an earlier lab" if found.older else ""
    say(f"{found.place} is whole: revision {found.revision}{older}, {in_words(found.rows)}.")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from lab.store.checking import check_file
    from lab.store.restore import missing_from, restore
    from lab.store.row_words import in_words

    settings = _settings()
    file = _named(arguments.file, settings)
    lost = missing_from(file, settings.database_url, settings.data_dir)
    check_file(file)  # before anything is asked
    if lost is None or lost:
        confirm(arguments, f"{_lost(lost)} The present database is kept in the folder backups.", "restored")
    done = restore(file, settings.database_url, settings.data_dir)
    if arguments.json:
        kept = done.kept and str(done.kept)
        rows, taken = dict(done.rows), None if lost is None else dict(lost)
        say_json({"restored": str(file), "kept": kept, "before": done.before, "rows": rows, "taken_away": taken})
        return 0
    say(f"{done.place} holds {file.name} now: {in_words(done.rows)}. A lab that is open shows it at its next click.")
    if done.kept is not None:
        say(f"What was there before is {done.kept}")
    return 0


def _lost(lost: Mapping[str, int] | None) -> str:
    from lab.store.row_words import in_words

    if lost is None:
        return "The present database cannot be read, so nobody can tell what this takes away."
    return f"This takes away what came after the backup: {in_words(lost)}."


def _named(file: Path, settings: Settings) -> Path:
    """Return the file that is meant: a name alone that is not here is one of the folder of backups."""
    from lab.store.address import address_of
    from lab.store.schema import backups_of

    database = address_of(settings.database_url, settings.data_dir).path
    if database is not None and len(file.parts) == 1 and not file.exists():
        kept = backups_of(database) / file
        if kept.exists():
            return kept
    return file


def _json(made: Backup) -> dict[str, Any]:
    return {
        "file": str(made.path),
        "made_at": made.made_at.isoformat(),
        "bytes": made.size_bytes,
        "revision": made.revision,
        "rows": dict(made.rows),
        "fault": made.fault,
    }


def _checked(found: Checked) -> dict[str, Any]:
    return {
        "place": found.place,
        "revision": found.revision,
        "older": found.older,
        "bytes": found.size_bytes,
        "rows": dict(found.rows),
    }


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"


def _settings() -> Settings:
    from lab.config import load_settings

    return load_settings()
