"""Rows into the files of every format at once, in one pass over them and with few of them in memory.

trl/train.jsonl …, reward/, kto/, llamafactory/ (and dataset_info.json), hf/ (README.md, data/), axolotl/, openai/,
sft/        what trainers read, nothing else in it; a side without rows has no file
rows.jsonl  row by row what it comes from, and where it stands in those files
manifest.json   name, hash, what was asked for, counts, and the hash of every other file
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from lab.dpo.formats.card import Card, of_gone
from lab.dpo.formats.form import Container, Format
from lab.dpo.formats.lines import line_of
from lab.dpo.formats.placing import whole_folder
from lab.dpo.formats.registry import Choice, checked
from lab.dpo.formats.sinks import JsonSink, Made, Sink, sink, write_text
from lab.dpo.rows import SPLITS, LikedRow, Row, Split
from lab.errors import ExportError

TRACE = "rows.jsonl"
MANIFEST = "manifest.json"

_EVERY = 256  # rows between two looks at whether to stop


@dataclass(frozen=True, slots=True)
class Written:
    """What was written. Paths are relative to the folder, with slashes."""

    folder: Path
    files: Mapping[str, Made]
    counts: Mapping[Split, int]  # pairs; every side, also one without any
    liked: int  # answers with a thumb
    left_out: Mapping[str, int]  # pairs that a format cannot hold, by its name


def write(
    rows: Iterable[Row],
    liked: Iterable[LikedRow],
    choices: Sequence[Choice],
    folder: Path,
    card: Card,
    *,
    progress: Callable[[int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Written:
    """Write pairs and liked answers in the chosen formats to a new folder, and return what is in it.

    `progress` gets how many rows are through; `check` may raise to stop. The same rows, choices and card give the same
    bytes. The folder appears whole or not at all. Raises ExportError for a folder that is taken or cannot be written, a
    full disk, choices that cannot be, and where there is nothing to write.
    """
    chosen = checked(choices)
    with whole_folder(folder) as making:
        files = _Files(making, chosen)
        try:
            everything: Iterable[Row | LikedRow] = chain(rows, liked)
            for number, row in enumerate(everything):
                if number % _EVERY == 0:
                    if check is not None:
                        check()
                    if progress is not None:
                        progress(number)
                files.take(row)
            made = files.close()
        except BaseException:
            files.drop()
            raise
        if progress is not None:
            progress(files.taken)
        card = replace(card, counts=files.counts)
        made |= _beside(making, chosen, files.data, card)
        made[MANIFEST] = write_text(making / MANIFEST, _manifest(card, chosen, files, made))
    return Written(folder, made, files.counts, files.liked, files.left_out)


class _Files:
    """The open files of an export: one for each format and side that has rows, and the trace."""

    def __init__(self, folder: Path, chosen: tuple[tuple[Format, Container], ...]) -> None:
        self.counts: dict[Split, int] = dict.fromkeys(SPLITS, 0)
        self.liked = self.taken = 0
        self.left_out: Counter[str] = Counter()
        self.data: dict[str, dict[Split, str]] = {}  # files by format and side, relative to the format's folder
        self._folder, self._chosen = folder, chosen
        self._sinks: dict[tuple[str, Split], Sink] = {}
        self._paths: dict[tuple[str, Split], str] = {}
        self._trace = JsonSink(folder / TRACE, "jsonl")

    def take(self, row: Row | LikedRow) -> None:
        """Write a row to all files that want it. Raises OSError, ExportError for a row that no file can hold."""
        if row.split not in SPLITS:
            raise ExportError(f"The row of {_id(row)} stands on the side {row.split!r}; there are {', '.join(SPLITS)}.")
        try:
            self._take(row)
        except UnicodeEncodeError as err:
            raise ExportError(
                f"A text of {_id(row)} holds half a character (U+{ord(err.object[err.start]):04X}), which no file can. "
                "Exclude that row."
            ) from err
        self.taken += 1
        if isinstance(row, Row):
            self.counts[row.split] += 1
        else:
            self.liked += 1

    def _take(self, row: Row | LikedRow) -> None:
        chars, digest = _chars(row), row.hash  # which fails where a text cannot be written at all
        at: dict[str, list[int]] = {}
        for form, container in self._chosen:
            objects = form.objects(row)
            if objects:
                file = self._sinks.get((form.name, row.split)) or self._opened(form, container, row.split)
                for one in objects:
                    file.take(one, chars)
                at[form.name] = list(range(file.rows - len(objects) + 1, file.rows + 1))
            elif form.holds_pairs and isinstance(row, Row):
                self.left_out[form.name] += 1
        self._trace.take(_traced(row, digest, at), chars)

    def _opened(self, form: Format, container: Container, split: Split) -> Sink:
        inside = form.file_of(split, container)
        path = f"{form.name}/{inside}"
        opened = self._sinks[form.name, split] = sink(self._folder / path, container, form.columns)
        self._paths[form.name, split] = path
        self.data.setdefault(form.name, {})[split] = inside
        return opened

    def close(self) -> dict[str, Made]:
        """Close all files and return what they hold. Raises ExportError where there is nothing in them."""
        if not self._sinks:
            raise ExportError(nothing_fits(self.taken, [form for form, _ in self._chosen]))
        self.data = {name: {one: files[one] for one in SPLITS if one in files} for name, files in self.data.items()}
        made = {self._paths[key]: opened.close() for key, opened in sorted(self._sinks.items())}
        return made | {TRACE: self._trace.close()}

    def drop(self) -> None:
        """Close all files, whatever is in them."""
        for opened in (*self._sinks.values(), self._trace):
            opened.drop()


def _traced(row: Row | LikedRow, digest: str, at: dict[str, list[int]]) -> dict[str, Any]:
    """Return what the trace says of a row; `at` is where it stands in the files of its side, counted from 1."""
    if isinstance(row, LikedRow):
        return {
            "response_id": row.response_id, "split": row.split, "liked": row.liked, "by": row.by, "model": row.model,
            "row_hash": digest, "at": at,
        }  # fmt: skip
    return {
        "duel_id": row.duel_id, "split": row.split, "votes": row.votes, "agreeing": row.agreeing,
        "strength": row.strength, "adjudicated": row.adjudicated, "query_type": row.query_type, "origin": row.origin,
        "chosen_by": row.chosen_by, "rejected_by": row.rejected_by, "chosen_model": row.chosen_model,
        "rejected_model": row.rejected_model, "row_hash": digest, "at": at,
    }  # fmt: skip


def trace_hash(trace: Path, formats: Collection[str]) -> str:
    """Return the SHA-256 that a trace would have if these formats alone had been written beside it. Raises OSError."""
    digest = hashlib.sha256()
    with open(trace, "rb") as lines:
        for line in lines:
            said = orjson.loads(line)
            said["at"] = {name: places for name, places in said["at"].items() if name in formats}
            digest.update(line_of(said) + b"\n")
    return digest.hexdigest()


def _beside(
    folder: Path, chosen: tuple[tuple[Format, Container], ...], data: Mapping[str, Mapping[Split, str]], card: Card
) -> dict[str, Made]:
    """Write what formats want beside their data."""
    texts = {
        f"{form.name}/{name}": text
        for form, _ in chosen
        if form.name in data
        for name, text in form.beside(card, data[form.name]).items()
    }
    return {path: write_text(folder / path, text) for path, text in texts.items()}


def _manifest(card: Card, chosen: tuple[tuple[Format, Container], ...], files: _Files, made: Mapping[str, Made]) -> str:
    said = {
        "name": card.name,
        "snapshot": card.snapshot_id,
        "hash": card.hash,
        **({"gone": {"rows": card.gone, "of": card.rows, "why": of_gone(card)}} if card.gone else {}),
        "created": card.created.isoformat(),
        "spec": card.spec,
        "formats": {form.name: container for form, container in chosen},
        "counts": files.counts,
        "liked": files.liked,
        "left_out": files.left_out,
        "files": {path: asdict(made[path]) for path in sorted(made)},
    }
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def nothing_fits(taken: int, chosen: Sequence[Format]) -> str:
    """Return that none of so many rows can stand in these formats, and what to do."""
    if not taken:
        return "There is no pair and no liked answer to write. Judge some duels first, or widen the filters."
    names = ", ".join(form.title for form in chosen)
    return f"Of {taken:,} row{'s' * (taken != 1)} none fits {names}. Choose another format too, such as KTO for thumbs."


def _chars(row: Row | LikedRow) -> int:
    answers = len(row.answer) if isinstance(row, LikedRow) else len(row.chosen) + len(row.rejected)
    return answers + len(row.system_prompt) + sum(len(turn.content) for turn in row.turns)


def _id(row: Row | LikedRow) -> str:
    return f"the duel {row.duel_id}" if isinstance(row, Row) else f"the answer {row.response_id}"
