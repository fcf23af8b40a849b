"""Answers that say which model wrote them."""

from __future__ import annotations

from functools import cache
from typing import Any

from lab.exported import Answered
from lab.preferences.masking import FAMILIES, INTRODUCTION, introduces_itself, names_of


def names_its_model(text: str, folded: str, own: tuple[str, ...], asked: str) -> bool:
    """Tell whether an answer introduces itself by a model's name, or names one of its duel's models unasked.

    `own` are the names of the two models in lower case, `asked` the folded turns of the conversation.
    """
    if any(_stands(name, folded) and not _stands(name, asked) for name in own):
        return True
    return _introductions().search(text) is not None and introduces_itself(text)


def _stands(name: str, folded: str) -> bool:
    """Tell whether a name stands in a folded text as a word of its own: `phi` does not in philosophy."""
    at = folded.find(name)
    while at >= 0:
        if not _of_word(folded[at - 1 : at]) and not _of_word(folded[at + len(name) : at + len(name) + 1]):
            return True
        at = folded.find(name, at + 1)
    return False


def _of_word(one: str) -> bool:
    return one == "_" or (one.isascii() and one.isalnum())


def names_of_answers(*answers: Answered) -> tuple[str, ...]:
    """Return what the models of answers are called; nothing for those that are no models."""
    return _own_names(*(one.model for one in answers if one.provider not in ("mock", "human", "sample")))


@cache
def _own_names(*models: str) -> tuple[str, ...]:
    """Return what models are called, in lower case, each whole and without its size and version."""
    return tuple(names_of(models))


@cache
def _introductions() -> Any:
    """Return one expression that RE2 runs over an answer in one go: few introduce themselves by what may be a name."""
    import re2

    names = "|".join(re2.escape(name) for name in FAMILIES)
    introduced = f"(?:{INTRODUCTION}|as[\\s\"“'*_]+)(?:{names})".replace("\\s", "[\\s\\pZ]").replace(
        "[[\\s\\pZ]", "[\\s\\pZ"
    )
    return re2.compile(f"(?i){introduced}")
