"""Thumbs that come with their answers: stored once, never over another text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lab.errors import StoreError, Unstorable
from lab.judging import NewThumb, Side
from lab.messages import Message
from lab.records import Response
from lab.store import answers, conversations, given_thumbs

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ASKED = (Message("user", "Q"),)
UP = NewThumb("t1", ASKED, "Be brief.", Side("r1", "fine", "", "import", "m"), "up", NOW)
DOWN = NewThumb("t2", ASKED, "", Side("r2", "poor", "", "import", ""), "down", NOW)


def test_thumbs_bring_their_answers_and_conversations(store):
    assert given_thumbs.record_many(store, [UP, DOWN]) == 2
    thumbs = answers.feedback_of(store, ["r1", "r2"])
    assert {key: (thumb.id, thumb.value) for key, thumb in thumbs.items()} == {"r1": ("t1", "up"), "r2": ("t2", "down")}
    again = answers.record_response(store, _response(store))
    assert (again.text, again.model, again.system_prompt) == ("fine", "m", "Be brief.")
    assert again.conversation_id == conversations.conversation_id(ASKED)


def _response(store):
    """A response with the id of one that is there: storing it returns the first."""
    return Response(
        id="r1", event_id=None, expert="", provider="", model="", system_prompt="", options={}, text="other",
        finish_reason=None, prompt_tokens=None, completion_tokens=None, load_ms=None, first_token_ms=None,
        total_ms=None, error_kind=None, error=None, text_repaired=False, created_at=NOW,
        conversation_id=conversations.put_many(store, [ASKED])[0],
    )  # fmt: skip


def test_a_repeat_changes_nothing_and_a_second_thumb_is_the_newest(store):
    given_thumbs.record_many(store, [UP])
    assert given_thumbs.record_many(store, [UP, UP, DOWN]) == 1
    assert given_thumbs.record_many(store, [replace(UP, id="t3", value="down")]) == 1
    assert answers.feedback_of(store, ["r1"])["r1"].value == "down"


def test_what_cannot_be_stored_stores_nothing(store):
    blank = replace(DOWN, answer=replace(DOWN.answer, text=" "))
    nul = replace(DOWN, answer=replace(DOWN.answer, text="a\x00"))
    unasked = replace(DOWN, conversation=(Message("assistant", "A"),))
    for bad, error in ((blank, StoreError), (nul, Unstorable), (unasked, StoreError)):
        with pytest.raises(error):
            given_thumbs.record_many(store, [UP, bad])
    assert answers.feedback_of(store, ["r1", "r2"]) == {}


def test_an_id_of_an_answer_with_another_text_is_refused(store):
    given_thumbs.record_many(store, [UP])
    with pytest.raises(StoreError, match="stored with another text"):
        given_thumbs.record_many(store, [DOWN, replace(UP, id="t9", answer=replace(UP.answer, text="else"))])
    assert "r2" not in answers.feedback_of(store, ["r2"])
