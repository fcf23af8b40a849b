"""Answers that say which model wrote them: the name is covered where it introduces itself, else it is flagged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lab.judging import Duel, Side
from lab.providers.mock import MockProvider, without_model

COVER = "▇▇▇▇"

_FAMILIES = (
    "chatgpt", "gpt", "openai", "claude", "anthropic", "gemini", "gemma", "bard", "google deepmind", "deepmind",
    "llama", "meta ai", "qwen", "tongyi", "alibaba cloud", "alibaba", "mistral", "mixtral", "mistral ai", "deepseek",
    "phi", "grok", "xai", "copilot", "microsoft", "kimi", "moonshot", "yi", "command r", "cohere", "ernie", "baidu",
    "doubao", "glm", "chatglm", "zhipu", "falcon", "vicuna", "alpaca", "olmo", "nemotron", "granite", "smollm",
    "hermes", "pi",
)  # fmt: skip
_VERSION = (
    r"(?:[\s-]?v?\d[A-Za-z0-9\-]*(?:\.\d[A-Za-z0-9\-]*)*"
    r"(?:[\s-](?:instruct|chat|turbo|mini|nano|pro|flash|opus|sonnet|haiku|coder))*)?"
)
_INTRODUCES = re.compile(
    r"(?:\bI\s+am|\bI['’]m|\bmy\s+name\s+is|\bcall\s+me|\bcalled|\bnamed|\bthis\s+is|\bich\s+bin|\bsoy|\bje\s+suis|"
    r"\bje\s+m['’]appelle|\bsono|我是|我叫|名叫|由|"
    r"\b(?:trained|developed|created|made|built|designed|fine-tuned|powered)\s+by)"
    r"(?:\s*(?:an?|the|ein|eine|un|une))?(?:\s+(?:large|AI|language|model|assistant|chatbot|helpful|virtual))*"
    r"[\s,:]*(?:(?:called|named|from|by)\s+)?[\s\"“'*_]*$",
    re.IGNORECASE,
)
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
    own = _own_names(duel)
    names = sorted({*_FAMILIES, *own}, key=len, reverse=True)
    found = re.compile(rf"{_WORD_BEGINS}(?:{'|'.join(map(re.escape, names))}){_VERSION}{_WORD_ENDS}", re.IGNORECASE)
    said = without_model(side.text, COVER) if side.provider == MockProvider.name else side.text
    covered = int(said != side.text)

    def cover(match: re.Match[str]) -> str:
        nonlocal covered
        before = said[max(0, match.start() - _BEFORE) : match.start()]
        as_such = _AS.search(before) and _THEN_I.match(said, match.end())
        if not as_such and _INTRODUCES.search(before) is None:
            return match[0]
        covered += 1
        return COVER

    text = found.sub(cover, said)
    asked = " ".join(turn.content for turn in duel.conversation).casefold()
    return Masked(text, covered, tuple(name for name in own if _mentions(text, name) and name not in asked))


def _own_names(duel: Duel) -> list[str]:
    """Return what the two models of a duel are called, in lower case: whole, and without size and version."""
    names: dict[str, None] = {}
    for side in (duel.first, duel.second):
        for name in _shortened(side.model.casefold()):
            names.setdefault(name)
    return list(names)


def _shortened(model: str) -> Iterable[str]:
    last = model.rsplit("/", 1)[-1]
    family = re.split(r"[:\d]", last, maxsplit=1)[0].strip("-_. ")
    return (name for name in (last.split(":")[0], family) if len(name) > 2 and name not in ("mock", "sample", "model"))


def _mentions(text: str, name: str) -> bool:
    return re.search(f"{_WORD_BEGINS}{re.escape(name)}{_WORD_ENDS}", text, re.IGNORECASE) is not None
