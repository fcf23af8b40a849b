"""Which router is live: seeding, overrides, and what another process adopts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles import WordEncoder, two_experts

from lab.config import CONF_DIR, Settings
from lab.errors import ConfigError, StoreError
from lab.live import Routers
from lab.records import RouterVersion
from lab.store import open_store, versions


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path, None, 32_000, CONF_DIR, None)


@pytest.fixture
def store(tmp_path):
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


def with_words(routers: Routers) -> Routers:
    """Let the default encoder's name stand for the small one: these tests are about versions, not vectors."""
    routers._encoders["all-MiniLM-L6-v2"] = routers._encoders["words"] = WordEncoder()
    return routers


def test_an_empty_store_is_seeded_from_the_configuration_once(store, settings):
    first = with_words(Routers(store, settings)).live()
    again = with_words(Routers(store, settings)).live()
    assert (first.version.number, first.version.name, first.version.live) == (1, "shipped", True)
    assert again.version == first.version
    assert [expert.name for expert in first.version.config.experts] == ["professor", "zoomer"]


def test_the_store_rules_over_the_configuration_once_it_holds_a_version(store, settings):
    versions.seed(store, two_experts(threshold=0.9), WordEncoder.fingerprint, "mine")
    live = with_words(Routers(store, settings)).live()
    assert (live.version.name, live.version.config.threshold) == ("mine", 0.9)


def test_an_override_routes_without_being_adopted(store, settings):
    routers = with_words(Routers(store, settings, ["router=semantic", "router.threshold=0.85"]))
    live = routers.live()
    assert (live.version.origin, live.version.number, live.version.live) == ("override", None, False)
    assert (live.version.config.strategy, live.version.config.threshold) == ("semantic", 0.85)
    assert versions.get(store, live.version.id) == live.version


def test_an_override_of_an_address_leaves_the_live_router_alone(store, settings):
    live = with_words(Routers(store, settings, ["providers.ollama_url=http://127.0.0.1:9"])).live()
    assert live.version.origin == "shipped"


def test_an_override_that_cannot_work_stores_nothing(store, settings):
    with pytest.raises(ConfigError, match=r"router\.threshold is 1\.5"):
        with_words(Routers(store, settings, ["router.threshold=1.5"])).live()
    assert versions.recent(store) == []


def test_without_a_store_the_configuration_routes_and_nothing_is_remembered(settings):
    live = with_words(Routers(None, settings)).live()
    assert live.version.id == ""
    assert live.strategy.decide("tell me a joke").expert == "zoomer"


def adopted(store, config, before, name="another") -> RouterVersion:
    """Adopt a configuration, as another process would."""
    fingerprint = before.encoder_fingerprint
    return versions.adopt(store, f"adoption {name}", config, fingerprint, expected_live_id=before.id, name=name)


def test_a_version_that_another_process_makes_live_is_live_at_the_next_prompt(store, settings):
    routers = with_words(Routers(store, settings))
    first = routers.live()
    other = open_store(data_dir=settings.data_dir)
    second = adopted(other, replace(first.version.config, threshold=0.77), first.version)
    live = routers.live()
    assert (live.version, live.strategy.config.threshold) == (second, 0.77)
    versions.rollback(other, "back", first.version.id, expected_live_id=second.id)
    assert routers.live().strategy is first.strategy  # built once
    versions.rename(other, first.version.id, "code-safe")
    assert routers.live().version.name == "code-safe"
    other.close()


def test_an_override_rules_its_own_process_whatever_is_adopted(store, settings):
    first = with_words(Routers(store, settings)).live().version
    overriding = with_words(Routers(store, settings, ["router.threshold=0.85"]))
    override = overriding.live().version
    second = adopted(store, replace(first.config, threshold=0.77), first)
    assert overriding.live().version == override
    assert overriding.adopted() == second
    third = adopted(store, override.config, second, "the override")
    assert overriding.live().version == third
    assert (third.id, third.origin, third.live) == (override.id, "draft", True)
    adopted(store, first.config, third, "back")
    assert overriding.live().version.origin == "override"  # what was adopted is no longer what overrides describe
    started_later = with_words(Routers(store, settings, ["router.threshold=0.85"]))
    assert (started_later.live().version.id, started_later.live().version.origin) == (override.id, "override")


def test_what_is_adopted_is_asked_of_the_store_and_seeds_it(store, settings):
    routers = with_words(Routers(store, settings, ["router.threshold=0.85"]))
    assert routers.adopted().name == "shipped"
    with pytest.raises(StoreError, match="No router version is stored here"):
        with_words(Routers(None, settings)).adopted()


def test_a_changed_encoder_is_told(store, settings):
    versions.seed(store, two_experts(), "the vectors of another day")
    assert with_words(Routers(store, settings)).live().encoder_changed


def test_files_that_describe_another_router_than_the_live_one_are_told(store, settings):
    seeded = with_words(Routers(store, settings))
    assert not seeded.conf_differs(seeded.live())
    with store.write() as session:  # as if the files had been edited since: the stored content is another
        from sqlmodel import select

        from lab.store.tables import RouterVersionRow

        row = session.exec(select(RouterVersionRow)).one()
        row.content_hash = "0" * 64
    edited = with_words(Routers(store, settings))
    assert edited.conf_differs(edited.live())


def test_a_router_is_built_once(store, settings):
    routers = with_words(Routers(store, settings))
    assert routers.live().strategy is routers.live().strategy
    other = routers.build(replace(routers.live().version.config, threshold=0.1))
    assert other is not routers.live().strategy
