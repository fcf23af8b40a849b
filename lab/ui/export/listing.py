"""The duels behind a number: prompt, what was chosen over what, and why. A row that is clicked opens its duel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from lab.dpo import wording
from lab.dpo.behind import duels_behind
from lab.dpo.built import CODE, KEPT, REASONS
from lab.dpo.checks.catalogue import BIT, BY_ID
from lab.dpo.verdicts import verdict
from lab.exported import JudgedDuel
from lab.store import judged
from lab.ui import text
from lab.ui.export import address, opened_duel, opened_list, thumbs
from lab.ui.export.reading import Reading
from lab.ui.trust import words
from lab.ui.trust.names import Names

_SIDE_CHARS = 160
_TITLES = {
    "judged": "Judged duels",
    "wanted": "Duels that the filters let through",
    "filtered": "Judged duels that the filters leave out",
    "pairs": "Duels with a winner",
    "undecided": "Duels without a winner",
    "kept": "Kept pairs",
    "left_out": "Pairs that are left out",
    "split": "Kept pairs in",
    "type": "Kept pairs of",
    "author": "Kept pairs with an answer by",
    "won": "Kept pairs won by",
    "ratio": "Kept pairs whose longer answer is",
    "tokens": "Kept pairs of so many tokens:",
    "chars": "Kept pairs with an answer of so many characters:",
    "voice": "Kept pairs that one annotator voted for:",
}


def draw(reading: Reading, place: str) -> None:
    """Draw the list that is open at a place of the page, and the duel that is open in it."""
    wanted = address.opened(place)
    if wanted is None:
        if place == address.FUNNEL and address.duel() and not address.any_open():
            opened_duel.draw(reading.lab)
        return
    kind, *about = wanted
    if kind.startswith("thumbs"):
        thumbs.draw(reading, kind, about)
        return
    try:
        seqs = duels_behind(reading.built, kind, *about)
        title = _title(reading, kind, about)
    except (KeyError, IndexError, TypeError, ValueError):
        st.info(thumbs.NO_LIST)
        return
    with st.container(border=True):
        _list(reading, title, [int(one) for one in seqs[: opened_list.MOST]], len(seqs), kind, about)
    opened_duel.draw(reading.lab)


def _title(reading: Reading, kind: str, about: Sequence[str]) -> str:
    if kind == "reason":
        return text.begun(wording.why(about[0]))
    if kind == "rule":
        return text.begun(BY_ID[about[0]].title)
    named = [Names(reading.lab.store).name(one) if kind == "voice" else one for one in about if one]
    if kind in ("tokens", "chars"):
        *named, low, high = about
        named = [*named, f"{int(low):,} to {int(high) - 1:,}"]
    return " ".join([_TITLES[kind], ", ".join(named) or "no query type" if about else ""]).strip()


def _list(reading: Reading, title: str, few: list[int], many: int, kind: str, about: Sequence[str]) -> None:
    opened_list.heading(title, many, "duel")
    if not few:
        return
    shown = _read(reading, few)
    opened_list.table(
        _columns(reading, shown),
        [one.id for one in shown],
        many=many,
        name="export-duels",
        all_of_them=lambda: _columns(reading, _read(reading, duels_behind(reading.built, kind, *about).tolist())),
        on_pick=lambda place: address.show_duel(shown[place].id),
    )


def _read(reading: Reading, seqs: Sequence[int]) -> list[JudgedDuel]:
    with judged.moment(reading.lab.store) as at:
        return at.by_seq(seqs)


def _columns(reading: Reading, some: Sequence[JudgedDuel]) -> dict[str, list[object]]:
    """Return duels as columns: what was asked, what was chosen, and what became of it."""
    found = [verdict(one, reading.spec) for one in some]
    return {
        "prompt": [one.turns[-1].content for one in some],
        "in the export": became(reading, [one.seq for one in some]),
        "chosen": [_side(one, said.chosen_id, won=True) for one, said in zip(some, found, strict=True)],
        "rejected": [_side(one, said.chosen_id, won=False) for one, said in zip(some, found, strict=True)],
        "votes": [f"{len(said.agreeing)} of {len(said.votes)}" for said in found],
        "query type": [one.query_type or "" for one in some],
        "origin": [words.ORIGINS.get(one.origin, one.origin) for one in some],
    }


def _side(one: JudgedDuel, chosen_id: str | None, *, won: bool) -> str:
    if chosen_id is None:
        return ""
    side = one.first if (one.first.id == chosen_id) is won else one.second
    return f"{side.by}: {side.text[:_SIDE_CHARS]}"


def became(reading: Reading, seqs: Sequence[int]) -> list[object]:
    """Return what became of some judged duels, by their seqs; for a pair with warnings, these."""
    built = reading.built
    those = np.asarray(seqs, dtype=np.int64)
    codes = built.reasons[np.searchsorted(built.duel_seqs, those)]
    of_pairs = built.seq_of
    places = np.minimum(np.searchsorted(of_pairs, those), max(len(of_pairs) - 1, 0))
    said: list[object] = []
    for seq, code, place in zip(those, codes, places, strict=True):
        reason = "yes" if REASONS[code] == KEPT else wording.why(REASONS[code])
        paired = len(of_pairs) > 0 and of_pairs[place] == seq and code in (0, CODE["excluded"])
        bits = int(built.pairs["flags"][place]) if paired else 0
        titles = ", ".join(BY_ID[rule].title for rule, bit in BIT.items() if bits & bit)
        said.append(f"{reason}: {titles}" if titles else reason)
    return said
