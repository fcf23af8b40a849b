"""What the doctor says of answers with a thumb, which KTO learns from."""

from __future__ import annotations

from export_store import reported, rows, thumb

from lab.dpo.spec import Policy, Spec


def test_answers_with_a_thumb_are_warned_of_and_left_out_by_name(lab_store):
    store = lab_store
    thumb(store, "Write to ann.lee@firma.de, she knows.", 0)
    thumb(store, "I'm sorry, but I can't help you with that.", 1, "down")
    thumb(store, "A whole answer.", 2)
    found = reported(store)
    assert found.likes == 3
    assert found.found("personal").says == "0 pairs of 0, and 1 answer with a thumb"
    assert found.found("refusal").says == "0 pairs of 0, and 1 answer with a thumb"
    without = Spec(exclude=("personal", "refusal"))
    assert [row.answer for row in rows(store, without)[1]] == ["A whole answer."]
    found = reported(store, without)
    assert (found.likes, dict(found.likes_left_out)) == (1, {"excluded": 2})
    assert found.found("personal").says == "0 pairs of 0, and 1 answer with a thumb, 1 left out"
    masked = reported(store, Spec(mask=True))
    assert masked.found("personal") is None


def test_answers_with_a_thumb_that_kto_drops_are_counted(lab_store):
    store = lab_store
    for place in range(3):  # 17, 15 and 16 tokens by estimate
        thumb(store, "Fine.", place)
    limits = {limit: reported(store, Spec(policy=Policy("kto", max_length=limit))) for limit in (16, 1_024)}
    assert limits[1_024].found("dropped") is None
    assert limits[16].found("dropped").says == "0 pairs of 0, and 2 answers with a thumb"
    assert reported(store, Spec(policy=Policy("dpo", max_length=16))).found("dropped") is None
