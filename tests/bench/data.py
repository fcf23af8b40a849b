"""The prompts, the shipped router and the folders that the tables work with."""

from __future__ import annotations

import json
import os
import random
from functools import cache
from pathlib import Path
from typing import Any

from lab.config import REPOSITORY, compose
from lab.types import RouterConfig
from tests.bench.report import Missing

SHARED = Path(os.environ.get("LAB_SHARED") or REPOSITORY.parent / "shared" / "data")
_SYLLABLES = [consonant + vowel for consonant in [*"bdgklmnprstvz", "br", "st", "tr"] for vowel in "aeiou"]


@cache
def clinc(split: str = "test") -> tuple[str, ...]:
    """Return the prompts of a CLINC150 split (test: 4,500), shuffled the same way each time. Raises Missing."""
    path = SHARED / "clinc150" / "data_full.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))[split]
    except OSError as err:
        raise Missing(f"CLINC150 is not at {path}; set LAB_SHARED to the folder that holds clinc150/") from err
    prompts = list(dict.fromkeys(text for text, _ in rows))
    random.Random(150).shuffle(prompts)
    return tuple(prompts)


def shipped(strategy: str) -> RouterConfig:
    """Return the router of lab/conf with this strategy."""
    return compose([f"router={strategy}"]).router


def made_words(n: int) -> list[str]:
    """Return `n` different made-up words of two to four syllables, the same ones each time."""
    draw = random.Random(n)
    words: dict[str, None] = {}
    while len(words) < n:
        words["".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4)))] = None
    return list(words)


@cache
def _tokenizer(prepared: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(prepared / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def tokens(prepared: Path, text: str) -> int:
    """Return how many tokens the encoder sees in a text, its two marks included."""
    return len(_tokenizer(prepared).encode(text).ids)


def of_length(prepared: Path, wanted: int, n: int) -> list[str]:
    """Return `n` different prompts of exactly `wanted` tokens: CLINC150 prompts joined, then cut to length."""
    rest = iter(clinc("train"))
    found: list[str] = []
    while len(found) < n:
        words: list[str] = []
        while tokens(prepared, " ".join(words)) < wanted:
            words += next(rest).split()
        while tokens(prepared, " ".join(words)) > wanted:
            words.pop()
        if tokens(prepared, " ".join(words)) == wanted:
            found.append(" ".join(words))
    return found
