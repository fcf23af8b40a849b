"""One reading of all votes: which pairs they make, what the doctor says of each, and which side of the split it has.

Texts are read, looked at and let go; what stays is a hundred bytes a pair. The same votes give the same pairs.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

import numpy as np

from lab.dpo import columns
from lab.dpo.built import CODE, Built
from lab.dpo.checks import of_pair, of_set
from lab.dpo.clusters import Encode
from lab.dpo.dealing import Dealing
from lab.dpo.pairs import digest_of_like, digests, liked_row_of, row_of, sides_of
from lab.dpo.rows import SPLITS, LikedRow, Row
from lab.dpo.sources import unwanted, unwanted_like
from lab.dpo.spec import Policy, Spec
from lab.dpo.tokens import Counter, counter
from lab.dpo.verdicts import Verdict, verdict
from lab.exported import Answered, JudgedDuel, LikedAnswer
from lab.store import Store
from lab.store.judged import Moment
from lab.store.text import DELETED

Progress = Callable[[int, int | None, str], None]
Check = Callable[[], None]

_AT_ONCE = 500


def build(
    store: Store,
    moment: Moment,
    spec: Spec,
    *,
    progress: Progress | None = None,
    check: Check | None = None,
    encode: Encode | None = None,
) -> Built:
    """Read all votes of a moment and return what they come to under a spec.

    `progress` gets how many duels of how many are through, and what is done; `check` may raise to stop; `encode` turns
    texts into unit vectors, for near-duplicates by cosine. Raises ExportError for a tokenizer that cannot be used, and
    for too many prompts for cosines; StoreError.
    """
    tokens = counter(spec.policy)
    votes, judged = moment.votes(), moment.judged()
    dealing = Dealing(store, spec, judged)
    built = Built(
        spec, tokens.exact, votes=votes, seen_sides=dealing.newest, pairs=columns.pairs(judged),
        voices=columns.voices(votes),
    )  # fmt: skip
    _read_pairs(built, moment, tokens, dealing, judged, progress, check)
    _read_likes(built, moment, tokens, dealing)
    if progress is not None:
        progress(len(built.duel_seqs), len(built.duel_seqs), "comparing the prompts")
    of_set.warn_of_lengths(built)
    of_set.leave_out_by_name(built)  # first: what is not in makes no other pair one too many, and has no side
    of_set.block_repeated(built)
    dealing.deal(built, moment, encode)
    of_set.leave_out_by_name(built)  # those that have turned out to be near-duplicates
    of_set.settle_likes(built)
    return built


class _Pair(NamedTuple):
    duel: JudgedDuel
    found: Verdict
    row: Row
    said: of_pair.Texts
    place: int


def _read_pairs(
    built: Built,
    moment: Moment,
    tokens: Counter,
    dealing: Dealing,
    total: int,
    progress: Progress | None,
    check: Check | None,
) -> None:
    seqs, reasons = np.zeros(total, np.int64), np.zeros(total, np.uint8)
    done = 0
    for duels in moment.duels():
        if check is not None:
            check()
        made = []
        for place, duel in enumerate(duels, start=done):
            seqs[place] = duel.seq
            found = _pair(built, duel, place)
            if isinstance(found, str):
                reasons[place] = CODE[found]
            else:
                made.append(found)
        _keep(built, made, tokens)
        dealing.add([one.duel.turns for one in made], [one.row.turns for one in made])
        done += len(duels)
        if progress is not None:
            progress(done, total, "reading the votes")
    built.duel_seqs, built.reasons = seqs[:done], reasons[:done]


def _pair(built: Built, duel: JudgedDuel, place: int) -> _Pair | str:
    """Return the pair that a duel makes, or the reason why it makes none."""
    spec = built.spec
    why_not = unwanted(duel, spec)
    if why_not is not None:
        return why_not
    found = verdict(duel, spec)
    _agree(built, found)
    if found.chosen_id is None:
        return f"verdict:{found.why_not}"
    row = row_of(duel, found, spec)
    said = of_pair.fold(row)
    blocked = of_pair.block(row, said, *sides_of(duel, found), mock=spec.filters.mock)
    return blocked or _Pair(duel, found, row, said, place)


def _agree(built: Built, found: Verdict) -> None:
    """Count how often two people who judged one duel said the same; all of one duel count as one."""
    said = [one.chosen_id or one.verdict for one in found.votes if one.annotator_kind != "import"]
    if len(said) > 1:
        built.twice += 1
        built.agreed += _alike(said) / (len(said) * (len(said) - 1))
    chosen = [one.chosen_id for one in found.votes if one.chosen_id and one.annotator_kind != "import"]
    built.chose_both += len(chosen) * (len(chosen) - 1) // 2
    built.chose_same += _alike(chosen) // 2


def _alike(said: list[str]) -> int:
    """Return how many ordered pairs of these say the same."""
    if len(said) == 2:
        return 2 * (said[0] == said[1])
    return sum(count * (count - 1) for count in Counts(said).values())


def _keep(built: Built, made: list[_Pair], tokens: Counter) -> None:
    """Keep the numbers of pairs."""
    lengths = tokens.pairs([one.row for one in made])
    for at, (duel, found, row, said, place) in enumerate(made):
        same = digests(row, said)
        people = [one for one in found.votes if one.chosen_id is not None and one.annotator_kind != "import"]
        seen = people if duel.origin != "edit" else []  # whoever writes a better answer saw no sides
        for one in found.agreeing:
            built.voices.add(pair=len(built.pairs), annotator=built.annotators.place(one.annotator_id))
        built.pairs.add(
            flags=of_pair.flags(duel, row, said, found),
            chosen=same.chosen,
            rejected=same.rejected,
            stratum=built.query_types.place(row.query_type or ""),
            chosen_by=built.authors.place(f"{row.chosen_by}\n{row.chosen_model}"),
            rejected_by=built.authors.place(f"{row.rejected_by}\n{row.rejected_model}"),
            chosen_chars=len(row.chosen),
            rejected_chars=len(row.rejected),
            chosen_prompt=int(lengths.chosen.prompt[at]),
            chosen_whole=int(lengths.chosen.whole[at]),
            rejected_prompt=int(lengths.rejected.prompt[at]),
            rejected_whole=int(lengths.rejected.whole[at]),
            place=place,
            own=sum(is_of(one, built.spec.policy) for one in (duel.first, duel.second)),
            system=crc32(row.system_prompt.encode()),
            left=sum(one.chosen_id == one.left_id for one in seen),
            chose=len(seen),
        )


def is_of(answer: Answered, policy: Policy) -> bool:
    """Tell whether an answer was sampled from the policy, by the name of the model or of the expert."""
    return bool(policy.model) and policy.model in (answer.model, answer.expert)


# --------------------------------------------------------------------------------------------------------- thumbs


def _read_likes(built: Built, moment: Moment, tokens: Counter, dealing: Dealing) -> None:
    for some in moment.likes():
        found = [(like, _liked(like, built.spec)) for like in some]
        for like, row in found:
            if isinstance(row, str):
                built.likes_lost.add(seq=like.seq, reason=CODE[row])
        made = [(like, row) for like, row in found if isinstance(row, LikedRow)]
        lengths = tokens.liked([row for _, row in made])
        dealing.add([like.turns for like, _ in made], [row.turns for _, row in made])
        for at, (like, row) in enumerate(made):
            built.likes.add(
                seq=like.seq,
                flags=of_pair.flags_of_like(row, like.answer),
                answer=digest_of_like(row),
                liked=row.liked,
                prompt_tokens=int(lengths.prompt[at]),
                whole_tokens=int(lengths.whole[at]),
            )
    built.like_reasons = np.zeros(len(built.likes), np.uint8)


def _liked(like: LikedAnswer, spec: Spec) -> LikedRow | str:
    why_not = unwanted_like(like, spec)
    if why_not is not None:
        return why_not
    row = liked_row_of(like, spec)
    if DELETED in (row.answer, row.system_prompt, *(turn.content for turn in row.turns)):
        return "deleted"
    return of_pair.block_like(row, like.answer, mock=spec.filters.mock) or row


# ------------------------------------------------------------------------------------------------------ what is kept


def kept_rows(built: Built, moment: Moment) -> Iterator[tuple[JudgedDuel, Row, Verdict]]:
    """Yield the pairs that are kept, in the order of the duels, from the moment that they were built on."""
    kept = built.kept_of
    seqs, sides = built.seq_of[kept], built.sides_of[kept]
    likes, dislikes = of_set.emitted(built)
    at = 0
    for start in range(0, len(seqs), _AT_ONCE):
        for duel in moment.by_seq(seqs[start : start + _AT_ONCE].tolist()):
            found = verdict(duel, built.spec)
            row = row_of(duel, found, built.spec, SPLITS[sides[at]])
            yield duel, replace(row, likes_chosen=bool(likes[at]), dislikes_rejected=bool(dislikes[at])), found
            at += 1


def kept_likes(built: Built, moment: Moment) -> Iterator[tuple[LikedAnswer, LikedRow]]:
    """Yield the liked answers that are kept, from the moment that they were built on."""
    kept = built.likes_kept_of
    sides = dict(zip(built.likes["seq"][kept].tolist(), built.like_sides[kept].tolist(), strict=True))
    for some in moment.likes() if sides else ():
        for like in some:
            side = sides.get(like.seq)
            if side is not None:
                yield like, liked_row_of(like, built.spec, SPLITS[side])
