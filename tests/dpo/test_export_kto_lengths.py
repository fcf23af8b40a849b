"""KTO drops answers with a thumb whose prompt alone fills the limit: the doctor says how many."""

from __future__ import annotations

from export_store import reported, thumb

from lab.dpo.spec import Policy, Spec


def test_answers_with_a_thumb_that_kto_drops_are_counted(lab_store):
    store = lab_store
    for place in range(3):  # 17, 15 and 16 tokens by estimate
        thumb(store, "Fine.", place)
    limits = {limit: reported(store, Spec(policy=Policy("kto", max_length=limit))) for limit in (16, 1_024)}
    assert limits[1_024].found("dropped") is None
    assert limits[16].found("dropped").says == "0 pairs of 0, and 2 answers with a thumb"
    assert reported(store, Spec(policy=Policy("dpo", max_length=16))).found("dropped") is None
