"""`python -m lab router export | import | history`: routers as YAML files, laid out like `lab/conf`.

Importing edits the draft and adopts nothing: a person compares it with the live version on the Router page first.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import ConfigError
from lab.one_line import one_line

if TYPE_CHECKING:
    from lab.records import RouterVersion
    from lab.store import Store
    from lab.types import RouterConfig


def add_parser(commands: Any) -> None:
    """Add the command to the subparsers of `python -m lab`."""
    router = commands.add_parser("router", help="routers as YAML files, and which one was live when")
    actions = router.add_subparsers(required=True, metavar="action")

    out = actions.add_parser("export", help="write a router to a folder that is not there yet, or to a .zip")
    out.add_argument("target", metavar="DIR|ZIP", type=Path)
    out.add_argument("--version", default="live", metavar="N", help="live (default), draft, or a version's number")
    out.set_defaults(run=run_export)

    taken = actions.add_parser("import", help="put the router of a folder or a .zip into the draft")
    taken.add_argument("source", metavar="DIR|ZIP", type=Path)
    taken.set_defaults(run=run_import)

    history = actions.add_parser("history", help="which version went live when, the newest first")
    history.set_defaults(run=run_history)


def run_export(arguments: argparse.Namespace) -> int:
    """Write the files of a router and say where. Raises ConfigError, NotFound, StoreError."""
    from lab.conf_out import to_files, to_zip

    target: Path = arguments.target
    if target.exists():
        raise ConfigError(f"{target} is there already, and nothing of it is overwritten. Name another place.")
    store = _open(read_only=True)
    try:
        config, name = _wanted(store, arguments.version)
    finally:
        store.close()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".zip":
            target.write_bytes(to_zip(config, name))
        else:
            for path, text in to_files(config, name).items():
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                (target / path).write_text(text, encoding="utf-8")
    except OSError as err:
        raise ConfigError(f"{target} cannot be written: {err.strerror or err}. Name another place.") from err
    _say(f"{one_line(name)} is in {target}")
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    """Put a router into the draft and say what it changes. Raises ConfigError, EncoderUnavailable, StoreError."""
    from lab.conf_in import MAX_BYTES, from_files, from_zip
    from lab.config import load_settings
    from lab.differences import differences, summary
    from lab.drafting import Drafting
    from lab.live import Routers

    source: Path = arguments.source
    try:
        if source.is_dir():
            files = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*.yaml"))}
            if sum(path.stat().st_size for path in files.values()) > MAX_BYTES:
                raise ConfigError(
                    f"{source} holds more than {MAX_BYTES >> 20} MB of YAML. Name the folder of a router."
                )
            config = from_files({name: path.read_text(encoding="utf-8-sig") for name, path in files.items()})
        else:
            config = from_zip(source.read_bytes())
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{source} cannot be read: {err}. Name a folder laid out like lab/conf, or a zip.") from err
    store = _open(read_only=False)
    try:
        drafting = Drafting(store, Routers(store, load_settings()))
        taken = drafting.take_in(config, f"imported {source.name}")
        live, told = drafting.routers.adopted(), f" {one_line(taken.in_words)}".rstrip()
        if not differences(live.config, taken.draft.config):
            _say(f"{source} holds what v{live.number} is already: there is nothing to adopt.{told}")
        else:
            changed = one_line(summary(live.config, taken.draft.config))
            _say(f"The draft holds {source}: {changed}. Adopt it on the Router page.{told}")
    finally:
        store.close()
    return 0


def run_history(_: argparse.Namespace) -> int:
    """Print when which version went live. Raises StoreError."""
    from lab.store import versions

    store = _open(read_only=True)
    try:
        for adoption, version in versions.history(store):
            note = f" · {adoption.note}" if adoption.note else ""
            _say(f"{adoption.created_at:%Y-%m-%d %H:%M} {one_line(_label(version) + note)}")
    finally:
        store.close()
    return 0


def _wanted(store: Store, wanted: str) -> tuple[RouterConfig, str]:
    """Return the router that `--version` names, and a name for it."""
    from lab.store import drafts, versions

    if wanted == "draft":
        draft = drafts.current(store)
        if draft is None:
            raise ConfigError("There is no draft to export. Change the router first, or export the live version.")
        return draft.config, "draft"
    if wanted == "live":
        version = versions.live(store)
        if version is None:
            raise ConfigError("No router version is live in this database yet. Start the lab once (`make run`).")
        return version.config, _label(version)
    version = versions.by_number(store, int(wanted)) if wanted.isdecimal() and len(wanted) < 9 else None
    if version is None:
        raise ConfigError(f"No router version has the number {wanted!r}. `python -m lab router history` lists them.")
    return version.config, _label(version)


def _label(version: RouterVersion) -> str:
    return f'v{version.number} "{version.name}"'


def _open(*, read_only: bool) -> Store:
    from lab.config import load_settings
    from lab.store import open_store

    settings = load_settings()
    return open_store(settings.database_url, settings.data_dir, read_only=read_only)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
