"""Router versions: hashing, seeding, overrides."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from lab.errors import NotFound, StoreError
from lab.records import RouterVersion
from lab.store import Store, versions
from lab.store.serialise import config_from_json, config_to_json, dumps
from lab.store.tables import RouterVersionRow
from lab.types import NONE, Expert, Price, RouterConfig

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
experts = st.builds(
    Expert,
    name=text,
    model=text,
    system_prompt=text,
    patterns=st.lists(text, max_size=3).map(tuple),
    utterances=st.lists(text, max_size=3).map(tuple),
    threshold=st.none() | finite,
    price=st.builds(Price, finite, finite),
    options=st.dictionaries(text, json_values, max_size=3).map(MappingProxyType),
)
configs = st.builds(
    RouterConfig,
    strategy=st.sampled_from(["keyword", "semantic", "hybrid"]),
    experts=st.lists(experts, max_size=3).map(tuple),
    fallback=text,
    threshold=finite,
    min_margin=finite,
    top_k=st.integers(),
    encoder=text,
)


@given(configs)
def test_a_configuration_survives_json_to_the_bit(config: RouterConfig) -> None:
    back = config_from_json(json.loads(dumps(config_to_json(config))))
    assert back == config
    assert back.content_hash("f") == config.content_hash("f")
    assert str(back.threshold) == str(config.threshold)  # equal is not enough: -0.0 == 0.0


def _with_expert(config: RouterConfig, **changes: Any) -> RouterConfig:
    return replace(config, experts=(replace(config.experts[0], **changes), *config.experts[1:]))


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": "semantic"},
        {"threshold": 0.46},
        {"min_margin": 0.01},
        {"aggregate": "centroid"},
        {"top_k": 4},
        {"on_conflict": "priority"},
        {"fallback": NONE},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_setting_that_decides_changes_the_hash(config: RouterConfig, changes: Mapping[str, Any]) -> None:
    assert replace(config, **changes).content_hash("f") != config.content_hash("f")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "dean"},
        {"model": "other"},
        {"system_prompt": "Be brief."},
        {"patterns": ("proofs",)},
        {"utterances": ("prove it", "why")},
        {"threshold": 0.45},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_part_of_a_route_changes_the_hash(config: RouterConfig, changes: Mapping[str, Any]) -> None:
    assert _with_expert(config, **changes).content_hash("f") != config.content_hash("f")


def test_fingerprint_and_order_of_experts_change_the_hash(config: RouterConfig) -> None:
    assert config.content_hash("g") != config.content_hash("f")
    assert replace(config, experts=config.experts[::-1]).content_hash("f") != config.content_hash("f")


def test_settings_do_not_change_the_hash(config: RouterConfig) -> None:
    other = _with_expert(config, provider="mock", price=Price(1.0, 2.0), options={"temperature": 0.2})
    assert replace(other, encoder="/models/minilm").content_hash("f") == config.content_hash("f")
    assert replace(config, min_margin=-0.0).content_hash("f") == replace(config, min_margin=0).content_hash("f")


def test_an_empty_store_has_no_live_version(store: Store) -> None:
    assert versions.live(store) is None
    assert versions.recent(store) == []


def test_seeding_makes_number_one_live_once(store: Store, config: RouterConfig) -> None:
    first = versions.seed(store, config, "minilm-1")
    assert (first.number, first.name, first.live, first.origin) == (1, "shipped", True, "shipped")
    assert (first.config, first.encoder_fingerprint) == (config, "minilm-1")
    assert first.created_at.utcoffset() is not None
    again = versions.seed(store, replace(config, threshold=0.9), "minilm-1")
    assert again == first == versions.live(store) == versions.get(store, first.id)
    assert versions.recent(store) == [first]


def test_an_override_is_stored_once_and_never_live(store: Store, config: RouterConfig, version: RouterVersion) -> None:
    override = versions.record_override(store, replace(config, threshold=0.85), "minilm-1")
    assert (override.number, override.live, override.origin) == (None, False, "override")
    assert versions.record_override(store, replace(config, threshold=0.85), "minilm-1") == override
    assert versions.record_override(store, config, "minilm-1") == version
    assert versions.by_hash(store, override.content_hash) == override
    assert versions.by_hash(store, "0" * 64) is None
    assert versions.recent(store) == [override, version]
    assert versions.live(store) == version


def test_two_overrides_have_no_number_each(store: Store, config: RouterConfig) -> None:
    for threshold in (0.1, 0.2):
        assert versions.record_override(store, replace(config, threshold=threshold), "minilm-1").number is None


def test_a_seed_that_was_an_override_before_becomes_live(store: Store, config: RouterConfig) -> None:
    override = versions.record_override(store, config, "minilm-1")
    seeded = versions.seed(store, config, "minilm-1")
    assert seeded == replace(override, number=1, name="shipped", live=True, origin="shipped")


def test_the_database_refuses_a_second_live_version(store: Store, config: RouterConfig, version: RouterVersion) -> None:
    override = versions.record_override(store, replace(config, threshold=0.9), "minilm-1")

    def make_live() -> None:
        with store.write() as session:
            session.connection().execute(
                update(RouterVersionRow).where(col(RouterVersionRow.id) == override.id).values(live=True)
            )

    with pytest.raises(StoreError) as caught:
        make_live()
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert versions.live(store) == version


@pytest.mark.parametrize("version_id", ["nobody", "\x00", "\ud800"])
def test_an_unknown_version_is_named(store: Store, version_id: str) -> None:
    with pytest.raises(NotFound, match="No router version has the id"):
        versions.get(store, version_id)


def test_a_configuration_that_is_not_text_is_refused(store: Store, config: RouterConfig) -> None:
    with pytest.raises(StoreError, match="router configuration holds a NUL character at position 1"):
        versions.seed(store, _with_expert(config, utterances=("a\x00",)), "minilm-1")


def test_processes_that_seed_at_once_agree(url: str, store: Store, race: Callable[..., list[list[str]]]) -> None:
    said = race(3, "seed", url)
    live = versions.live(store)
    assert live is not None
    assert said == [[live.id]] * 3
    assert len(versions.recent(store)) == 1
