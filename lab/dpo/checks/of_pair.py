"""A pair as it is read: the fault that keeps it out, or what there is to warn of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from lab.dpo.checks import personal, texts
from lab.dpo.checks.catalogue import ADJUDICATED, BIT
from lab.dpo.checks.errors import is_error
from lab.dpo.checks.names import names_its_model, names_of_answers
from lab.dpo.checks.refusals import refuses
from lab.dpo.rows import LikedRow, Row, in_turn
from lab.dpo.sources import MOCK
from lab.dpo.verdicts import Verdict
from lab.exported import Answered, JudgedDuel
from lab.messages import Message
from lab.preferences.duels.sides import cut_or_unfinished
from lab.store.duels import folded

_SETTINGS = ("max_tokens", "num_predict", "temperature", "top_p", "top_k")


class Texts(NamedTuple):
    """What is asked and answered, folded: without case, white space and Unicode form."""

    prompt: str
    chosen: str
    rejected: str


def fold(row: Row) -> Texts:
    """Return the last turn and the two answers of a pair, folded."""
    return Texts(folded(row.turns[-1].content) if row.turns else "", folded(row.chosen), folded(row.rejected))


def block(row: Row, said: Texts, chosen: Answered, rejected: Answered, *, mock: bool) -> str | None:
    """Return the rule that keeps a pair out of every export, or None. `mock`: its placeholders were asked for."""
    if not row.turns or row.turns[-1].role != "user" or texts.is_blank(said.prompt):
        return "no_user_turn"
    if texts.is_blank(said.chosen) or texts.is_blank(said.rejected):
        return "empty"
    if said.chosen == said.rejected:
        return "equal"
    for answer, raw, text in ((chosen, row.chosen, said.chosen), (rejected, row.rejected, said.rejected)):
        found = _faulty(answer, raw, text, said.prompt, mock=mock)
        if found is not None:
            return found
    return None


def block_like(row: LikedRow, answer: Answered, *, mock: bool) -> str | None:
    """Return the rule that keeps an answer with a thumb out of every export, or None."""
    prompt, text = folded(row.turns[-1].content), folded(row.answer)
    if row.turns[-1].role != "user" or texts.is_blank(prompt):
        return "no_user_turn"
    return "empty" if texts.is_blank(text) else _faulty(answer, row.answer, text, prompt, mock=mock)


def _faulty(answer: Answered, raw: str, text: str, prompt: str, *, mock: bool) -> str | None:
    if answer.error_kind is not None or is_error(text, prompt):
        return "error_text"
    told = answer.finish_reason is not None or answer.event_id is not None  # else nobody knows how it ended
    if told and cut_or_unfinished(answer.finish_reason):
        return "unfinished"
    if texts.is_placeholder(text, prompt) and not (mock and answer.provider == MOCK):
        return "placeholder"
    return "prompt_repeated" if texts.repeats(text, prompt, raw) else None


def flags(duel: JudgedDuel, row: Row, said: Texts, found: Verdict) -> int:
    """Return what there is to warn of in a pair, as bits of `catalogue.BIT`; `ADJUDICATED` is one as well."""
    asked = said.prompt if len(row.turns) == 1 else _asked(row.turns)
    answers = {row.chosen: said.chosen, row.rejected: said.rejected}
    bits = _of_texts(answers, row.turns, asked, names_of_answers(duel.first, duel.second)) | _of_system(row)
    if found.adjudicated:
        bits |= ADJUDICATED
    if _differ(duel.first, duel.second):
        bits |= BIT["settings"]
    if any(one.unblinded for one in found.agreeing) and duel.origin != "edit":
        bits |= BIT["unblinded"]
    return bits


def flags_of_like(row: LikedRow, answer: Answered) -> int:
    """Return what there is to warn of in an answer with a thumb, as bits of `catalogue.BIT`."""
    own = names_of_answers(answer)
    return _of_texts({row.answer: folded(row.answer)}, row.turns, _asked(row.turns), own) | _of_system(row)


def _asked(turns: Sequence[Message]) -> str:
    return folded("\n".join(turn.content for turn in turns))


def _of_texts(answers: Mapping[str, str], turns: tuple[Message, ...], asked: str, own: tuple[str, ...]) -> int:
    """Return what there is to warn of in answers, given with themselves folded, and in the turns before them."""
    bits = 0
    for text, fold_ in answers.items():
        if names_its_model(text, fold_, own, asked):
            bits |= BIT["names_model"]
        if refuses(text):
            bits |= BIT["refusal"]
        if texts.looks_cut(text):
            bits |= BIT["looks_cut"]
        bits |= _inside(text)
    if not in_turn(turns):
        bits |= BIT["out_of_turn"]
    for turn in turns:
        bits |= _inside(turn.content)
    return bits


def _of_system(row: Row | LikedRow) -> int:
    return _inside_system(row.system_prompt) if row.system_prompt else 0


def _inside(text: str) -> int:
    return BIT["personal"] * personal.has_personal(text) | BIT["markers"] * texts.has_markers(text)


_inside_system = lru_cache(maxsize=256)(_inside)  # a few system prompts stand over all rows


def _differ(first: Answered, second: Answered) -> bool:
    """Tell whether two answers came under different settings; where nothing is known of one, nobody can tell."""
    if first.options == second.options:
        return False
    one, other = json.loads(first.options or "{}") or {}, json.loads(second.options or "{}") or {}
    return bool(one and other) and any(one.get(name) != other.get(name) for name in _SETTINGS)
