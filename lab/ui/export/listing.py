"""The duels behind a number: prompt, what was chosen over what, and why. A row that is clicked opens its duel."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lab.dpo import wording
from lab.dpo.behind import duels_behind
from lab.dpo.built import CODE, REASONS
from lab.dpo.checks.catalogue import BIT, BY_ID
from lab.dpo.verdicts import verdict
from lab.errors import LabError
from lab.exported import JudgedDuel
from lab.store import ballots, duels, judged
from lab.ui import tables, text
from lab.ui.components import fault
from lab.ui.export import address
from lab.ui.export.reading import Reading
from lab.ui.trust import duel_view, words
from lab.ui.trust.names import Names

_MOST = 500  # rows that are read and shown at once; the CSV holds all of them
_TITLES = {
    "judged": "Judged duels",
    "wanted": "Duels that the filters let through",
    "pairs": "Duels with a winner",
    "kept": "Kept pairs",
    "split": "Kept pairs in",
    "type": "Kept pairs of",
    "author": "Kept pairs with an answer by",
    "won": "Kept pairs won by",
    "ratio": "Kept pairs whose longer answer is",
    "tokens": "Kept pairs of so many tokens:",
    "voice": "Kept pairs that one annotator voted for:",
}


def draw(reading: Reading) -> None:
    """Draw the list that is open, and the duel that is open in it."""
    wanted = address.opened()
    if wanted is not None:
        kind, *about = wanted
        try:
            seqs = [int(one) for one in duels_behind(reading.built, kind, *about)]
        except (KeyError, IndexError, TypeError, ValueError):
            st.info("This link names a list that is not there. Open one by a number on this page.")
        else:
            _list(reading, _title(reading, kind, about), seqs)
    _duel(reading)


def _title(reading: Reading, kind: str, about: Sequence[str]) -> str:
    if kind == "reason":
        return text.begun(wording.why(about[0]))
    if kind == "rule":
        return text.begun(BY_ID[about[0]].title)
    named = [Names(reading.lab.store).name(one) if kind == "voice" else one for one in about if one]
    return " ".join([_TITLES[kind], " to ".join(named) or "no query type" if about else ""]).strip()


def _list(reading: Reading, title: str, seqs: list[int]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text.plain(title)}**: {words.count(len(seqs), 'duel')}", width="content")
        st.button("Close", key="close-list", type="tertiary", on_click=address.close)
    if not seqs:
        return
    with judged.moment(reading.lab.store) as at:
        shown = at.by_seq(seqs[:_MOST])
    tables.table(
        _columns(reading, shown),
        key=tables.key_of("behind", [one.id for one in shown]),
        name="export-duels",
        caption="Click one to read it." + (f" The first {_MOST:,} are shown." if len(seqs) > _MOST else ""),
        config={"prompt": st.column_config.TextColumn(width="large")},
        on_pick=lambda place: address.show_duel(shown[place].id),
        height=360,
    )
    if len(seqs) > _MOST:
        st.download_button(
            f"CSV of all {len(seqs):,}", lambda: _all(reading, seqs), "export-duels-all.csv", "text/csv",
            key="behind-all", on_click="ignore", type="tertiary", icon=":material/download:",
        )  # fmt: skip


def _all(reading: Reading, seqs: list[int]) -> bytes:
    from lab.forensics.datasets.csv_out import to_csv

    with judged.moment(reading.lab.store) as at:
        return to_csv(_columns(reading, at.by_seq(seqs)))


def _columns(reading: Reading, some: Sequence[JudgedDuel]) -> dict[str, list[object]]:
    """Return duels as columns: what was asked, what was chosen, and what became of it."""
    found = [verdict(one, reading.spec) for one in some]
    became = _became(reading)
    return {
        "prompt": [one.turns[-1].content for one in some],
        "chosen": [_side(one, said.chosen_id, won=True) for one, said in zip(some, found, strict=True)],
        "rejected": [_side(one, said.chosen_id, won=False) for one, said in zip(some, found, strict=True)],
        "votes": [f"{len(said.agreeing)} of {len(said.votes)}" for said in found],
        "in the export": [became.get(one.seq, "") for one in some],
        "query type": [one.query_type or "" for one in some],
        "origin": [words.ORIGINS.get(one.origin, one.origin) for one in some],
    }


def _side(one: JudgedDuel, chosen_id: str | None, *, won: bool) -> str:
    if chosen_id is None:
        return ""
    side = one.first if (one.first.id == chosen_id) is won else one.second
    return f"{side.by}: {side.text[:160]}"


def _became(reading: Reading) -> dict[int, str]:
    """Return what became of each duel, by its seq; for a pair with warnings, these."""
    built = reading.built
    said = {
        int(seq): "yes" if code == 0 else wording.why(REASONS[code])
        for seq, code in zip(built.duel_seqs, built.reasons, strict=True)
    }
    flags = built.pairs["flags"]
    for seq, bits, code in zip(built.pairs["seq"], flags, built.reasons[built.pairs["place"]], strict=True):
        if bits and code in (0, CODE["excluded"]):
            titles = ", ".join(BY_ID[rule].title for rule, bit in BIT.items() if bits & bit)
            said[int(seq)] = f"{said[int(seq)]}: {titles}"
    return said


def _duel(reading: Reading) -> None:
    wanted = address.duel()
    if not wanted:
        return
    names = Names(reading.lab.store)
    try:
        duel = duels.get(reading.lab.store, wanted)
        votes = ballots.of_duels(reading.lab.store, [wanted]).get(wanted, [])
    except LabError as err:
        fault(err)
        return
    with st.container(border=True):
        duel_view.about(duel)
        duel_view.conversation(duel, key="opened")
        duel_view.answers(names, duel, named=True)
        duel_view.votes(names, duel, votes)
        with st.container(horizontal=True):
            st.page_link(
                "pages/trust.py", label="Resolve it on the desk", icon=":material/gavel:",
                query_params={"part": "Disagreements", "desk": duel.id, "state": "all"},
            )  # fmt: skip
            if duel.event_id:
                st.page_link(
                    "pages/route.py", label="Open its event", icon=":material/alt_route:",
                    query_params={"event": duel.event_id},
                )  # fmt: skip
            st.button("Close the duel", key="close-duel", type="tertiary", on_click=address.show_duel, args=(None,))
