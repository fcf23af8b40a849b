"""Which schema a row has, by its columns, and what it says: a pair, or an answer that was liked or not.

| schema                          | columns                                                                       |
|---------------------------------|-------------------------------------------------------------------------------|
| TRL                             | prompt, chosen, rejected: texts                                               |
| TRL conversational              | prompt, chosen, rejected: messages; without prompt the shared opening is it   |
| transcripts                     | chosen, rejected: texts of the shape Human: … Assistant: … with one opening   |
| ShareGPT                        | conversations, chosen, rejected (from, value); system                         |
| Alpaca ranking                  | instruction, input, chosen, rejected: texts; system, history                  |
| LLaMA-Factory v1                | chosen_messages, rejected_messages: whole conversations, content in parts     |
| OpenAI                          | input.messages, preferred_output, non_preferred_output                        |
| UltraFeedback                   | chosen, rejected: whole conversations or texts, each with its rating          |
| UltraFeedback completions       | instruction, completions with ratings: best against worst                     |
| KTO                             | prompt, completion, label                                                     |
| LLaMA-Factory KTO               | messages or conversations, or instruction and output; label or kto_tag        |

Names of columns are compared without case and with hyphens as underscores. Text is taken as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from lab.forensics.datasets.names import folded
from lab.forensics.datasets.table import showable
from lab.messages import Message
from lab.one_line import one_line
from lab.preferences.imports import cells
from lab.preferences.imports.entries import Entry, LikedAnswer, PreferencePair, Unfit
from lab.preferences.imports.ratings import best_and_worst, check_sides
from lab.preferences.imports.turns import (
    Turns,
    answer_of,
    divide,
    kind_of,
    messages_of,
    pairs_of,
    shared_opening,
    transcript,
)

_ALIASES = {"chosen_response": "chosen", "rejected_response": "rejected"}
_QUESTIONS = ("prompt", "question", "query", "instruction", "input")  # where a text stands that asks
_CONTEXTS = ("conversations", "messages")
_LABELS = ("kto_tag", "label")
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no")
_NAME_CHARS = 200  # of a model's name

_KNOWN = {
    *("chosen", "rejected", "chosen_messages", "rejected_messages", "preferred_output", "non_preferred_output"),
    *("completions", "generations", "completion", "output", "response", "system", "system_prompt", "history"),
    *("chosen_model", "rejected_model", "model", "ratings", "rating", "scores", "models", "model_names"),
    *("generation_models", "generation_model", *_QUESTIONS, *_CONTEXTS, *_LABELS, *_ALIASES),
    *(f"{side}_{what}" for side in ("chosen", "rejected") for what in ("rating", "score", "avg_rating")),
    *(f"{what}_{side}" for side in ("chosen", "rejected") for what in ("rating", "score")),
}


def is_wanted(column: str) -> bool:
    """Tell whether a column of this name may say something of a preference."""
    return folded(column) in _KNOWN


def entry_of(line: int, raw: Mapping[str, Any], *, tabular: bool = False) -> tuple[str, Entry]:
    """Return the name of a row's schema, and what the row says. Raises Unfit.

    With `tabular`, messages may stand in a cell as JSON.
    """
    row = {_ALIASES.get(name, name): value for key, value in raw.items() if (name := folded(str(key))) in _KNOWN}
    if tabular:
        row = cells.opened(row)
    said = {name: value for name, value in row.items() if value is not None}
    for there in (said, row):  # a column that holds nothing counts where no schema goes without it
        for fits, read in _SCHEMAS:
            if fits(there.keys()):
                return read(_Row(line, there))
    raise Unfit("unknown columns", _columns(raw))


def _columns(raw: Mapping[str, Any]) -> str:
    named = ", ".join(repr(showable(str(name), 40)) for name in list(raw)[:8])
    return f"it has {named}" if named else "it has no columns"


class _Row(NamedTuple):
    line: int
    values: Mapping[str, Any]

    def first(self, names: Iterable[str]) -> str | None:
        """Return the first of these columns that is there."""
        return next((name for name in names if name in self.values), None)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, list | dict):
            raise Unfit("mixed", f"{name!r} is {kind_of(value)}, where the other columns are texts")
        raise Unfit("unreadable", f"{name!r} is {kind_of(value)}, where a text should be")

    def name(self, column: str) -> str:
        """Return the name of a model on one line, "" where there is none."""
        value = self.values.get(column)
        return one_line(value, _NAME_CHARS) if isinstance(value, str) else ""

    def pair(self, turns: Turns, chosen: str, rejected: str, by: tuple[str, str] | None = None) -> PreferencePair:
        system, conversation = self._divided(turns)
        chosen_by, rejected_by = by or (self.name("chosen_model"), self.name("rejected_model"))
        return PreferencePair(conversation, system, chosen, rejected, chosen_by, rejected_by, self.line)

    def liked(self, turns: Turns, answer: str) -> LikedAnswer:
        system, conversation = self._divided(turns)
        return LikedAnswer(conversation, system, answer, self._label(), self.name("model"), self.line)

    def _divided(self, turns: Turns) -> tuple[str, Turns]:
        """Return the system prompt, from its own column and from the conversation, and the turns without it."""
        inside, conversation = divide(turns)
        apart = self.text(self.first(("system", "system_prompt")) or "system")
        both = [one for one in dict.fromkeys((apart, inside)) if one.strip()]
        return "\n\n".join(both), conversation

    def _label(self) -> bool:
        column = self.first(_LABELS)
        value = self.values[column] if column else None
        word = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip().casefold()
        if word not in (*_YES, *_NO):
            said = showable(word, 40) if isinstance(value, str | int | float) else kind_of(value)
            raise Unfit("unreadable", f"{column!r} is {said or 'blank'}, where true or false should be")
        return word in _YES


# -------------------------------------------------------------------------------------------------------- the pairs


def _sides(row: _Row) -> tuple[str, Entry]:
    """Read `chosen` and `rejected`, which are both texts or both messages."""
    rated = check_sides(row.values)
    sides = [row.values[name] for name in ("chosen", "rejected")]
    nothing = next((name for name in ("chosen", "rejected") if row.values[name] is None), None)
    if nothing is not None:
        raise Unfit("empty", f"nothing stands in {nothing!r}")
    texts = [isinstance(side, str) for side in sides]
    if any(texts) and not all(texts):
        raise Unfit("mixed", f"'chosen' is {kind_of(sides[0])}, 'rejected' {kind_of(sides[1])}")
    schema, entry = _of_texts(row) if all(texts) else _of_messages(row)
    return ("UltraFeedback" if rated and not schema.startswith("ShareGPT") else schema), entry


def _of_texts(row: _Row) -> tuple[str, Entry]:
    chosen, rejected = row.text("chosen"), row.text("rejected")
    context = row.first(name for name in _CONTEXTS if isinstance(row.values.get(name), list))
    question = row.first(_QUESTIONS)
    if question is not None:
        schema = "Alpaca ranking" if question == "instruction" else "TRL"
        return schema, row.pair(_asked(row), chosen, rejected)
    if context is not None:
        raise Unfit("mixed", f"{context!r} is a list, 'chosen' and 'rejected' are texts")
    turns = transcript(chosen), transcript(rejected)
    if turns[0] is None or turns[1] is None:
        raise Unfit("no user turn", "there is no column with the prompt")
    return "transcripts", _with_shared_opening(row, turns[0], turns[1])


def _of_messages(row: _Row) -> tuple[str, Entry]:
    chosen, rejected = (messages_of(row.values[name], f"{name!r}") for name in ("chosen", "rejected"))
    alone = isinstance(row.values["chosen"], Mapping)
    prompt = row.values.get("prompt")
    context = row.first(("conversations", "messages") if alone else ("conversations",))
    if context is not None:
        turns = messages_of(row.values[context], f"{context!r}")
        return "ShareGPT", row.pair(turns, answer_of(chosen, "'chosen'"), answer_of(rejected, "'rejected'"))
    if isinstance(prompt, list):
        turns = messages_of(prompt, "'prompt'")
        sides = [side[len(turns) :] if side[: len(turns)] == turns else side for side in (chosen, rejected)]
        answers = answer_of(sides[0], "'chosen'"), answer_of(sides[1], "'rejected'")
        return "TRL conversational", row.pair(turns, *answers)
    if prompt is not None and not any(turn.role == "user" for turn in (*chosen, *rejected)):
        raise Unfit("mixed", f"'prompt' is {kind_of(prompt)}, 'chosen' and 'rejected' are messages without it")
    schema = "TRL conversational" if prompt is None else "UltraFeedback"
    return schema, _with_shared_opening(row, chosen, rejected)


def _with_shared_opening(row: _Row, chosen: Turns, rejected: Turns) -> PreferencePair:
    turns, *sides = shared_opening(chosen, rejected)
    return row.pair(turns, answer_of(sides[0], "the chosen side"), answer_of(sides[1], "the rejected side"))


def _whole(row: _Row) -> tuple[str, Entry]:
    sides = [messages_of(row.values[name], f"{name!r}") for name in ("chosen_messages", "rejected_messages")]
    return "LLaMA-Factory v1", _with_shared_opening(row, sides[0], sides[1])


def _openai(row: _Row) -> tuple[str, Entry]:
    asked = row.values.get("input")
    turns = messages_of(asked.get("messages") if isinstance(asked, Mapping) else asked, "'input'")
    sides = [answer_of(messages_of(row.values[name], f"{name!r}"), f"{name!r}") for name in _OUTPUTS]
    return "OpenAI", row.pair(turns, sides[0], sides[1])


def _completions(row: _Row) -> tuple[str, Entry]:
    column = row.first(("completions", "generations")) or "completions"
    best, worst = best_and_worst(row.values, column)
    by = one_line(best.by, _NAME_CHARS), one_line(worst.by, _NAME_CHARS)
    return "UltraFeedback completions", row.pair(_asked(row), best.text, worst.text, by)


def _asked(row: _Row) -> Turns:
    """Return what the columns of text ask: earlier turns, then the prompt."""
    question = row.first(_QUESTIONS) or "prompt"
    asked = row.text(question)
    more = row.text("input") if question == "instruction" else ""
    earlier = row.values.get("history")
    said = "\n".join(text for text in (asked, more) if text)
    return (*(pairs_of(earlier, "'history'") if earlier else ()), Message("user", said))


# ------------------------------------------------------------------------------------------------- the liked answers


def _completion(row: _Row) -> tuple[str, Entry]:
    prompt, completion = row.values["prompt"], row.values["completion"]
    if isinstance(prompt, list) != isinstance(completion, list):
        raise Unfit("mixed", f"'prompt' is {kind_of(prompt)}, 'completion' {kind_of(completion)}")
    if not isinstance(prompt, list):
        return "KTO", row.liked(_asked(row), row.text("completion"))
    answer = answer_of(messages_of(completion, "'completion'"), "'completion'")
    return "KTO", row.liked(messages_of(prompt, "'prompt'"), answer)


def _labelled(row: _Row) -> tuple[str, Entry]:
    column = row.first(_CONTEXTS)
    if column is None:
        answer = row.text(row.first(("output", "response")) or "output")
        return "LLaMA-Factory KTO", row.liked(_asked(row), answer)
    turns = messages_of(row.values[column], f"{column!r}")
    last = turns[-1:]
    if not last or last[0].role != "assistant":
        raise Unfit("empty", f"no answer stands at the end of {column!r}")
    return "LLaMA-Factory KTO", row.liked(turns[:-1], last[0].content)


_OUTPUTS = ("preferred_output", "non_preferred_output")
_Names = Iterable[str]
_SCHEMAS: tuple[tuple[Callable[[Any], bool], Callable[[_Row], tuple[str, Entry]]], ...] = (
    (lambda names: {"chosen_messages", "rejected_messages"} <= names, _whole),
    (lambda names: {*_OUTPUTS} <= names, _openai),
    (lambda names: {"chosen", "rejected"} <= names, _sides),
    (lambda names: "completions" in names or {"generations", "ratings"} <= names, _completions),
    (lambda names: not names.isdisjoint(_LABELS) and {"prompt", "completion"} <= names, _completion),
    (lambda names: not names.isdisjoint(_LABELS) and not names.isdisjoint(_CONTEXTS), _labelled),
    (lambda names: not names.isdisjoint(_LABELS) and {"instruction", "output"} <= names, _labelled),
)
