"""Answers that say which model wrote them."""

from __future__ import annotations

from functools import cache
from typing import Any

from lab.exported import JudgedDuel
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


@cache
def own_names(first_model: str, second_model: str) -> tuple[str, ...]:
    """Return what two models are called, in lower case, each whole and without its size and version."""
    return tuple(names_of((first_model, second_model)))


def names_of_duel(duel: JudgedDuel) -> tuple[str, ...]:
    """Return what the models of a duel are called; nothing for those that are no models."""
    first, second = (
        one.model if one.provider not in ("mock", "human", "sample") else "" for one in (duel.first, duel.second)
    )
    return own_names(first, second)


@cache
def _introductions() -> Any:
    """Return one expression that RE2 runs over an answer in one go: few introduce themselves by what may be a name."""
    import re2

    names = "|".join(re2.escape(name) for name in FAMILIES)
    introduced = f"(?:{INTRODUCTION}|as[\\s\"“'*_]+)(?:{names})".replace("\\s", "[\\s\\pZ]").replace(
        "[[\\s\\pZ]", "[\\s\\pZ"
    )
    return re2.compile(f"(?i){introduced}")
