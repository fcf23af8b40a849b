"""What is asked for in bulk: kept as JSON without loss, told in words, and refused where it cannot be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from bulk_case import BATCH, opened
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import ConfigError, DuelError
from lab.judging import Batch
from lab.messages import Health
from lab.preferences.duels import telling
from lab.preferences.duels.request import Contender, Item, Request, Settings, Source, contenders, from_json, to_json
from lab.preferences.duels.sampling import Sampling
from lab.preferences.duels.sides import refusal
from lab.records import Response

SIDES = (Contender("a", "a", "qwen", "openai", {"max_tokens": 9}), Contender("b", "b", "", "mock", {}))
REQUEST = Request("mine", Source("dataset", "d1"), SIDES, "Be brief.", 9, Sampling("hardest", 10, 3))


def batch_of(spec: dict) -> Batch:
    return Batch(BATCH, 1, "bulk", "mine", spec, {}, None)  # type: ignore[arg-type]


ITEMS = st.builds(
    Item,
    key=st.one_of(st.integers(0, 10**6), st.uuids().map(str)),
    rule=st.sampled_from(["all", "random", "hardest"]),
    probability=st.floats(0, 1),
    hardness=st.none() | st.floats(0, 1),
    query_type=st.none() | st.text(max_size=5),
)


@given(st.lists(ITEMS, max_size=5), st.sampled_from([Source("events", limit=7), Source("dataset", "x", "dev")]))
def test_a_batch_comes_back_from_json_as_it_was(items, source):
    request = replace(REQUEST, source=source)
    spec = json.loads(json.dumps(to_json(request, 12, items)))
    assert from_json(batch_of(spec)) == (request, 12, items)


@pytest.mark.parametrize("spec", [{}, {"size": 3}, {"size": "x", "items": {}}, {"file": "votes.jsonl"}])
def test_another_kind_of_batch_is_said(spec):
    with pytest.raises(DuelError, match="'mine' was not asked for in bulk"):
        from_json(batch_of(spec))


@pytest.mark.parametrize(
    ("sampling", "size", "sentence"),
    [
        (Sampling("all", None), 1, "All 1 prompt of x; 2 answers by a (qwen) and b."),
        (Sampling("random", 100), 1_239, "100 of 1,239 prompts of x, drawn at random; 200 answers by a (qwen) and b."),
        (Sampling("random", 100), 50, "All 50 prompts of x; 100 answers by a (qwen) and b."),
        (Sampling("hardest", 10), 40, "10 of 40 prompts of x: 3 at random, the 7 hardest of the rest; 20 answers by"),
        (Sampling("hardest", 1), 40, "1 of 40 prompts of x, drawn at random; 2 answers by a (qwen) and b."),
    ],
)
def test_what_will_happen_is_told(sampling, size, sentence):
    told = telling.plan(replace(REQUEST, sampling=sampling), "x", size)
    assert told.startswith(sentence)
    assert told.endswith("The mock answers for b, which makes duels about the mock, not about b.")


def test_what_came_of_it_is_told():
    assert telling.outcome({}) == "0 of 0 answers, 0 duels."
    report = {"asked": 2_000, "answered": 1_998, "duels": 1, "equal": 1, "failed": 2, "mock": 3}
    assert telling.outcome(report) == (
        "1,998 of 2,000 answers, 1 duel, 1 pair that say the same, 2 failed, 3 by the mock."
    )
    assert telling.sample_of(REQUEST, 40) == "10 of 40 prompts: 3 at random, the 7 hardest of the rest, seed 3."


# ------------------------------------------------------------------------------------------------------------ the sides


@pytest.fixture
def bulk(tmp_path):
    with opened(tmp_path, "http://127.0.0.1:1/v1") as one:
        yield one


def sides(bulk, *settings, provider="openai", max_tokens=40, options=None):
    bulk.routers.with_settings = lambda expert: replace(expert, provider=provider, options=options or {})
    experts = bulk.routers.live().version.config.experts
    return contenders(bulk.exchange, (experts[0], experts[1]), settings or (Settings(), Settings()), max_tokens)


def test_both_sides_get_one_length_limit_and_keep_their_other_options(bulk):
    first, second = sides(
        bulk, Settings(temperature=0.0), Settings(), options={"top_p": 0.9, "temperature": 0.7, "max_tokens": 512}
    )
    assert dict(first.options) == {"top_p": 0.9, "temperature": 0.0, "max_tokens": 40}
    assert dict(second.options) == {"top_p": 0.9, "temperature": 0.7, "max_tokens": 40}
    assert [(one.name, one.provider, one.model) for one in (first, second)] == [
        ("professor", "openai", "llama3.2:3b"),
        ("zoomer", "openai", "tinyllama"),
    ]


class Ollama:
    """One that holds a single model."""

    name = "ollama"

    def health(self):
        return Health(True, "up", ("tinyllama:latest",))


def test_the_provider_is_settled_when_the_batch_begins(bulk):
    bulk.exchange.providers["ollama"] = Ollama()
    assert [one.provider for one in sides(bulk, provider="auto")] == ["mock", "ollama"]


def test_a_model_that_ollama_lacks_is_said_before_anything_is_asked(bulk):
    bulk.exchange.providers["ollama"] = Ollama()
    with pytest.raises(DuelError, match=r"does not have llama3.2:3b, so professor cannot answer\. Pull it first"):
        sides(bulk, provider="ollama")


@pytest.mark.parametrize(
    ("settings", "limit", "sentence"),
    [
        (Settings(temperature=2.1), 40, "temperature of professor is 2.1"),
        (Settings(temperature=float("nan")), 40, "temperature of professor is nan"),
        (Settings(), 0, "length limit is 0"),
        (Settings(max_tokens=0), 40, "length limit is 0"),
        (Settings(max_tokens=10**9), 40, "length limit is 1000000000"),
    ],
)
def test_settings_that_cannot_work_are_said(bulk, settings, limit, sentence):
    with pytest.raises(DuelError, match=sentence):
        sides(bulk, settings, Settings(), max_tokens=limit)


def test_a_provider_that_is_not_set_up_is_said(bulk):
    del bulk.exchange.providers["openai"]
    with pytest.raises(ConfigError, match="not set up"):
        sides(bulk)


# ----------------------------------------------------------------------------------------------- what can be a side


def response(**changes) -> Response:
    values = dict.fromkeys(Response.__dataclass_fields__) | {
        "id": "r", "event_id": "e", "expert": "zoomer", "provider": "openai", "model": "m", "system_prompt": "",
        "options": {"max_tokens": 40}, "text": "Hi.", "finish_reason": "stop", "text_repaired": False,
    }  # fmt: skip
    return Response(**values | changes)


@pytest.mark.parametrize("reason", ["stop", "eos", "end_turn"])
def test_a_whole_answer_can_stand_in_a_duel(reason):
    assert refusal(response(finish_reason=reason)) is None


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"finish_reason": "length"}, "truncated", "zoomer's answer was cut at its length limit of 40 tokens."),
        ({"finish_reason": "max_tokens", "options": {}}, "truncated", "was cut at its length limit. Raise"),
        ({"finish_reason": None}, "unfinished", "did not come to its end. Ask again."),
        ({"finish_reason": "content_filter"}, "unfinished", "did not come to its end (content_filter)."),
        ({"text": " \n"}, "empty_answer", "without any text"),
        ({"error_kind": "timeout", "error": "It fell silent.", "finish_reason": None}, "timeout", "It fell silent."),
        ({"error_kind": "cancelled", "error": None}, "cancelled", "'cancelled'"),
    ],
)
def test_a_failed_empty_or_unfinished_answer_cannot(changes, kind, sentence):
    found = refusal(response(**changes))
    assert found is not None
    assert found[0] == kind
    assert sentence in found[1]
