"""Counting the tokens of rows as TRL 1.16 counts them, or estimating them where the tokenizer is not at hand.

    counter(policy).pairs(rows)  ─▶  PairLengths  ─▶  lengths.dropped(trainer, …, max_length)

TRL renders the prompt with the chat template and an opening for the answer, renders prompt and answer together, and
takes for the prompt what both begin with.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lab.dpo.lengths import Ints, Lengths, PairLengths
from lab.dpo.rows import LikedRow, Row
from lab.dpo.spec import Policy, tokenizer_folder
from lab.errors import ExportError

Conversation = list[dict[str, str]]

_BLOCK = 512  # rows rendered and held as tokens at once


class Counter(Protocol):
    """Counts tokens of rows."""

    @property
    def exact(self) -> bool:
        """Whether tokens are counted; else they are estimated, and every page that shows a number of it says so."""

    def pairs(self, rows: Sequence[Row]) -> PairLengths:
        """Return the tokens of both answers of each row. Raises ExportError for a row that cannot be rendered."""

    def liked(self, rows: Sequence[LikedRow]) -> Lengths:
        """Return the tokens of each row. Raises ExportError for a row that cannot be rendered."""


def counter(policy: Policy) -> Counter:
    """Return the counter for a policy: its tokenizer where a folder is named, else an estimate.

    Raises ExportError for a folder that holds no tokenizer with a chat template.
    """
    folder = tokenizer_folder(policy)
    return Estimate() if folder is None else FolderTokenizer.load(folder)


# ------------------------------------------------------------------------------------------------- by estimate

# Tokens of one character. Against WordPiece of MiniLM, totals of English and Chinese answers, prompts, Markdown and
# Python came out within 12 %, and of single texts 95 in 100 within a third.
_LETTER_OR_BLANK = 0.2
_DIGIT_OR_SIGN = 0.7
_OTHER = 0.5  # a letter of any other alphabet
_AROUND_MESSAGE, _OPENING = 5, 3  # tokens of a ChatML-like template, and of its opening for the answer
_ONE_EACH = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U00010000-\U0010ffff]+"
)  # Han, Kana, Hangul, Thai, Lao, Khmer, Burmese, emoji: about one token a character
_LETTERS_AND_BLANKS = (string.ascii_letters + string.whitespace).encode()


class Estimate:
    """Guesses tokens from characters, for a policy whose tokenizer is not at hand."""

    exact = False

    def pairs(self, rows: Sequence[Row]) -> PairLengths:
        """Return the estimate for both answers of each row."""
        prompts = self._prompts(rows)
        chosen, rejected = (row.chosen for row in rows), (row.rejected for row in rows)
        return PairLengths(self._lengths(prompts, chosen), self._lengths(prompts, rejected))

    def liked(self, rows: Sequence[LikedRow]) -> Lengths:
        """Return the estimate for each row."""
        return self._lengths(self._prompts(rows), (row.answer for row in rows))

    def _prompts(self, rows: Sequence[Row | LikedRow]) -> Ints:
        return np.fromiter((_estimated_prompt(row) for row in rows), np.int32, len(rows))

    def _lengths(self, prompts: Ints, answers: Iterable[str]) -> Lengths:
        whole = prompts + np.fromiter((estimated(text) + 2 for text in answers), np.int32, len(prompts))
        return Lengths(prompts, whole)


def estimated(text: str) -> int:
    """Return about how many tokens a text is, from its characters by kind."""
    ascii_only = text.encode("ascii", "ignore")
    signs = len(ascii_only.translate(None, _LETTERS_AND_BLANKS))
    tokens = (len(ascii_only) - signs) * _LETTER_OR_BLANK + signs * _DIGIT_OR_SIGN
    if len(ascii_only) < len(text):
        single = sum(map(len, _ONE_EACH.findall(text)))
        tokens += single + (len(text) - len(ascii_only) - single) * _OTHER
    return round(tokens)


def _estimated_prompt(row: Row | LikedRow) -> int:
    return _OPENING + sum(estimated(message["content"]) + _AROUND_MESSAGE for message in _asked(row))


# ------------------------------------------------------------------------------------------------ by tokenizer


@dataclass(frozen=True, slots=True)
class FolderTokenizer:
    """The policy's own tokenizer and chat template, from a folder on this disk."""

    folder: Path
    tokenizer: Any  # of transformers
    exact: bool = True

    @classmethod
    def load(cls, folder: Path) -> FolderTokenizer:
        """Load the tokenizer of a folder; code that lies in it is not run, and nothing is downloaded.

        Raises ExportError when there is no such folder, when it holds no tokenizer, or one without a chat template:
        TRL stops at conversations then.
        """
        if not folder.is_dir():
            raise ExportError(f"There is no folder {str(folder)!r} to read a tokenizer from. {_OR_ESTIMATE}")
        try:
            tokenizer = _loaded(folder)
        except Exception as err:  # the Rust part of a tokenizer raises Exception itself
            why = _lacks(folder) or _first_line(err)
            raise ExportError(
                f"The folder {str(folder)!r} holds no tokenizer that can be read: {why}. "
                f"Name the folder of the model to be trained. {_OR_ESTIMATE}"
            ) from err
        if not isinstance(getattr(tokenizer, "chat_template", None), str | dict):
            raise ExportError(
                f"The tokenizer in {str(folder)!r} has no chat template, so TRL cannot train on conversations with it. "
                f"Name the folder of a chat model, or put a chat_template.jinja beside it. {_OR_ESTIMATE}"
            )
        if (rust := _rust(tokenizer)) is not None:
            rust.no_truncation()
            rust.no_padding()
        return cls(folder, tokenizer)

    def pairs(self, rows: Sequence[Row]) -> PairLengths:
        """Return the tokens of both answers of each row. Raises ExportError for a row that the template refuses."""
        parts = []
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            asked = [_asked(row) for row in block]
            opened = self._tokens(asked, opening=True)
            chosen = self._beside(opened, asked, [row.chosen for row in block])
            parts.append(PairLengths(chosen, self._beside(opened, asked, [row.rejected for row in block])))
        return PairLengths.joined(parts)

    def liked(self, rows: Sequence[LikedRow]) -> Lengths:
        """Return the tokens of each row. Raises ExportError for a row that the template refuses."""
        parts = []
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            asked = [_asked(row) for row in block]
            opened = self._tokens(asked, opening=True)
            parts.append(self._beside(opened, asked, [row.answer for row in block]))
        return Lengths.joined(parts)

    def _beside(self, opened: list[list[int]], asked: list[Conversation], answers: list[str]) -> Lengths:
        said = [[*one, {"role": "assistant", "content": text}] for one, text in zip(asked, answers, strict=True)]
        whole = self._tokens(said, opening=False)
        prompt = [_shared(before, after) for before, after in zip(opened, whole, strict=True)]
        return Lengths(np.array(prompt, np.int32), np.array([len(one) for one in whole], np.int32))

    def _tokens(self, conversations: list[Conversation], *, opening: bool) -> list[list[int]]:
        texts = self._rendered(conversations, opening)
        # As `apply_chat_template` does: the template has put the special tokens there already.
        if (rust := _rust(self.tokenizer)) is None:
            return list(self.tokenizer(texts, add_special_tokens=False)["input_ids"])
        return [one.ids for one in rust.encode_batch_fast(texts, add_special_tokens=False)]

    def _rendered(self, conversations: list[Conversation], opening: bool) -> list[str]:
        from jinja2 import TemplateError

        try:
            return list(
                self.tokenizer.apply_chat_template(conversations, tokenize=False, add_generation_prompt=opening)
            )
        except (TemplateError, TypeError, ValueError) as err:
            roles = ", ".join(sorted({message["role"] for one in conversations for message in one}))
            raise ExportError(
                f"The chat template in {str(self.folder)!r} refuses a conversation with the roles {roles}: "
                f"{_first_line(err)}. TRL would stop there as well. Export without system prompts, or train a model "
                "whose template takes them."
            ) from err


