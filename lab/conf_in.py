"""YAML files as a router: an upload, a zip or a folder that somebody else may have made, composed like `lab/conf`.

Hydra looks for files by name, so what config.yaml names must be among the files, and nothing else is looked for.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from lab import conf_files
from lab.config import compose
from lab.errors import ConfigError
from lab.types import Expert, RouterConfig

MAX_BYTES = 32 << 20
"""What the files may hold together, unpacked, in bytes."""

MAX_FILES = 500
"""How many files a router is read from: Hydra's time grows with the square of their number (500: some 12 s)."""

_GROUPS = ("router", "fitted", "experts")
_SETTINGS = ("provider", "price", "options")
_KNOWN = {
    "config.yaml": ("defaults", "encoder", "providers", "router", "experts"),
    "router": (
        "strategy", "fallback", "threshold", "min_margin", "aggregate", "top_k", "on_conflict", "scorer",
        "learned", "calibrator",
    ),
    "experts": ("model", "system_prompt", "threshold", "patterns", "utterances", *_SETTINGS),
}  # fmt: skip
_IGNORED = {"__MACOSX", ".DS_Store", "Thumbs.db"}


def from_zip(packed: bytes) -> RouterConfig:
    """Return the router of a zip of files laid out like `lab/conf`, at its top or in one folder.

    Raises ConfigError, in a sentence, for what is no zip, is encrypted, unpacks to more than MAX_BYTES, holds a path
    that leads out of its folder, and like `from_files`.
    """
    import zipfile
    import zlib

    if len(packed) > MAX_BYTES:
        raise _too_big(len(packed))
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            texts = _texts_of(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as err:
        raise ConfigError(
            f"This is not a zip that can be read ({err}). Export a router to see one, or zip a folder laid out like "
            "lab/conf without a password."
        ) from err
    return from_files(texts)


def from_files(files: Mapping[str, str]) -> RouterConfig:
    """Return the router that these files describe, by path, composed like `lab/conf` and as strictly.

    Files that are not YAML are passed over. Raises ConfigError for a path that leads out of the folder, a file that is
    missing or not understood, an unknown key, a value that cannot be; whether the router works is asked when it is
    built.
    """
    if sum(len(text) for text in files.values()) > MAX_BYTES:
        raise _too_big(sum(len(text) for text in files.values()))
    wanted = _unwrapped({_path(name): text for name, text in files.items() if not _is_ignored(name)})
    if len(wanted) > MAX_FILES:
        raise _too_many(len(wanted))
    _check_names(wanted)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        try:
            for path, text in wanted.items():
                _write(folder, path, text)
            for path in wanted:
                _check_content(path, conf_files.parse_foreign(folder / path), wanted)
            return compose((), folder).router
        except ConfigError as err:
            said = str(err).replace(f"{folder}/", "").replace("Correct it, then start again.", "Correct it.")
            raise ConfigError(said) from err


def with_settings_kept(read: RouterConfig, now: RouterConfig) -> tuple[RouterConfig, tuple[str, ...]]:
    """Return a router that was read with the provider, price and options that its experts have in `now`.

    They are settings of a machine, which no file of another one changes; an expert that `now` does not have gets the
    defaults. The sentences say what was left out.
    """
    were = {expert.name: expert for expert in now.experts}
    experts, said = [], []
    for expert in read.experts:
        own = were.get(expert.name, Expert(expert.name))
        left = [name for name in _SETTINGS if getattr(expert, name) != getattr(own, name)]
        experts.append(replace(expert, **{name: getattr(own, name) for name in _SETTINGS}))
        if left:
            one = left == ["provider"] or left == ["price"]
            what = " and ".join(filter(None, (", ".join(left[:-1]), left[-1])))
            said.append(
                f"The {what} of {expert.name} {'is a setting' if one else 'are settings'} of this machine and "
                f"{'was left as it is' if one else 'were left as they are'}."
            )
    return replace(read, experts=tuple(experts)), tuple(said)


def _write(folder: Path, path: str, text: str) -> None:
    try:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="")
    except OSError as err:
        shown = path if len(path) <= 80 else f"{path[:79]}…"
        raise ConfigError(f"{shown} cannot be a file here: {err.strerror or err}. Rename it.") from err
    except UnicodeEncodeError as err:
        raise ConfigError(f"{path} holds half a character at position {err.start}. Retype it.") from err


def _too_big(found: int) -> ConfigError:
    return ConfigError(
        f"The files hold {found / 2**20:,.0f} MB unpacked or more; a router has at most {MAX_BYTES >> 20} MB. "
        "Take out what does not belong to it."
    )


