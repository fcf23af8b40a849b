"""Events: stored once, found again, never lost once acknowledged."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.errors import NotFound, StoreError
from lab.messages import Message
from lab.records import Event, RouterVersion
from lab.store import Store, events, open_store
from lab.types import Layer, Timings

Recorder = Callable[..., Event]
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
score = st.none() | st.floats(-1, 1)


def test_an_event_comes_back_as_it_was_recorded(store: Store, record: Recorder, version: RouterVersion) -> None:
    made = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    conversation = (
        Message("system", "Be kind."),
        Message("user", "hi"),
        Message("assistant", "yo"),
        Message("user", "É?"),
    )
    stored = record(
        "É?", event_id="e1", source="cli", conversation=conversation, layer=Layer.SEMANTIC, score=0.1 + 0.2,
        margin=1e-9, timings=Timings(0.01, 3.5, 0.25, encode_cached=True), created_at=made,
    )  # fmt: skip
    assert (stored.id, stored.seq, stored.created_at, stored.source) == ("e1", 1, made, "cli")
    assert (stored.conversation, stored.decision.prompt, stored.decision.score) == (conversation, "É?", 0.1 + 0.2)
    assert (stored.decision.timings.overhead_ms, stored.router_version_id) == (3.76, version.id)
    assert events.get(store, "e1") == stored


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(prompt=text, score=score, margin=score)
def test_any_prompt_and_score_survive_exactly(
    store: Store, record: Recorder, prompt: str, score: float | None, margin: float | None
) -> None:
    stored = record(prompt, score=score, margin=margin)
    found = events.get(store, stored.id)
    assert found == stored
    assert (found.decision.prompt, found.decision.score, found.decision.margin) == (prompt, score, margin)


def test_a_retry_neither_doubles_nor_overwrites(store: Store, record: Recorder) -> None:
    first = record("the first", event_id="e1")
    assert record("the second", event_id="e1") == first
    assert events.recent(store) == [first]


@pytest.mark.parametrize("event_id", ["nobody", "", "\x00", "\ud800", "' OR 1=1 --"])
def test_an_unknown_event_is_named(store: Store, event_id: str) -> None:
    with pytest.raises(NotFound, match="No event has the id"):
        events.get(store, event_id)


def test_an_event_of_an_unknown_version_is_refused(store: Store, record: Recorder) -> None:
    with pytest.raises(NotFound, match="router version 'v0', which is not stored"):
        record(router_version_id="v0")
    assert events.recent(store) == []


@pytest.mark.parametrize("prompt", ["ab\x00", "ab\ud800"])
def test_text_that_no_database_can_store_is_refused_with_its_position(record: Recorder, prompt: str) -> None:
    with pytest.raises(StoreError, match=r"The prompt holds .* at position 2"):
        record(prompt)
    with pytest.raises(StoreError, match=r"The conversation holds .* at position 2"):
        record("fine", conversation=(Message("user", prompt),))


def test_recent_pages_backwards(store: Store, record: Recorder) -> None:
    stored = [record(f"prompt {number}") for number in range(5)]
    first_page = events.recent(store, 2)
    assert first_page == stored[:-3:-1]
    assert events.recent(store, 10, before_seq=first_page[-1].seq) == stored[2::-1]
    assert events.recent(store, 10, before_seq=stored[0].seq) == []


def test_recent_finds_by_text_expert_and_layer(store: Store, record: Recorder) -> None:
    proof = record("Der BEWEIS, 100 % sicher")
    joke = record("Erzähl einen Witz", expert="zoomer", layer=Layer.SEMANTIC)
    assert events.recent(store, search="beweis") == [proof]
    assert events.recent(store, search="ERZÄHL") == [joke]
    assert events.recent(store, search="%") == [proof]
    assert events.recent(store, search="_") == []
    assert events.recent(store, search="\x00") == []
    assert events.recent(store, expert="zoomer") == [joke]
    assert events.recent(store, layer=Layer.KEYWORD) == [proof]
    assert events.recent(store, search="e", expert="zoomer", layer=Layer.KEYWORD) == []


def test_order_is_that_of_storing_whatever_the_clock_says(store: Store, record: Recorder) -> None:
    late = record(created_at=datetime(2030, 1, 1, tzinfo=UTC))
    early = record(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert events.recent(store) == [early, late]


def test_processes_that_record_the_same_ids_at_once_store_each_once(
    url: str, store: Store, version: RouterVersion, race: Callable[..., list[list[str]]]
) -> None:
    said = race(2, "record", url, version.id, "same", "40")
    assert said == [[f"same-{number}" for number in range(40)]] * 2
    assert [event.id for event in reversed(events.recent(store, 1000))] == said[0]


def test_every_acknowledged_event_survives_a_kill(
    url: str, store: Store, version: RouterVersion, worker: "Callable[..., subprocess.Popen[str]]"
) -> None:
    store.close()
    process = worker("record", url, version.id, "killed", "1000000")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    said = [process.stdout.readline().strip() for _ in range(60)]
    process.kill()  # SIGKILL, wherever it is just now
    said += process.communicate()[0].splitlines()
    acknowledged = [line for line in said if line.startswith("killed-")]
    assert len(acknowledged) >= 59
    reopened = open_store(url)
    stored = {event.id for event in events.recent(reopened, 100_000)}
    reopened.close()
    assert stored >= set(acknowledged)
    assert len(stored) <= len(acknowledged) + 1  # the one that was stored and not said yet


def test_recent_leaves_sources_out(store: Store, record: Recorder) -> None:
    page, _, shell = record(), record(source="bulk"), record(source="cli")
    assert events.recent(store, without=("bulk",)) == [shell, page]
    assert events.recent(store, 1, without=("bulk", "cli")) == [page]
