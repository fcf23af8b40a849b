"""Responses and the thumbs under them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from lab.errors import NotFound, StoreError
from lab.records import Event, Feedback, Response
from lab.store import Store, answers

Recorder = Callable[..., Event]
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def response(record: Recorder) -> Response:
    """A response that is not stored yet, to an event that is."""
    return Response(
        id="r1", event_id=record().id, expert="professor", provider="ollama", model="llama3.2:3b",
        system_prompt="Be exact.", options={"temperature": 0.7, "stop": ["\n\n"]}, text="Yes — it is.",
        finish_reason="stop", prompt_tokens=9,
        completion_tokens=4, load_ms=12.5, first_token_ms=80.25, total_ms=0.1 + 0.2, error_kind=None, error=None,
        text_repaired=False, created_at=NOW,
    )  # fmt: skip


@pytest.fixture
def stored(store: Store, response: Response) -> Response:
    """A stored response."""
    return answers.record_response(store, response)


def thumb(feedback_id: str, value: Literal["up", "down"], response_id: str = "r1") -> Feedback:
    """Return a thumb under the stored response."""
    return Feedback(feedback_id, response_id, value, NOW)


def test_a_response_comes_back_as_it_was(store: Store, response: Response) -> None:
    assert answers.record_response(store, response) == response
    assert answers.responses(store, response.event_id) == [response]


def test_a_retry_neither_doubles_nor_overwrites(store: Store, stored: Response) -> None:
    assert answers.record_response(store, replace(stored, text="Other.")) == stored
    assert answers.responses(store, stored.event_id) == [stored]


def test_responses_keep_their_order_and_faults(store: Store, stored: Response) -> None:
    cut = replace(
        stored,
        id="r0",
        text="Yes — ",
        finish_reason=None,
        completion_tokens=None,
        error_kind="broken_stream",
        error="Cut.",
    )
    answers.record_response(store, cut)
    assert answers.responses(store, stored.event_id) == [stored, cut]


def test_text_of_the_expert_is_repaired_and_flagged(store: Store, response: Response) -> None:
    sent = replace(response, text="a\x00b\ud800", error="bad \udfff")
    kept = answers.record_response(store, sent)
    assert (kept.text, kept.error, kept.text_repaired) == ("a\ufffdb\ufffd", "bad \ufffd", True)


def test_a_megabyte_is_kept_whole(store: Store, response: Response) -> None:
    long = replace(response, text="é<b>&\n" * 170_000)
    assert answers.record_response(store, long).text == long.text


def test_a_response_to_nothing_is_refused(store: Store, response: Response) -> None:
    with pytest.raises(NotFound, match="the event 'e0', which is not stored"):
        answers.record_response(store, replace(response, event_id="e0"))


def test_options_that_are_not_text_are_refused(store: Store, response: Response) -> None:
    with pytest.raises(StoreError, match="options of the response holds a NUL"):
        answers.record_response(store, replace(response, options={"stop": ["\x00"]}))


@pytest.mark.parametrize("event_id", ["nobody", "\x00"])
def test_an_unknown_event_has_no_responses(store: Store, event_id: str) -> None:
    assert answers.responses(store, event_id) == []


def test_the_last_thumb_counts(store: Store, stored: Response) -> None:
    answers.record_feedback(store, thumb("f1", "up"))
    assert answers.feedback_of(store, ["r1", "r2", "\x00"]) == {"r1": thumb("f1", "up")}
    answers.record_feedback(store, thumb("f2", "down"))
    assert answers.feedback_of(store, ["r1"]) == {"r1": thumb("f2", "down")}


def test_a_retried_thumb_does_not_become_the_last(store: Store, stored: Response) -> None:
    answers.record_feedback(store, thumb("f1", "up"))
    answers.record_feedback(store, thumb("f2", "down"))
    answers.record_feedback(store, thumb("f1", "up"))
    assert answers.feedback_of(store, ["r1"]) == {"r1": thumb("f2", "down")}


def test_a_thumb_can_be_taken_back_and_given_again(store: Store, stored: Response) -> None:
    answers.record_feedback(store, thumb("f1", "up"))
    answers.clear_feedback(store, "f2", "r1")
    answers.clear_feedback(store, "f2", "r1")
    assert answers.feedback_of(store, ["r1"]) == {}
    answers.record_feedback(store, thumb("f3", "up"))
    assert answers.feedback_of(store, ["r1"]) == {"r1": thumb("f3", "up")}


def test_thumbs_of_several_responses_are_kept_apart(store: Store, stored: Response) -> None:
    answers.record_response(store, replace(stored, id="r2"))
    answers.record_feedback(store, thumb("f1", "up"))
    answers.record_feedback(store, thumb("f2", "down", "r2"))
    assert answers.feedback_of(store, ["r1", "r2"]) == {"r1": thumb("f1", "up"), "r2": thumb("f2", "down", "r2")}
    assert answers.feedback_of(store, []) == {}


def test_a_thumb_under_nothing_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="the response 'r9', which is not stored"):
        answers.record_feedback(store, thumb("f1", "up", "r9"))


def test_responses_are_found_by_their_ids(store: Store, stored: Response) -> None:
    many = [f"r{place}" for place in range(2_000)]
    other = answers.record_response(store, replace(stored, id="r1999"))
    assert answers.by_ids(store, many) == {"r1": stored, "r1999": other}
    assert answers.by_ids(store, []) == answers.by_ids(store, ["\x00", "nothing"]) == {}


def test_times_leave_out_the_mock_and_bulk_work(store: Store, stored: Response, record: Recorder) -> None:
    answers.record_response(store, replace(stored, id="r2", provider="mock"))
    answers.record_response(store, replace(stored, id="r3", event_id=record(source="bulk").id))
    answers.record_response(store, replace(stored, id="r4", total_ms=7.0))
    assert answers.times_by_expert(store) == {"professor": [7.0, 0.1 + 0.2]}
