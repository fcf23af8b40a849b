"""Adopting: exactly one version is live, who looked at another is told, and content keeps its number."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from router_worker import with_pattern, working

from lab.errors import ConfigError, NotFound, StoreError, VersionConflict
from lab.records import RouterVersion
from lab.store import Store, drafts, versions
from lab.types import Price, RouterConfig

FINGERPRINT = "minilm-1"


@pytest.fixture
def adopt(store: Store):
    def make(config: RouterConfig, before: RouterVersion, adoption_id: str | None = None, **more) -> RouterVersion:
        name = more.setdefault("name", f"at {config.threshold}")
        return versions.adopt(
            store, adoption_id or f"adoption {name}", config, FINGERPRINT, expected_live_id=before.id, **more
        )

    return make


def at(config: RouterConfig, threshold: float) -> RouterConfig:
    return replace(config, threshold=threshold)


def test_what_is_adopted_is_live_with_the_next_number(store: Store, version, config, adopt) -> None:
    when = datetime(2026, 11, 20, 8, tzinfo=UTC)
    adopted = adopt(at(config, 0.6), version, name=" code-\nsafe ", note="why", evidence={"dev": {"n": 3}}, now=when)
    assert (adopted.number, adopted.name, adopted.live, adopted.origin) == (2, "code- safe", True, "draft")
    assert (adopted.config, adopted.encoder_fingerprint) == (at(config, 0.6), FINGERPRINT)
    assert versions.live(store) == adopted == versions.by_number(store, 2)
    assert not versions.get(store, version.id).live
    newest = versions.adoptions(store)[0]
    assert (newest.version_id, newest.before_id, newest.note) == (adopted.id, version.id, "why")
    assert (newest.evidence, newest.created_at) == ({"dev": {"n": 3}}, when)


def test_the_history_begins_with_what_was_seeded_and_ends_with_what_is_live(store, version, config, adopt) -> None:
    two = adopt(at(config, 0.6), version)
    one = versions.rollback(store, "back", version.id, expected_live_id=two.id, note="slower")
    told = [(adoption.note, found.number, found.live) for adoption, found in versions.history(store)]
    assert told == [("slower", 1, True), ("", 2, False), ("", 1, True)]
    assert [adoption.before_id for adoption in versions.adoptions(store)] == [two.id, one.id, None]
    assert versions.history(store, limit=1)[0][1] == one


def test_a_version_that_is_no_longer_live_is_not_replaced_unseen(store: Store, version, config, adopt) -> None:
    two = adopt(at(config, 0.6), version, name="shorter")
    with pytest.raises(VersionConflict) as caught:
        adopt(at(config, 0.7), version)
    assert str(caught.value) == 'v2 "shorter" went live meanwhile; look at its diff and adopt again.'
    assert versions.live(store) == two
    assert len(versions.adoptions(store)) == 2
    assert versions.by_hash(store, at(config, 0.7).content_hash(FINGERPRINT)) is None


def test_a_store_without_a_live_version_says_so(store: Store, config: RouterConfig) -> None:
    with pytest.raises(VersionConflict, match="No router version is live in this database yet"):
        versions.adopt(store, "a", config, FINGERPRINT, expected_live_id="v")
    first = versions.adopt(store, "a", config, FINGERPRINT, expected_live_id=None)
    assert (first.number, first.live, first.name) == (1, True, "version 1")


def test_the_same_adoption_sent_twice_is_one(store: Store, version, config, adopt) -> None:
    two = adopt(at(config, 0.6), version, "a1")
    assert adopt(at(config, 0.6), version, "a1") == two
    three = adopt(at(config, 0.7), two)
    again = adopt(at(config, 0.6), version, "a1")  # a retry that came late changes nothing
    assert (again.id, again.live) == (two.id, False)
    assert versions.live(store) == three == versions.adopted_by(store, "adoption at 0.7")
    assert versions.adopted_by(store, "nobody's") is None


def test_adopting_what_is_live_already_notes_nothing(store: Store, version, config, adopt) -> None:
    assert adopt(config, version, name="other") == version
    assert len(versions.adoptions(store)) == 1


def test_content_that_was_live_before_comes_back_under_its_number(store, version, config, adopt) -> None:
    two = adopt(at(config, 0.6), version)
    back = adopt(config, two, name="")
    assert (back.id, back.number, back.name) == (version.id, 1, "shipped")
    assert adopt(at(config, 0.7), back).number == 3


def test_an_override_that_is_adopted_gets_the_next_number(store: Store, version, config, adopt) -> None:
    override = versions.record_override(store, at(config, 0.6), FINGERPRINT)
    adopted = adopt(at(config, 0.6), version, name="")
    assert (adopted.id, adopted.number, adopted.name, adopted.origin) == (override.id, 2, "version 2", "draft")


def test_settings_are_no_content_and_follow_the_newest_adoption(store: Store, version, config, adopt) -> None:
    dearer = replace(config.experts[0], provider="mock", price=Price(1.0, 2.0), options={"seed": 1})
    adopted = adopt(replace(config, experts=(dearer, config.experts[1])), version)
    assert (adopted.id, adopted.content_hash) == (version.id, version.content_hash)
    live = versions.live(store)
    assert live is not None
    assert live.config.experts[0] == dearer


def test_another_encoder_makes_another_version(store: Store, version, config) -> None:
    adopted = versions.adopt(store, "a", config, "minilm-2", expected_live_id=version.id)
    assert (adopted.number, adopted.config) == (2, version.config)


def test_the_draft_that_is_adopted_is_ended(store: Store, version, config, adopt) -> None:
    draft = drafts.edit(store, "e1", lambda one: at(one, 0.6), "threshold", base=version)
    two = adopt(draft.config, version)
    assert drafts.current(store) is None
    following = drafts.edit(store, "e2", lambda one: with_pattern(one, "sql"), "pattern", base=two)
    assert (following.base, following.edits) == (two, ("pattern",))


def test_a_draft_that_was_edited_since_stays(store: Store, version, config, adopt) -> None:
    seen = drafts.edit(store, "e1", lambda one: at(one, 0.6), "threshold", base=version)
    draft = drafts.edit(store, "e2", lambda one: with_pattern(one, "sql"), "pattern", base=version)
    adopt(seen.config, version)
    assert drafts.current(store) == replace(draft, base=replace(version, live=False))


def test_rolling_back_leaves_the_draft(store: Store, version, config, adopt) -> None:
    two = adopt(at(config, 0.6), version)
    drafts.edit(store, "e1", lambda one: with_pattern(one, "sql"), "pattern", base=two)
    versions.rollback(store, "back", version.id, expected_live_id=two.id)
    draft = drafts.current(store)
    assert draft is not None
    assert draft.base.id == two.id


def test_rolling_back_to_nothing_is_named(store: Store, version: RouterVersion) -> None:
    with pytest.raises(NotFound, match="No router version has the id 'gone'"):
        versions.rollback(store, "back", "gone", expected_live_id=version.id)


def test_evidence_without_a_figure_is_null_and_never_nan(store: Store, version, config, adopt) -> None:
    with pytest.raises(StoreError, match=r"The evidence\.dev\.accuracy is nan"):
        adopt(at(config, 0.6), version, evidence={"dev": {"accuracy": float("nan")}})
    with pytest.raises(StoreError, match=r"The evidence\.rows\[1\] is a set"):
        adopt(at(config, 0.6), version, evidence={"rows": (1, set())})
    assert versions.live(store) == version


# --------------------------------------------------------------------------------------------------------- names


def test_a_version_is_renamed(store: Store, version: RouterVersion) -> None:
    assert versions.rename(store, version.id, " code-safe ") == replace(version, name="code-safe")
    assert versions.live(store) == replace(version, name="code-safe")


@pytest.mark.parametrize(
    ("name", "words"), [(" \n", "cannot be empty"), ("x" * 81, "has 81 characters; 80 is the most")]
)
def test_a_name_that_cannot_be_shown_is_refused(store: Store, version: RouterVersion, name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        versions.rename(store, version.id, name)
    assert versions.live(store) == version


def test_renaming_what_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="'gone'"):
        versions.rename(store, "gone", "x")


# ------------------------------------------------------------------------------------------------ several at once


def test_of_threads_that_adopt_at_once_one_wins_and_the_others_are_told(store: Store, version, config) -> None:
    barrier = threading.Barrier(6)
    won: list[RouterVersion] = []
    told: list[str] = []

    def work(number: int) -> None:
        barrier.wait()
        mine = at(config, number / 10)
        try:
            won.append(versions.adopt(store, f"a{number}", mine, FINGERPRINT, expected_live_id=version.id, name="mine"))
        except VersionConflict as err:
            told.append(str(err))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.number for one in won] == [2]
    assert told == ['v2 "mine" went live meanwhile; look at its diff and adopt again.'] * 5
    assert versions.live(store) == won[0]


def test_of_processes_that_adopt_at_once_one_wins(url: str, store: Store, version: RouterVersion) -> None:
    with working(3, "adopt", url, version.id) as processes:
        said = sorted(process.communicate()[0].strip() for process in processes)
    live = versions.live(store)
    assert live is not None
    sentence = f'v2 "{live.name}" went live meanwhile; look at its diff and adopt again.'
    assert said == [f"adopted {live.id}", sentence, sentence]


def test_a_database_of_the_first_lab_has_its_live_version_in_the_history(url: str, store, version) -> None:
    """The second revision notes when the version that is live went live."""
    from importlib import import_module

    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from sqlalchemy import text

    script = import_module("lab.store.migrations.versions.0002_measuring")
    tables = ("adoption", "router_draft", "run", "sealed_look", "outcome", "label", "dataset")
    with store.write() as session:
        connection = session.connection()
        for table in tables:
            connection.execute(text(f"DROP TABLE {table}"))
        with Operations.context(MigrationContext.configure(connection)):
            script.upgrade()
    [(adoption, found)] = versions.history(store)
    assert (adoption.id, adoption.before_id, adoption.evidence) == (f"first-{version.id}", None, {})
    assert (found, adoption.created_at) == (version, version.created_at)