_OR_ESTIMATE = "Without a folder, tokens are estimated."
_FILES = ("tokenizer.json", "tokenizer_config.json")


def _lacks(folder: Path) -> str:
    """Return which of the usual files is not there, where one is missing: the library's own words do not say it."""
    missing = [name for name in _FILES if not (folder / name).is_file()]
    return f"it has no {' and no '.join(missing)}" if missing else ""


def _loaded(folder: Path) -> Any:
    from transformers import AutoTokenizer  # brings torch: only who names a folder waits for it

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)


def _rust(tokenizer: Any) -> Any | None:
    """Return the part in Rust, which is a quarter faster without the places of tokens; some tokenizers have none."""
    return getattr(tokenizer, "backend_tokenizer", None)


def _asked(row: Row | LikedRow) -> Conversation:
    system = [{"role": "system", "content": row.system_prompt}] if row.system_prompt else []
    return system + [{"role": turn.role, "content": turn.content} for turn in row.turns]


def _shared(before: list[int], after: list[int]) -> int:
    """Return how many tokens both begin with. Nearly always that is all of the first."""
    if after[: len(before)] == before:
        return len(before)
    pairs = zip(before, after, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after)))


def _first_line(err: BaseException) -> str:
    lines = str(err).strip().splitlines()
    return (lines[0] if lines else type(err).__name__)[:200]
