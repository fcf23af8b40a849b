"""The values that rooms hand to each other."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import RFC_4122, UUID

import pytest

from lab import types
from lab.records import Response
from lab.types import Expert, RouterConfig, Timings, new_id


def response(**fields: object) -> Response:
    whole = dict(
        dict.fromkeys(("id", "event_id", "expert", "provider", "model", "system_prompt", "text"), "x"),
        options=MappingProxyType({}),
        finish_reason="stop",
        prompt_tokens=3,
        completion_tokens=11,
        load_ms=None,
        first_token_ms=100.0,
        total_ms=1_100.0,
        error_kind=None,
        error=None,
        text_repaired=False,
        created_at=datetime.now(UTC),
    )
    return Response(**whole | fields)


@pytest.mark.parametrize("kind", [one for one in vars(types).values() if dataclasses.is_dataclass(one)])
def test_every_value_is_frozen(kind):
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


def test_an_id_is_a_uuid_of_version_7_made_now():
    before = time.time_ns() // 1_000_000
    made = UUID(new_id())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after


def test_ids_are_unique_and_sort_by_the_millisecond():
    ids = [new_id() for _ in range(5_000)]
    assert len(set(ids)) == len(ids)
    stamps = [UUID(one).int >> 80 for one in ids]
    assert stamps == sorted(stamps)
    assert sorted(ids, key=lambda one: one[:13]) == ids  # the text sorts as the stamp does


def test_all_random_bits_of_an_id_vary():
    # 62 + 12 random bits: over 200 ids each is seen as 0 and as 1 (chance of a miss below 1e-57)
    ids = [UUID(new_id()).int for _ in range(200)]
    random_bits = ((1 << 62) - 1) | (((1 << 12) - 1) << 64)
    ones = zeros = 0
    for one in ids:
        ones |= one
        zeros |= ~one
    assert ones & random_bits == random_bits
    assert zeros & random_bits == random_bits


def test_overhead_is_the_sum_of_the_stages_that_ran():
    assert Timings().overhead_ms == 0
    assert Timings(keyword_ms=0.5).overhead_ms == 0.5
    assert Timings(keyword_ms=0.5, encode_ms=4.0, score_ms=0.25).overhead_ms == 4.75


def test_an_experts_own_threshold_comes_before_the_routers():
    own, plain, zero = Expert("own", threshold=0.9), Expert("plain"), Expert("zero", threshold=0.0)
    config = RouterConfig("hybrid", (own, plain, zero), "own", threshold=0.4)
    assert [config.threshold_of(expert) for expert in config.experts] == [0.9, 0.4, 0.0]


def test_an_expert_is_found_by_its_name():
    config = RouterConfig("hybrid", (Expert("a"), Expert("b", model="m")), "a")
    assert config.expert("b").model == "m"
    with pytest.raises(KeyError):
        config.expert("c")


def test_tokens_per_second_count_what_came_after_the_first_token():
    # 10 more tokens in 1,100 - 100 = 1,000 ms
    assert response().tokens_per_s == 10.0
    # loading is not generating: 1,100 - 500 - 100 = 500 ms
    assert response(load_ms=500.0).tokens_per_s == 20.0


@pytest.mark.parametrize(
    "unknown",
    [
        *[{"completion_tokens": None}, {"completion_tokens": 1}, {"completion_tokens": 0}],
        *[{"first_token_ms": None}, {"total_ms": None}, {"first_token_ms": 1_100.0}, {"load_ms": 2_000.0}],
    ],
)
def test_tokens_per_second_are_absent_where_they_cannot_be_told(unknown):
    assert response(**unknown).tokens_per_s is None
