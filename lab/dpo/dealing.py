"""Which side of the split each pair and each liked answer lies on, next to the prompts that have a side already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.dpo.built import Bools, Built, Ints
from lab.dpo.checks.of_set import mark
from lab.dpo.clusters import Conversations, Turns, compared, cosine_groups
from lab.dpo.rows import SPLITS
from lab.dpo.splits import NONE, assign
from lab.exported import KnownPrompt
from lab.store import Store, prompt_sides
from lab.store.judged import Moment
from lab.store.judged import moment as moment_of

Digests = NDArray[np.uint64]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_AT_ONCE = 2_000


class Dealing:
    """Conversations in the order known prompts, pairs, liked answers: gathered while they are read, dealt out once."""

    def __init__(self, store: Store, family: str, near: float) -> None:
        self.conversations = Conversations(near)
        self._store = store
        self._known_ids: list[str] = []
        sides: list[int] = []
        for some in _pages(store, family):
            self.conversations.add([one.turns for one in some])
            self._known_ids += [one.conversation_id for one in some]
            sides += [SPLITS.index(one.side) for one in some]
        self.known = len(sides)
        self._sides = np.array(sides, dtype=np.int8)

    def add(self, conversations: Sequence[Turns]) -> None:
        """Add the conversations of the next pairs, then of liked answers."""
        self.conversations.add(conversations)

    def deal(self, built: Built, moment: Moment, encode: Encode | None = None) -> None:
        """Give each pair and liked answer its group and its side; those that bridge two sides are left out.

        What the conversations were compared by is let go. Raises ExportError for more prompts than can be compared by
        cosine.
        """
        likes, behind = np.ones(len(built.likes), np.bool_), self.known + len(built.pairs)
        groups = self._groups(built, moment, encode)
        digests, exact = self.conversations.digests, self.conversations.exact
        del self.conversations
        at = np.flatnonzero(np.concatenate([np.ones(self.known, np.bool_), built.kept_of, likes]))
        sides = np.full(len(groups), NONE, dtype=np.int8)
        strata = np.zeros(len(groups), dtype=np.uint16)
        strata[self.known : behind] = built.pairs["stratum"]
        sides[at] = assign(
            _renumbered(groups, at), self._stored(exact)[at], digests[at], strata[at],
            built.spec.shares, built.spec.seed,
        ).sides  # fmt: skip
        built.groups_of = groups[self.known : behind]
        built.sides_of, built.like_sides = sides[self.known : behind], sides[behind:]
        built.leave_out((built.sides_of < 0) & built.kept_of, "bridging")
        mark(built, "near_duplicate", _after_another(built, exact[self.known : behind]))

    def _stored(self, exact: Digests) -> NDArray[np.int8]:
        """Return the side that each conversation has already, -1 for none."""
        sides = np.full(len(exact), NONE, dtype=np.int8)
        sides[: self.known] = self._sides
        if self.known:
            order = np.argsort(exact[: self.known], kind="stable")
            ordered = exact[order]
            at = np.minimum(np.searchsorted(ordered, exact[self.known :]), self.known - 1)
            found = np.flatnonzero(ordered[at] == exact[self.known :])
            sides[self.known + found] = self._sides[order[at[found]]]
        return sides

    def _known_turns(self, moment: Moment, ids: Sequence[str]) -> dict[str, Turns]:
        """Return the turns of known conversations; one that was deleted since its side was read has none."""
        found: dict[str, Turns] = dict(moment.turns_of_conversations(ids))
        late = [one for one in ids if one not in found]
        if late:  # frozen by somebody else after the moment
            with moment_of(self._store) as now:
                found |= now.turns_of_conversations(late)
        return {one: found.get(one, ()) for one in ids}

    def _groups(self, built: Built, moment: Moment, encode: Encode | None) -> Ints:
        seqs = built.seq_of
        likes = built.likes["seq"]

        def turns_of(places: Ints) -> list[Turns]:
            known = [self._known_ids[one] for one in places if one < self.known]
            pairs = [int(seqs[one - self.known]) for one in places if self.known <= one < self.known + len(seqs)]
            liked = [int(likes[one - self.known - len(seqs)]) for one in places if one >= self.known + len(seqs)]
            by_id = self._known_turns(moment, known)
            by_seq, of_likes = moment.turns(pairs), moment.turns_of_likes(liked)
            return [
                by_id[self._known_ids[one]] if one < self.known
                else by_seq[int(seqs[one - self.known])] if one < self.known + len(seqs)
                else of_likes[int(likes[one - self.known - len(seqs)])]
                for one in places
            ]  # fmt: skip

        if built.spec.nearness == "minhash" or encode is None:
            return self.conversations.groups(turns_of)
        every = np.arange(len(self.conversations))
        texts = [
            compared(turns)
            for start in range(0, len(every), _AT_ONCE)
            for turns in turns_of(every[start : start + _AT_ONCE])
        ]
        return self.conversations.joined(cosine_groups(encode(texts), built.spec.near))


def _after_another(built: Built, exact: Digests) -> Bools:
    """Tell which pairs stand behind one of another conversation in their group, among those that are kept."""
    kept = np.flatnonzero(built.kept_of)
    late = np.zeros(len(built.pairs), np.bool_)
    first = kept[_renumbered(built.groups_of, kept)]
    late[kept] = exact[kept] != exact[first]
    return late


def _renumbered(groups: Ints, at: Ints) -> Ints:
    """Return the groups of the rows at some places, ascending, by the place in `at` of the earliest of each."""
    first = np.full(int(groups.max(initial=-1)) + 1, len(at), dtype=np.int64)
    np.minimum.at(first, groups[at], np.arange(len(at)))
    return first[groups[at]]


def _pages(store: Store, family: str) -> Iterator[list[KnownPrompt]]:
    after = 0
    while True:
        some = prompt_sides.known_prompts(store, family, after, _AT_ONCE)
        if not some:
            return
        yield some
        after = some[-1].seq
