"""Pairs from duels, and liked answers from thumbs: nothing is made up for a side that nobody judged."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from lab.dpo.checks import personal
from lab.dpo.checks.of_pair import Texts
from lab.dpo.rows import LikedRow, Row, Split
from lab.dpo.spec import Spec
from lab.dpo.verdicts import Verdict
from lab.exported import DISLIKES_REJECTED, LIKES_CHOSEN, Answered, FrozenRow, JudgedDuel, LikedAnswer
from lab.judging import HUMAN, Side
from lab.messages import Message
from lab.store.duels import folded


def row_of(duel: JudgedDuel, found: Verdict, spec: Spec, split: Split = "train") -> Row:
    """Return the pair that a verdict makes of a duel, under the spec's system prompt, masked where that is wished."""
    return _row(
        duel,
        duel.id,
        *sides_of(duel, found),
        spec,
        split=split,
        votes=len(found.votes),
        agreeing=len(found.agreeing),
        strength=found.strength,
        adjudicated=found.adjudicated,
    )


def liked_row_of(like: LikedAnswer, spec: Spec, split: Split = "train") -> LikedRow:
    """Return an answer with its thumb, under the spec's system prompt, masked where that is wished."""
    answer = like.answer
    return LikedRow(
        answer.id, split, turns_under(spec, like.turns), _system(like.system_prompt, spec), _text(answer.text, spec),
        like.liked, _by(answer), answer.model,
    )  # fmt: skip


def row_of_frozen(frozen: FrozenRow, spec: Spec) -> Row:
    """Return the pair of a snapshot's row, as it was when it was frozen."""
    assert frozen.duel_id is not None
    assert frozen.chosen is not None
    assert frozen.rejected is not None
    return _row(
        frozen,
        frozen.duel_id,
        frozen.chosen,
        frozen.rejected,
        spec,
        split=frozen.split,
        votes=frozen.votes,
        agreeing=frozen.agreeing,
        strength=frozen.strength,
        adjudicated=frozen.adjudicated,
        likes_chosen=bool(frozen.emits & LIKES_CHOSEN),
        dislikes_rejected=bool(frozen.emits & DISLIKES_REJECTED),
    )


def _row(
    of: JudgedDuel | FrozenRow,
    duel_id: str,
    chosen: Answered | Side,
    rejected: Answered | Side,
    spec: Spec,
    **rest: Any,
) -> Row:
    return Row(
        duel_id=duel_id,
        turns=turns_under(spec, of.turns),
        system_prompt=_system(of.system_prompt, spec),
        chosen=_text(chosen.text, spec),
        rejected=_text(rejected.text, spec),
        chosen_by=_by(chosen),
        rejected_by=_by(rejected),
        chosen_model=chosen.model,
        rejected_model=rejected.model,
        query_type=of.query_type,
        origin=of.origin,
        **rest,
    )


def liked_row_of_frozen(frozen: FrozenRow, spec: Spec) -> LikedRow:
    """Return the liked answer of a snapshot's row, as it was when it was frozen."""
    answer = frozen.chosen or frozen.rejected
    assert answer is not None
    return LikedRow(
        answer.response_id, frozen.split, turns_under(spec, frozen.turns), _system(frozen.system_prompt, spec),
        _text(answer.text, spec), frozen.chosen is not None, _by(answer), answer.model,
    )  # fmt: skip


def sides_of(duel: JudgedDuel, found: Verdict) -> tuple[Answered, Answered]:
    """Return the chosen and the rejected answer of a duel that has a winner."""
    return (duel.first, duel.second) if found.chosen_id == duel.first.id else (duel.second, duel.first)


def _by(answer: Answered | Side) -> str:
    """Return what the author of an answer is called; who wrote one by hand is not named."""
    return HUMAN if answer.provider == HUMAN else answer.expert or answer.model or answer.provider


def _system(own: str, spec: Spec) -> str:
    text = {"own": own, "replaced": spec.system_text, "none": ""}[spec.system]
    return _text(text, spec) if text.strip() else ""  # a blank one is none, and no trainer is to see an empty turn


def turns_under(spec: Spec, turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the turns of a conversation as an export holds them: masked where that is wished."""
    if not spec.mask:
        return turns
    return tuple(Message(turn.role, personal.masked(turn.content)) for turn in turns)


def _text(text: str, spec: Spec) -> str:
    return personal.masked(text) if spec.mask else text


# ------------------------------------------------------------------------------------------------- what is the same


class Digests(NamedTuple):
    """64 bits of a prompt with each of the answers, as a liked row would be."""

    chosen: int
    rejected: int


def digests(row: Row, said: Texts) -> Digests:
    """Return the digests of a pair, which stay the same with other case, white space and Unicode form."""
    base = _base(row.turns, said.prompt, row.system_prompt)
    return Digests(*(int(_with(base, text), 16) for text in (said.chosen, said.rejected)))


def digest_of_like(row: LikedRow) -> int:
    """Return the digest of a liked row's prompt with its answer."""
    return int(_with(_base(row.turns, folded(row.turns[-1].content), row.system_prompt), folded(row.answer)), 16)


def _base(turns: tuple[Message, ...], last: str, system_prompt: str) -> str:
    """Return a digest of what is answered; `last` is the last turn, folded."""
    before = (part for turn in turns[:-1] for part in (turn.role, folded(turn.content)))
    said = "\x00".join((folded(system_prompt), *before, last))
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def _with(base: str, text: str) -> str:
    return hashlib.blake2b(f"{base}\x00{text}".encode(), digest_size=8).hexdigest()
