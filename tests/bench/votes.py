"""A vote with 100,000 duels in the database: stored, the next one found, and from the key to it in Chromium."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from sqlalchemy import text

from lab.judging import Annotator, NewDuel, Side
from lab.messages import Message
from lab.preferences import people
from lab.store import Store, annotators, duels, open_store, queue, votes
from lab.types import new_id
from tests.bench.browser import IDLE, VIEWPORT, app, chromium
from tests.bench.clock import Sample, duration
from tests.bench.peers import prepared_data
from tests.bench.report import Missing, Row, times

DUELS, VOTES, PRESSES, PROCESSES, EACH = 100_000, 1_000, 60, 8, 500
TITLE = f"Votes, {DUELS:,} duels of 30-word prompts and 60-word answers in SQLite"
_STORE_NS, _NEXT_NS, _PRESS_NS = 20e6, 10e6, 0.4e9
_CHUNK = 1_000

# The page itself keeps the time: from the key to the first frame in which another duel stands in the address and its
# prompt, which names it, on the page.
_WATCH = """() => {
    const named = () => new URLSearchParams(location.search).get('duel');
    const asked = () => (document.querySelector('.st-key-asked') || {innerText: ''}).innerText;
    const before = [named(), asked()];
    window.benchMs = null;
    addEventListener('keydown', function pressed() {
        removeEventListener('keydown', pressed, true);
        const start = performance.now();
        const look = () => {
            if (asked() && asked() !== before[1] && named() !== before[0])
                window.benchMs = performance.now() - start;
            else requestAnimationFrame(look);
        };
        look();
    }, true);
}"""

_VOTER = """
import sys
from datetime import UTC, datetime
from lab.store import open_store, queue, votes
from lab.types import new_id
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    leased = queue.lease_next(
        store, new_id(), annotator_id=sys.argv[2], wanted=queue.Wanted(), now=datetime.now(UTC), seed=number)
    shown = leased.showing.presentation
    votes.cast(store, leased.showing.vote_id, presentation_id=shown.id, verdict="better", chosen_id=shown.left_id,
               now=datetime.now(UTC))
