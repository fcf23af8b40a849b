"""Which router is live: seeding, overrides, and what another process adopts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles import WordEncoder, two_experts

from lab.config import CONF_DIR, Settings
from lab.errors import ConfigError
from lab.live import Routers
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


def test_a_version_that_another_process_makes_live_is_live_here(store, settings):
    from lab.store.tables import RouterVersionRow

    routers = with_words(Routers(store, settings))
    first = routers.live().version
    other = versions.record_override(store, replace(first.config, threshold=0.77), first.encoder_fingerprint)
    with store.write() as session:  # what adopting does, from another process
        session.get(RouterVersionRow, session.exec(_seq(first.id)).one()).live = False
        session.flush()
        session.get(RouterVersionRow, session.exec(_seq(other.id)).one()).live = True
    assert routers.live().version.id == other.id


def _seq(version_id: str):
    from sqlmodel import select

    from lab.store.tables import RouterVersionRow

    return select(RouterVersionRow.seq).where(RouterVersionRow.id == version_id)


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
