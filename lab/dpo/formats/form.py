"""What a format is: which objects a row becomes, with which columns, in which files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from lab.dpo.formats.card import Card
from lab.dpo.rows import LikedRow, Row, Split

Container = Literal["jsonl", "json", "parquet"]
CONTAINERS: tuple[Container, ...] = get_args(Container)

Kind = Literal["messages", "message", "asked", "turns", "turn", "text", "flag", "count", "number"]
"""What a column holds: messages (role, content) or one, an object with messages, turns (from, value), a plain value."""

Object = dict[str, Any]
"""A row as its trainer reads it: JSON values alone."""


def no_object(_: LikedRow) -> list[Object]:
    """Return what a format for pairs makes of an answer with a thumb: nothing."""
    return []


def beside_the_others(split: Split, container: Container) -> str:
    """Return the file of a split, in the folder of its format."""
    return f"{split}.{container}"


def no_files(_card: Card, _data: Mapping[Split, str]) -> dict[str, str]:
    """Return what most formats want beside their data: no files."""
    return {}


@dataclass(frozen=True, slots=True)
class Format:
    """How one family of trainers wants its rows."""

    name: str  # a word of the shell, and the folder of its files
    title: str
    readers: str  # who reads it, in a sentence
    main: bool  # offered first; the others stand under "more"
    containers: tuple[Container, ...]  # that make sense; the first is taken unless another is asked for
    columns: Mapping[str, Kind]
    of_pair: Callable[[Row], list[Object]]
    of_liked: Callable[[LikedRow], list[Object]] = no_object
    holds_pairs: bool = True  # an import of its files gives the pairs back
    file_of: Callable[[Split, Container], str] = beside_the_others
    beside: Callable[[Card, Mapping[Split, str]], dict[str, str]] = no_files  # text by file, from the data's files

    def objects(self, row: Row | LikedRow) -> list[Object]:
        """Return what stands in the file for a row; nothing where the trainer would leave it out or mangle it."""
        return self.of_pair(row) if isinstance(row, Row) else self.of_liked(row)


def message(role: str, content: str) -> Object:
    """Return a message."""
    return {"role": role, "content": content}


def answer(content: str) -> Object:
    """Return an answer as a message."""
    return {"role": "assistant", "content": content}


def asked(row: Row | LikedRow) -> list[Object]:
    """Return what was answered: the system prompt, where there is one, and the turns."""
    turns = [message(turn.role, turn.content) for turn in row.turns]
    return [message("system", row.system_prompt), *turns] if row.system_prompt else turns