store.close()
"""


def rows() -> Iterator[Row]:
    """Yield the figures of voting."""
    with prepared_data() as data:
        with closing(open_store(data_dir=data)) as store:
            _fill(store)
            somebody = annotators.add(store, new_id(), "Bench", pin_hash=None, link_hash=None)
            yield from _alone(store, somebody, data)
            yield _together(store, data)
        yield _in_the_browser(data)


def _fill(store: Store) -> None:
    for start in range(0, DUELS, _CHUNK):
        duels.add(store, [_duel(place) for place in range(start, start + _CHUNK)])


def _duel(place: int) -> NewDuel:
    prompt = f"Question {place}: " + " ".join(f"word{(place * 31 + number) % 997}" for number in range(30))
    answers = [
        Side(f"{side}{place}", " ".join(f"{side}{(place * 17 + n) % 983}" for n in range(60)), expert, "openai", model)
        for side, expert, model in (("left", "professor", "m1"), ("other", "zoomer", "m2"))
    ]
    return NewDuel(
        (Message("user", prompt),), "Be brief.", *answers, "bulk", "random",
        probability=0.5, hardness=(place * 7919 % DUELS) / DUELS, query_type=("code", "chat", "maths")[place % 3],
    )  # fmt: skip


def _alone(store: Store, who: Annotator, data: Path) -> Iterator[Row]:
    """One annotator: the query for the next duel with its lease, and the vote, each timed once a vote."""
    found, stored, naive, bare = [], [], [], []
    place = None
    with closing(sqlite3.connect(data / "bare.db", isolation_level=None)) as peer:
        peer.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE v (id TEXT, said TEXT)")
        for number in range(VOTES):
            start = perf_counter_ns()
            leased = queue.lease_next(
                store, new_id(), annotator_id=who.id, wanted=queue.Wanted(), now=datetime.now(UTC), seed=number,
                after=place,
            )  # fmt: skip
            found.append(perf_counter_ns() - start)
            assert leased is not None
            place, shown = leased.place, leased.showing.presentation
            start = perf_counter_ns()
            votes.cast(
                store, leased.showing.vote_id, presentation_id=shown.id, verdict="better", chosen_id=shown.left_id,
                took_ms=900, now=datetime.now(UTC),
            )  # fmt: skip
            stored.append(perf_counter_ns() - start)
            start = perf_counter_ns()
            peer.execute("INSERT INTO v VALUES (?, ?)", (leased.showing.vote_id, "left"))
            bare.append(perf_counter_ns() - start)
            if number % 50 == 0:
                naive.append(_naive(store))
    yield _row("next duel: query and lease, one transaction", found, naive, "ORDER BY random()", _NEXT_NS)
    yield _row("store a vote, its event and counter", stored, bare, "bare INSERT", _STORE_NS)


def _naive(store: Store) -> int:
    """What is written first: shuffle all that are open, take one. It leases nothing."""
    start = perf_counter_ns()
    with store.read() as session:
        session.connection().execute(
            text("SELECT id FROM duel WHERE votes < wished AND deleted_at IS NULL ORDER BY random() LIMIT 1")
        ).first()
    return perf_counter_ns() - start


def _row(what: str, ns: list[int], peer: list[int], named: str, most_ns: float) -> Row:
    mine, other = Sample(ns), Sample(peer)
    return Row(
        what,
        mine.text(p99=True),
        f"{named}: {other.text()}",
        times(other.p50 / mine.p50),
        f"P99 ≤ {duration(most_ns)}",
        mine.p99 <= most_ns,
    )


def _together(store: Store, data: Path) -> Row:
    """Eight processes at once, against one that does as many votes alone."""
    before = len(_live(store))
    alone = _race(store, data, 1)
    at_once = _race(store, data, PROCESSES)
    stored = len(_live(store)) - before
    asked = (PROCESSES + 1) * EACH
    return Row(
        f"{PROCESSES} processes × {EACH} votes at once: votes a second",
        f"{PROCESSES * EACH / at_once * 1e9:,.0f}/s",
        f"one process: {EACH / alone * 1e9:,.0f}/s",
        times(PROCESSES * alone / at_once),
        f"{asked:,} stored, on as many duels",
        stored == asked,
    )


def _live(store: Store) -> set[str]:
    with store.read() as session:
        return {row[0] for row in session.connection().execute(text("SELECT duel_id FROM vote WHERE live"))}


def _race(store: Store, data: Path, count: int) -> int:
    """Return the nanoseconds that so many processes take for their votes, from "go" to the last one's end."""
    started = []
    for number in range(count):
        who = annotators.add(store, new_id(), f"Racer {count} {number}", pin_hash=None, link_hash=None)
        command = [sys.executable, "-c", _VOTER, f"sqlite:///{data / 'lab.db'}", who.id, str(EACH)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    start = perf_counter_ns()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.wait() for process in started]
    spent = perf_counter_ns() - start
    for process in started:
        process.communicate()
    if any(ended):
        raise Missing(f"{sum(map(bool, ended))} of {count} processes that vote at once failed")
    return spent


def _in_the_browser(data: Path) -> Row:
    with closing(open_store(data_dir=data)) as store:
        who = people.join(store, new_id(), f"Reader {new_id()[-6:]}", None)
        token = people.token(store, who)
    with chromium() as browser, app(data) as (address, _):
        page = browser.new_page(viewport=VIEWPORT)
        spent = _presses(page, f"{address}/label?me={token}&l_warm_up=false")
        page.close()
    p95 = sorted(spent.ns)[int(0.95 * spent.n)]
    return Row(
        "key press to the next duel on screen, in Chromium",
        f"P50 {duration(spent.p50)}, P95 {duration(p95)} (n={spent.n})",
        target=f"P95 ≤ {duration(_PRESS_NS)}",
        reached=p95 <= _PRESS_NS,
    )


def _presses(page: Any, address: str) -> Sample:
    from playwright.sync_api import Error

    spent = []
    try:
        page.goto(address, wait_until="commit")
        page.wait_for_selector(".st-key-asked", timeout=60_000)
        for number in range(PRESSES + 1):
            page.wait_for_function(IDLE, timeout=60_000)
            page.wait_for_timeout(700)  # as long as nobody could have read
            page.evaluate(_WATCH)
            page.keyboard.press("12tbs"[number % 5])
            page.wait_for_function("() => window.benchMs !== null", timeout=60_000)
            spent.append(int(page.evaluate("() => window.benchMs") * 1e6))
    except Error as err:
        raise Missing(f"key press {len(spent) + 1} brought no duel: {err.message.splitlines()[0]}") from err
    return Sample(spent[1:])  # the first one draws for the first time
