"""Which side of the split each pair and each liked answer lies on, next to the prompts that have a side already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from lab.dpo.built import Bools, Built, Ints, Sides
from lab.dpo.checks.of_set import mark
from lab.dpo.clusters import Conversations, Encode, Turns, TurnsOf
from lab.dpo.pairs import turns_under
from lab.dpo.rows import SPLITS
from lab.dpo.spec import Spec
from lab.dpo.splits import BRIDGING, NONE, assign
from lab.exported import KnownPrompt
from lab.store import Store, prompt_sides
from lab.store.judged import Moment
from lab.store.judged import moment as moment_of

Digests = NDArray[np.uint64]

_AT_ONCE = 2_000
_MOST_COMPARED = 100_000  # conversations that are compared once more for the newcomers of one group
_THUMBS = "answers with a thumb"  # of no query type
_RANK = np.array([0, 2, 1])  # of the sides in SPLITS: which one keeps what is alike on several


class Dealing:
    """Conversations in the order known prompts, pairs, liked answers: gathered while they are read, dealt out once.

    `expected` is about how many come next to the known ones.
    """

    def __init__(self, store: Store, spec: Spec, expected: int) -> None:
        self.conversations = Conversations(spec.near, prompt_sides.count(store, spec.family) + expected)
        self.newest = 0  # the seq of the newest side that is known
        self._store, self._spec = store, spec
        self._known_ids: list[str] = []
        sides: list[int] = []
        for some in _pages(store, spec.family):
            self.add([one.turns for one in some], [turns_under(spec, one.turns) for one in some])
            self._known_ids += [one.conversation_id for one in some]
            sides += [SPLITS.index(one.side) for one in some]
            self.newest = some[-1].seq
        self.known = len(sides)
        self._sides = np.array(sides, dtype=np.int8)

    def add(self, conversations: Sequence[Turns], shown: Sequence[Turns]) -> None:
        """Add the conversations of the next pairs, then of liked answers; `shown` are they as the export holds them."""
        self.conversations.add(conversations, shown if self._spec.mask else None)

    def deal(self, built: Built, moment: Moment, encode: Encode | None = None) -> None:
        """Give each pair and liked answer its group and its side; those that bridge two sides are left out.

        What the conversations were compared by is let go. Raises ExportError for more prompts than can be compared by
        cosine.
        """
        turns_of, behind = self._turns_of(built, moment), self.known + len(built.pairs)
        groups = self._groups(self.conversations, turns_of, np.arange(len(self.conversations)), encode)
        digests, exact = self.conversations.digests, self.conversations.exact
        del self.conversations
        exported = np.concatenate([np.zeros(self.known, np.bool_), built.kept_of, built.likes_kept_of])
        stored = self._stored(exact)
        bridging = self._part(groups, stored, exported, turns_of, encode)
        there = exported | (np.arange(len(groups)) < self.known)
        there[bridging] = False
        at = np.flatnonzero(there)
        del there
        sides = np.full(len(groups), NONE, dtype=np.int8)
        codes = np.array([_code(name) for name in (*built.query_types.all, _THUMBS)], dtype=np.uint16)
        strata = np.full(len(groups), codes[-1])
        strata[self.known : behind] = codes[built.pairs["stratum"]]
        sides[at] = assign(
            _renumbered(groups, at), stored[at], digests[at], strata[at],
            self._spec.shares, self._spec.seed,
        ).sides  # fmt: skip
        sides[bridging] = BRIDGING
        sides[self._torn(groups, sides, exported, turns_of, encode)] = BRIDGING
        built.groups_of = groups[self.known : behind]
        built.settled_of = stored[self.known : behind] >= 0
        built.sides_of, built.like_sides = sides[self.known : behind], sides[behind:]
        built.leave_out(built.sides_of < 0, "bridging")
        built.leave_out_likes(built.like_sides < 0, "bridging")
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

    def _part(self, groups: Ints, stored: Sides, exported: Bools, turns_of: TurnsOf, encode: Encode | None) -> Ints:
        """Return the newcomers that bridge two sides, and part the groups that they had joined, in place.

        Each comes to those before it: one that is like some on two sides is left out, and joins nobody. What is not in
        the export joins nobody either. Of large groups that lie on two sides no newcomer is taken.
        """
        old = stored >= 0
        if not old.any():
            return np.zeros(0, np.int64)
        at = np.flatnonzero(old | exported)
        lies_on = np.zeros((len(groups), len(SPLITS)), dtype=np.bool_)
        lies_on[groups[at[old[at]]], stored[at[old[at]]]] = True
        on_two = at[(lies_on.sum(axis=1) > 1)[groups[at]]]
        on_two = on_two[np.argsort(groups[on_two], kind="stable")]
        left_out = [np.zeros(0, np.int64)]
        for members in np.split(on_two, np.flatnonzero(np.diff(groups[on_two])) + 1):
            if not old[members].all():
                left_out.append(self._bridging(members, stored, turns_of, encode))
                stay = np.setdiff1d(members, left_out[-1])
                groups[stay] = stay[self._groups_of(stay, turns_of, encode)]
        return np.concatenate(left_out)

    def _bridging(self, members: Ints, stored: Sides, turns_of: TurnsOf, encode: Encode | None) -> Ints:
        """Return the newcomers of one group that are like some on two sides, each beside those that came before it."""
        newcomers = members[stored[members] < 0]
        if len(members) * len(newcomers) > _MOST_COMPARED:
            return newcomers
        turns = dict(zip(members.tolist(), turns_of(members), strict=True))  # read once, compared again and again
        stay, left_out = members[stored[members] >= 0], []
        for one in newcomers:
            trial = np.append(stay, one)
            found = self._groups_of(trial, lambda rows: [turns[row] for row in rows.tolist()], encode)
            near = stored[trial[found == found[-1]]]
            if len(np.unique(near[near >= 0])) > 1:
                left_out.append(one)
            else:
                stay = trial
        return np.array(left_out, dtype=np.int64)

    def _torn(self, groups: Ints, sides: Sides, exported: Bools, turns_of: TurnsOf, encode: Encode | None) -> Ints:
        """Return the exported rows that are like some on a side that goes before theirs: training, then test.

        No newcomer is dealt out so; but prompts that got their sides when others counted as alike may be.
        """
        at = np.flatnonzero(exported & (sides >= 0))
        lies_on = np.zeros((len(groups), len(SPLITS)), dtype=np.bool_)
        lies_on[groups[at], sides[at]] = True
        some: Ints = at[(lies_on.sum(axis=1) > 1)[groups[at]]]
        if not len(some):
            return some
        found = self._groups_of(some, turns_of, encode)  # one left out may be all that two of them had in common
        rank = _RANK[sides[some]]
        first = np.full(len(some), len(SPLITS))
        np.minimum.at(first, found, rank)
        return np.asarray(some[rank > first[found]])

    def _groups_of(self, rows: Ints, turns_of: TurnsOf, encode: Encode | None) -> Ints:
        """Return the groups of some rows alone, by places in `rows`."""
        again = Conversations(self._spec.near)
        for start in range(0, len(rows), _AT_ONCE):
            again.add(turns_of(rows[start : start + _AT_ONCE]))
        return self._groups(again, turns_of, rows, encode)

    def _groups(self, conversations: Conversations, turns_of: TurnsOf, rows: Ints, encode: Encode | None) -> Ints:
        """Return the groups of conversations, which are those of these rows, by places in `rows`."""
        if self._spec.nearness == "minhash" or encode is None:
            return conversations.groups(lambda places: turns_of(rows[places]))
        return conversations.groups_by_cosine(lambda places: turns_of(rows[places]), encode)

    def _turns_of(self, built: Built, moment: Moment) -> TurnsOf:
        """Return what returns the turns of rows, as the export holds them."""
        seqs, likes, behind = built.seq_of, built.likes["seq"], self.known + len(built.pairs)

        def turns_of(rows: Ints) -> list[Turns]:
            by_id = self._known_turns(moment, [self._known_ids[one] for one in rows if one < self.known])
            by_seq = moment.turns([int(seqs[one - self.known]) for one in rows if self.known <= one < behind])
            of_likes = moment.turns_of_likes([int(likes[one - behind]) for one in rows if one >= behind])
            found = (
                by_id[self._known_ids[one]] if one < self.known
                else by_seq[int(seqs[one - self.known])] if one < behind
                else of_likes[int(likes[one - behind])]
                for one in rows
            )  # fmt: skip
            return [turns_under(self._spec, tuple(turns)) for turns in found]

        return turns_of

    def _known_turns(self, moment: Moment, ids: Sequence[str]) -> dict[str, Turns]:
        """Return the turns of known conversations; one that was deleted since its side was read has none."""
        found: dict[str, Turns] = dict(moment.turns_of_conversations(ids))
        late = [one for one in ids if one not in found]
        if late:  # frozen by somebody else after the moment
            with moment_of(self._store) as now:
                found |= now.turns_of_conversations(late)
        return {one: found.get(one, ()) for one in ids}


def _code(stratum: str) -> int:
    """Return the code of a stratum, whichever row brings it first. Two that share one are dealt out as one."""
    return crc32(stratum.encode()) & 0xFFFF


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
