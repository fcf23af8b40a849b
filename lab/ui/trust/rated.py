"""Who wins: ratings of duels by chance, each other origin apart, by query type, and the matrix of win rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lab.preferences.behind import CHANCE, pool_name
from lab.preferences.ratings import LEAST_DUELS, PENALTY, Ratings
from lab.ui import charts, colours, tables, text
from lab.ui.trust import address, intervals, listing, words
from lab.ui.trust.intervals import Mark
from lab.ui.trust.reading import Reading

_POOL = "pool"
_SHARE = st.column_config.NumberColumn(format="%.2f")
_PLAIN = st.column_config.NumberColumn(format="%.2f")
_CORNER = "row beats column"
_FIT = f"Bradley-Terry, L2 penalty {PENALTY} · 95 % bootstrap by conversation, not narrower than the normal interval"


def draw(reading: Reading) -> None:
    """Draw the ratings of the pool that the person chose, and what is open behind them."""
    pool, found = _pool(reading)
    if pool != CHANCE:
        st.warning(
            f"These duels were not sampled by chance ({words.pool(pool)}): two equal experts may look unequal on them. "
            "They say who wins there, and nothing of other prompts."
        )
    if not found.duels:
        st.info(
            "No duel that was sampled by chance has a result yet, so there is nothing to rate. Ask two experts in "
            "bulk, with prompts at random, and judge the answers on the Label page."
            if pool == CHANCE
            else "No vote here says which of two names is better."
        )
        return
    st.caption(_about(found))
    _strengths(reading, pool, found)
    _matrix(reading, pool, found)
    if pool == CHANCE:
        _by_query_type(reading)
    listing.draw(reading, "ratings")


def _pool(reading: Reading) -> tuple[str, Ratings]:
    pools = {CHANCE: reading.trust.by_chance}
    pools |= {pool_name(*name): found for name, found in reading.trust.by_origin.items()}
    if st.session_state.get(_POOL) not in (None, *pools):
        st.session_state[_POOL] = CHANCE
    names = [f"{words.pool(name)} ({words.count(found.duels, 'duel')})" for name, found in pools.items()]
    shown = dict(zip(pools, names, strict=True))
    pool = CHANCE
    if len(pools) > 1:
        pool = st.selectbox(
            "Duels", list(pools), key=_POOL, bind="query-params", format_func=lambda one: shown.get(one, one), width=340
        )
    return pool or CHANCE, pools[pool or CHANCE]


def _about(found: Ratings) -> str:
    parts = [
        f"{words.count(found.duels, 'duel')} of {words.count(found.conversations, 'conversation')}, "
        f"{words.count(found.votes, 'vote')}; each duel counts once, equally good is half a win of each"
    ]
    if found.both_bad:
        parts.append(f"{words.count(found.both_bad, 'vote')} for both bad left out")
    if found.one_name:
        parts.append(f"{words.count(found.one_name, 'duel')} between two settings of one name left out")
    if found.weighted:
        parts.append(f"weighted by 1 / probability, worth {found.effective:.0f} duels of equal weight")
    if len({one.group for one in found.contenders}) > 1:
        parts.append("not all met, not even through others: compare within a group alone")
    return text.plain(f"{'; '.join(parts)}.")


def _strengths(reading: Reading, pool: str, found: Ratings) -> None:
    config = reading.lab.routers.live().version.config
    rated = [one for one in found.contenders if one.strength.value is not None]
    marks = [
        Mark(reading.author(one.name), one.strength.value, one.duels, one.name, colour=colours.of(config, one.name))
        for one in rated
        if one.strength.value is not None
    ]
    if marks:
        charts.chart(
            intervals.figure(marks, axis="strength, log-odds", reference=0.0, percent=False, unit="who answered"),
            key="strengths",
            name=f"ratings-{pool.replace('/', '-')}",
            caption=f"n = {found.duels:,} duels {words.pool(pool)} · 0 is the mean · {_FIT}",
            alt=f"strength of {len(marks)} contenders with intervals",
            on_pick=lambda picked: _open(pool, picked),
        )
    else:
        st.info(f"Too few votes: fewer than {LEAST_DUELS} duels of each, so there is no rating yet.")
    tables.table(
        _strength_columns(reading, found),
        key=f"strengths-{pool}",
        name=f"ratings-{pool.replace('/', '-')}",
        caption="Click a row for its duels.",
        config=dict.fromkeys(["strength", "strength, from", "strength, to"], _PLAIN)
        | dict.fromkeys(["beats the mean", "beats the mean, from", "beats the mean, to"], _SHARE)
        | {"wins": st.column_config.NumberColumn(format="%.1f")},
        on_pick=lambda place: address.show("ratings", "rated", pool, "", found.contenders[place].name),
    )


def _strength_columns(reading: Reading, found: Ratings) -> dict[str, list[object]]:
    all_ = found.contenders
    columns: dict[str, list[object]] = {
        "who answered": [reading.author(one.name) for one in all_],
        "duels": [one.duels for one in all_],
        "wins": [one.wins for one in all_],
        "strength": [words.value(one.strength) for one in all_],
        "strength, from": [words.low(one.strength) for one in all_],
        "strength, to": [words.high(one.strength) for one in all_],
        "beats the mean": [words.value(one.against_mean) for one in all_],
        "beats the mean, from": [words.low(one.against_mean) for one in all_],
        "beats the mean, to": [words.high(one.against_mean) for one in all_],
        "note": [one.strength.because for one in all_],
    }
    if len({one.group for one in all_}) > 1:
        columns["group"] = [one.group + 1 for one in all_]
    return columns


def _open(pool: str, picked: list[Any]) -> None:
    wanted = intervals.clicked(picked)
    if wanted is not None:
        address.show("ratings", "rated", pool, "", wanted)


def _matrix(reading: Reading, pool: str, found: Ratings) -> None:
    names = [one.name for one in found.contenders]
    st.markdown("#### Win rates")
    shown = [reading.author(name) for name in names]
    columns: dict[str, list[object]] = {_CORNER: list(shown)}
    columns |= {shown[at]: [_rate(found, name, other) for name in names] for at, other in enumerate(names)}
    long: dict[str, list[object]] = {
        "row": [reading.author(row) for row, _ in found.rates],
        "beats": [reading.author(column) for _, column in found.rates],
        "win rate": [words.value(one) for one in found.rates.values()],
        "from": [words.low(one) for one in found.rates.values()],
        "to": [words.high(one) for one in found.rates.values()],
        "duels": [one.n for one in found.rates.values()],
    }
    tables.table(
        columns,
        key=f"win-rates-{pool}",
        name=f"win-rates-{pool.replace('/', '-')}",
        caption="95 % Wilson, a conversation as one observation; n = duels; click a cell for them.",
        on_cell=lambda place, other: _open_pair(pool, names[place], dict(zip(shown, names, strict=True)).get(other)),
        whole=long,
    )


def _rate(found: Ratings, row: str, column: str) -> str:
    one = found.rates.get((row, column))
    if one is None:
        return ""
    if one.value is None:
        return f"too few votes, n = {one.n}"
    return f"{words.share(one.value)} ({words.ends(one.value)}), n = {one.n:,}"


def _open_pair(pool: str, row: str, column: str | None) -> None:
    others = [] if column in (None, row) else [column]
    address.show("ratings", "rated", pool, "", row, *others)


def _by_query_type(reading: Reading) -> None:
    found: Mapping[str, Ratings] = reading.trust.by_query_type
    if not found:
        st.caption("These duels have no query type, so there is nothing to tell apart by it.")
        return
    st.markdown("#### By query type")
    config = reading.lab.routers.live().version.config
    lines = [(kind, one) for kind, rated in found.items() for one in rated.contenders]
    marks = [
        Mark(f"{kind}: {one.name}", one.against_mean.value, one.duels, f"{kind}\n{one.name}",
             colour=colours.of(config, one.name))
        for kind, one in lines
        if one.against_mean.value is not None
    ]  # fmt: skip
    if marks:
        charts.chart(
            intervals.figure(marks, axis="chance to beat the mean", reference=0.5, percent=True, unit="query type"),
            key="by-query-type",
            name="ratings-by-query-type",
            caption=f"n = duels sampled by chance, at least {LEAST_DUELS} each · {_FIT}",
            alt=f"chance to beat the mean, {len(marks)} lines with intervals",
            on_pick=_open_typed,
        )
    tables.table(
        {
            "query type": [kind for kind, _ in lines],
            "who answered": [one.name for _, one in lines],
            "duels": [one.duels for _, one in lines],
            "wins": [one.wins for _, one in lines],
            "beats the mean": [words.value(one.against_mean) for _, one in lines],
            "from": [words.low(one.against_mean) for _, one in lines],
            "to": [words.high(one.against_mean) for _, one in lines],
            "note": [one.strength.because for _, one in lines],
        },
        key="by-query-type-table",
        name="ratings-by-query-type",
        caption="Click a row for its duels.",
        config=dict.fromkeys(["beats the mean", "from", "to"], _SHARE)
        | {"wins": st.column_config.NumberColumn(format="%.1f")},
        on_pick=lambda place: address.show("ratings", "rated", CHANCE, lines[place][0], lines[place][1].name),
        height=320,
    )


def _open_typed(picked: list[Any]) -> None:
    wanted = intervals.clicked(picked)
    if wanted is not None:
        kind, _, name = wanted.partition("\n")
        address.show("ratings", "rated", CHANCE, kind, name)