def _too_many(found: int) -> ConfigError:
    return ConfigError(
        f"There are {found:,} files; a router can be read from {MAX_FILES}. Leave out what is not of it."
    )


def _texts_of(archive: Any) -> dict[str, str]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_ignored(entry.filename)]
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise _too_big(sum(entry.file_size for entry in entries))
    if len(entries) > 10 * MAX_FILES:  # of which some may be pictures and notes
        raise _too_many(len(entries))
    texts: dict[str, str] = {}
    left = MAX_BYTES
    for entry in entries:
        if entry.filename in texts:
            raise ConfigError(f"The zip holds {entry.filename} twice. Keep one of them.")
        with archive.open(entry) as stream:
            content = stream.read(left + 1)  # what the zip says of itself need not be true
        left -= len(content)
        if left < 0:
            raise _too_big(MAX_BYTES + 1)
        texts[entry.filename] = _decoded(entry.filename, content)
    return texts


def _decoded(name: str, content: bytes) -> str:
    if PurePosixPath(name).suffix != ".yaml":
        return ""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ConfigError(f"{name} cannot be read as UTF-8 text ({err}). Save it as UTF-8.") from err


def _is_ignored(name: str) -> bool:
    return bool(_IGNORED & set(re.split(r"[/\\]", name)))


def _path(name: str) -> str:
    """Return a path inside the folder. ConfigError for one that leads elsewhere."""
    parts = name.split("/")
    if "\\" in name or ":" in name or "\0" in name or not name or any(part in ("", ".", "..") for part in parts):
        raise ConfigError(f"The file name {name!r} leads out of its folder, or no system takes it. Nothing was read.")
    return name


def _unwrapped(files: Mapping[str, str]) -> dict[str, str]:
    """Return the YAML files, without the folder that all of them are in where config.yaml is in one."""
    for name in files:
        if PurePosixPath(name).suffix == ".yml":
            raise ConfigError(f"{name} would not be read: the names of the files end in .yaml. Rename it.")
    found = {name: text for name, text in files.items() if PurePosixPath(name).suffix == ".yaml"}
    tops = {name.partition("/")[0] for name in found}
    if "config.yaml" not in found and len(tops) == 1:
        top = f"{tops.pop()}/"
        found = {name.removeprefix(top): text for name, text in found.items()}
    if "config.yaml" not in found:
        raise ConfigError(
            "There is no config.yaml among the files. Export a router to see the layout: it is lab/conf's."
        )
    return found


def _check_names(files: Mapping[str, str]) -> None:
    folded: dict[str, str] = {}
    for name in files:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            raise ConfigError(f"{other} and {name} differ in case alone, which not every system keeps. Rename one.")


def _check_content(file: str, content: Any, files: Mapping[str, str]) -> None:
    """Refuse what would reach beyond the files."""
    if not isinstance(content, dict):
        return  # composing says it
    if file != "config.yaml":
        if "defaults" in content:
            raise ConfigError(f"{file} has `defaults`; only config.yaml names other files. Remove it.")
        _check_keys(file, content)
        return
    if "hydra" in content:
        raise ConfigError(f"{file} has settings of Hydra itself, which no router needs. Remove `hydra`.")
    _check_keys(file, content)
    defaults = content.get("defaults")
    if not isinstance(defaults, list):
        raise ConfigError(f"{file} has no list `defaults`, which names the files of the router. Export one to see it.")
    for path in _named(file, defaults):
        if path not in files:
            raise ConfigError(f"{file} names {path}, which is not there. Add that file, or take it out of `defaults`.")


def _check_keys(file: str, content: Mapping[Any, Any]) -> None:
    known = _KNOWN.get(file.partition("/")[0])
    stranger = next((key for key in content if known is not None and key not in known), None)
    if known is not None and stranger is not None:
        raise ConfigError(f"{file} has {stranger!r}, which is not known there. It may have {', '.join(known)}.")


def _named(file: str, defaults: Sequence[Any]) -> Iterator[str]:
    """Yield the files that a list of defaults names."""
    for item in defaults:
        if item == "_self_":
            continue
        if not isinstance(item, dict) or len(item) != 1 or next(iter(item)) not in _GROUPS:
            raise ConfigError(f"{file} has {item!r} among its defaults; they are {', '.join(_GROUPS)} and _self_.")
        [(group, chosen)] = item.items()
        for stem in chosen if isinstance(chosen, list) else [chosen]:
            if not isinstance(stem, str):
                raise ConfigError(f"{file} names {stem!r} in {group}, which is no file name. Put it in quotes.")
            yield f"{group}/{stem}.yaml"
