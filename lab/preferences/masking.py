"""Answers that say which model wrote them: the name is covered where it introduces itself, else it is flagged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lab.judging import Duel, Side
from lab.providers.mock import MockProvider, without_model

COVER = "▇▇▇▇"

FAMILIES = (
    "chatgpt", "gpt", "openai", "claude", "anthropic", "gemini", "gemma", "bard", "google deepmind", "deepmind",
    "llama", "meta ai", "qwen", "tongyi", "alibaba cloud", "alibaba", "mistral", "mixtral", "mistral ai", "deepseek",
    "phi", "grok", "xai", "copilot", "microsoft", "kimi", "moonshot", "yi", "command r", "cohere", "ernie", "baidu",
    "doubao", "glm", "chatglm", "zhipu", "falcon", "vicuna", "alpaca", "olmo", "nemotron", "granite", "smollm",
    "hermes", "pi", "通义千问", "千问", "文心一言", "豆包", "智谱清言", "混元",
)  # fmt: skip
"""What families of models and their makers are called, in lower case."""

_VERSION = (
    r"(?:[\s-]?v?\d[A-Za-z0-9\-]*(?:\.\d[A-Za-z0-9\-]*)*"
    r"(?:[\s-](?:instruct|chat|turbo|mini|nano|pro|flash|opus|sonnet|haiku|coder))*)?"
)
_INTRODUCTION = (
    r"(?:\bI\s+am|\bI['’]m|\bmy\s+name\s+is|\bcall\s+me|\bcalled|\bnamed|\bthis\s+is|\bich\s+bin|\bsoy|\bje\s+suis|"
    r"\bje\s+m['’]appelle|\bsono|我是|我叫|名叫|由|"
    r"\b(?:trained|developed|created|made|built|designed|fine-tuned|powered)\s+by)"
    r"(?:\s*(?:an?|the|ein|eine|un|une))?(?:\s+(?:large|AI|language|model|assistant|chatbot|helpful|virtual))*"
    r"[\s,:]*(?:(?:called|named|from|by)\s+)?[\s\"“'*_]*"
)
_INTRODUCES = re.compile(f"{_INTRODUCTION}$", re.IGNORECASE)
_AS = re.compile(r"\bas[\s\"“'*_]+$", re.IGNORECASE)  # "As Qwen, I …", but not "as gemini twins go"
_THEN_I = re.compile(r"[\s\"”'*_]{0,20}(?:,|I\b)")  # so many: a search without an end could go on for minutes
_WORD_BEGINS, _WORD_ENDS = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_])"  # names stand in Chinese without spaces
_BEFORE = 80  # characters before a name in which it can be introduced


@dataclass(frozen=True, slots=True)
class Masked:
    """An answer as it may be shown: `covered` names were covered, `named` stand in it and may tell who wrote it."""

    text: str
    covered: int
    named: tuple[str, ...]


def masked(side: Side, duel: Duel) -> Masked:
    """Return an answer of a duel with the names covered under which it introduces itself.

    The mock says which model it stands in for, which tells as much. Other mentions of the two models stay, for a prompt
    may be about them; they are named where the prompt does not mention them.
    """
    own = names_of((duel.first.model, duel.second.model))
    found = _naming((*FAMILIES, *own))
    said = without_model(side.text, COVER) if side.provider == MockProvider.name else side.text
    covered = int(said != side.text)

    def cover(match: re.Match[str]) -> str:
        nonlocal covered
        if not _is_introduced(said, match):
            return match[0]
        covered += 1
        return COVER

    text = found.sub(cover, said)
    asked = " ".join(turn.content for turn in duel.conversation).casefold()
    return Masked(text, covered, tuple(name for name in own if _mentions(text, name) and name not in asked))


def names_of(models: Iterable[str]) -> list[str]:
    """Return what models are called, in lower case: whole, and without size and version."""
    names: dict[str, None] = {}
    for model in models:
        for name in _shortened(model.casefold()):
            names.setdefault(name)
    return list(names)


@lru_cache(maxsize=64)
def _naming(names: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted(set(names), key=len, reverse=True)
    return re.compile(rf"{_WORD_BEGINS}(?:{'|'.join(map(re.escape, longest))}){_VERSION}{_WORD_ENDS}", re.IGNORECASE)


def _is_introduced(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    if _AS.search(before) and _THEN_I.match(text, match.end()):
        return True
    return _INTRODUCES.search(before) is not None


def _shortened(model: str) -> Iterable[str]:
    last = model.rsplit("/", 1)[-1]
    family = re.split(r"[:\d]", last, maxsplit=1)[0].strip("-_. ")
    return (name for name in (last.split(":")[0], family) if len(name) > 2 and name not in ("mock", "sample", "model"))


def _mentions(text: str, name: str) -> bool:
    return re.search(f"{_WORD_BEGINS}{re.escape(name)}{_WORD_ENDS}", text, re.IGNORECASE) is not None
