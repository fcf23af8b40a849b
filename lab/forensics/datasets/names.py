"""What columns are called in the wild, the surest name first, the words for splits, and a name for a dataset."""

from __future__ import annotations

import re
from pathlib import PurePath

from lab.records import Split
from lab.store.datasets import MAX_NAME

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

PROMPT = (
    "prompt", "text", "question", "query", "utterance", "input", "instruction", "sentence", "message", "request",
    "user_input", "user_message", "content", "body", "title",
)  # fmt: skip
LABEL = (
    "expert", "label", "intent", "category", "route", "class", "target", "label_text", "intent_name", "labels", "model",
)  # fmt: skip
QUERY_TYPE = ("query_type", "type", "topic", "domain", "kind", "category", "task")
SPLIT = ("split", "partition", "fold", "subset", "set")
SOURCE = ("source", "dataset", "origin", "corpus")

SPLIT_WORDS: dict[str, Split] = {
    "tune": "tune", "train": "tune", "training": "tune",
    "dev": "dev", "val": "dev", "valid": "dev", "validation": "dev", "development": "dev",
    "sealed": "sealed", "test": "sealed", "testing": "sealed", "holdout": "sealed", "held-out": "sealed",
}  # fmt: skip

_KNOWN = frozenset((*PROMPT, *LABEL, *QUERY_TYPE, *SPLIT, *SOURCE))


def of_file(file_name: str) -> str:
    """Return what a dataset from a file is called without another word: the file's name, as far as it can be one."""
    stem = _CONTROL.sub(" ", PurePath(file_name).stem)
    return " ".join(stem.split())[:MAX_NAME].strip() or "dataset"


def folded(name: str) -> str:
    """Return a column's name without what people write differently: case, blanks, hyphens."""
    return "_".join(name.casefold().replace("-", " ").split())


def is_known(name: str) -> bool:
    """Tell whether a cell of the first row is the name of a column rather than a value."""
    return folded(name) in _KNOWN


def split_of(word: str) -> Split | None:
    """Return the split that a file's own word means, or None for a word that means none."""
    return SPLIT_WORDS.get(word.strip().casefold())
