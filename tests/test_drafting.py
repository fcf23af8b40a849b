"""Editing the draft and adopting it: what cannot be built is never stored, and what is adopted routes everywhere."""

from __future__ import annotations

import threading
from dataclasses import replace

import empty_database
import pytest
from doubles import WordEncoder, two_experts

from lab.config import CONF_DIR, Settings
from lab.drafting import Drafting, with_expert
from lab.errors import ConfigError, EncoderUnavailable, PatternError, StoreError, VersionConflict
from lab.live import Routers
from lab.store import drafts, open_store, versions
from lab.types import Expert, Flip, Layer, Price


class OtherWords(WordEncoder):
    """The same words under other vectors."""

    name = "other words"
    fingerprint = "words-2"


@pytest.fixture
def settings(tmp_path, shipped_once):
    return Settings(tmp_path, None, 32_000, CONF_DIR, None)


@pytest.fixture
def store(tmp_path):
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    versions.seed(opened, two_experts(), WordEncoder.fingerprint, "mine")
    yield opened
    opened.close()


def routers_of(store, settings, *overrides) -> Routers:
    """The routers of one process."""
    routers = Routers(store, settings, overrides)
    routers._encoders |= {"words": WordEncoder(), "all-MiniLM-L6-v2": WordEncoder(), "other words": OtherWords()}
    return routers


@pytest.fixture
def drafting(store, settings):
    return Drafting(store, routers_of(store, settings))


def threshold(value):
    return lambda config: replace(config, threshold=value)


def pattern(text):
    return lambda config: with_expert(config, "zoomer", patterns=(*config.expert("zoomer").patterns, text))


def unavailable(name, cache_dir):
    raise EncoderUnavailable(f"The encoder {name!r} is not here.")


# ------------------------------------------------------------------------------------------------------- editing


def test_an_edit_begins_from_the_live_version_and_can_be_routed_with(drafting, store):
    draft = drafting.edit("", threshold(0.35))
    assert draft.base == versions.live(store)
    assert draft.edits == ("threshold: 0.5 → 0.35",)
    assert drafting.current() == draft
    built = drafting.routers.build(draft.config)
    assert built.config.threshold == 0.35
    assert built.decide("lol").expert == "zoomer"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (threshold(1.5), ConfigError, r"router\.threshold is 1\.5"),
        (pattern("re: (a"), PatternError, r"pattern 're: \(a'"),
        (pattern("  "), PatternError, "it is empty"),
        (lambda config: replace(config, fallback="nobody"), ConfigError, "'nobody', which is no expert"),
        (lambda config: replace(config, experts=()), ConfigError, "no experts"),
        (lambda config: with_expert(config, "zoomer", provider="olama"), ConfigError, "'zoomer' is 'olama'"),
        (lambda config: with_expert(config, "gone", model="m"), ConfigError, "no expert 'gone' any more"),
        (lambda config: with_expert(config, "zoomer", utterances=("a\0",)), ConfigError, "which is not text"),
        (lambda config: with_expert(config, "zoomer", system_prompt="\0"), StoreError, "holds a NUL"),
        (lambda config: replace(config, encoder="no/such-model"), EncoderUnavailable, "'no/such-model' is not here"),
    ],
)
def test_what_cannot_be_built_is_never_stored(drafting, change, error, words, monkeypatch):
    monkeypatch.setattr("lab.live.load_encoder", unavailable)
    with pytest.raises(error, match=words):
        drafting.edit("an edit", change)
    assert drafting.current() is None
    before = drafting.edit("one", threshold(0.6))
    with pytest.raises(error):
        drafting.edit("an edit", change)
    assert drafting.current() == before


def test_an_edit_is_checked_against_what_another_tab_made_of_the_draft(drafting, monkeypatch):
    """Each is right alone; together they leave an expert that no prompt reaches."""
    drafting.edit("", threshold(0.6))
    apply = drafts.edit

    def slow(store, edit_id, change, what, *, base):
        monkeypatch.setattr(drafts, "edit", apply)
        drafting.edit("by the other tab", lambda config: with_expert(config, "zoomer", patterns=()))
        return apply(store, edit_id, change, what, base=base)

    monkeypatch.setattr(drafts, "edit", slow)
    with pytest.raises(ConfigError, match="no patterns and no utterances"):
        drafting.edit("by this tab", lambda config: with_expert(config, "zoomer", utterances=()))
    assert drafting.current().edits[-1] == "by the other tab"


def test_two_tabs_lose_nothing(drafting, store, settings):
    tabs = [drafting, Drafting(store, routers_of(store, settings))]
    texts = [[f"tab {tab} pattern {number}" for number in range(10)] for tab in range(2)]

    def work(tab):
        for text in texts[tab]:
            tabs[tab].edit(text, pattern(text))

    threads = [threading.Thread(target=work, args=(tab,)) for tab in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    draft = drafting.current()
    assert sorted(draft.edits) == sorted([*texts[0], *texts[1]])
    assert draft.config.expert("zoomer").patterns == ("lol", *draft.edits)


def test_an_edit_sent_again_is_made_once_even_where_it_no_longer_could_be(drafting):
    without = lambda config: replace(config, experts=tuple(e for e in config.experts if e != config.expert("zoomer")))  # noqa: E731
    draft = drafting.edit("remove zoomer", without, edit_id="e1")
    assert drafting.edit("remove zoomer", without, edit_id="e1") == draft


def test_undo_redo_and_discard_are_those_of_the_draft(drafting):
    one, two = drafting.edit("one", threshold(0.6)), drafting.edit("two", pattern("x"))
    assert drafting.undo(at=two.revision).config == one.config
    assert drafting.redo().config == two.config
    with pytest.raises(VersionConflict, match="edited meanwhile, so it was kept"):
        drafting.discard(at=one.revision)
    drafting.discard(at=two.revision)
    assert drafting.current() is None


# --------------------------------------------------------------------------------------------------------- flips


def test_a_flip_of_a_trace_goes_into_the_draft_and_does_what_it_said(drafting):
    strategy = drafting.routers.live().strategy
    prompt = "tell me about the sky"
    decision = strategy.decide(prompt)
    offered = strategy.explain(decision).flips
    assert offered
    for flip in offered:
        draft = drafting.apply_flip(flip)
        changed = drafting.routers.build(draft.config).decide(prompt)
        assert (changed.expert, changed.layer) == (flip.to_expert, flip.to_layer)
        assert len(draft.edits) == 1
        assert draft.edits[0] != ""
        drafting.discard()


@pytest.mark.parametrize(
    ("kind", "value", "left"),
    [
        ("add_utterance", "hello", ("tell me a joke", "so bored", "hello")),
        ("remove_utterance", "so bored", ("tell me a joke",)),
    ],
)
def test_a_flip_that_is_there_already_changes_nothing(drafting, kind, value, left):
    flip = Flip(kind, "zoomer", value, "zoomer", Layer.SEMANTIC)
    draft = drafting.apply_flip(flip)
    assert draft.config.expert("zoomer").utterances == left
    assert drafting.apply_flip(flip) == draft


def test_a_flip_of_an_expert_that_is_gone_is_named(drafting):
    drafting.edit("", lambda config: replace(config, experts=config.experts[:1]))
    with pytest.raises(ConfigError, match="no expert 'zoomer' any more"):
        drafting.apply_flip(Flip("threshold", "zoomer", 0.4, "zoomer", Layer.SEMANTIC))


# ------------------------------------------------------------------------------------------------------- adopting


def test_what_is_adopted_routes_the_next_prompt_in_every_process(drafting, store, settings):
    elsewhere = routers_of(open_store(data_dir=settings.data_dir), settings)
    assert elsewhere.live().strategy.decide("rofl").layer is not Layer.KEYWORD
    live = drafting.routers.adopted()
    draft = drafting.edit("", pattern("rofl"))
    adopted = drafting.adopt(live.id, "slang", "why", {"dev": {"fixed": 3}}, at=draft.revision)
    assert (adopted.number, adopted.name, adopted.live) == (2, "slang", True)
    for routers in (drafting.routers, elsewhere):
        assert routers.live().version == adopted
        assert routers.live().strategy.decide("rofl").layer is Layer.KEYWORD
    assert drafting.current() is None
    assert versions.adoptions(store)[0].evidence == {"dev": {"fixed": 3}}
    elsewhere.store.close()


def test_the_second_of_two_tabs_is_told_and_loses_nothing(drafting, store, settings):
    other = Drafting(store, routers_of(store, settings))
    live = drafting.routers.adopted()
    draft = drafting.edit("", pattern("rofl"))
    versions.adopt(store, "a", replace(draft.config, threshold=0.7), "words-1", expected_live_id=live.id, name="quick")
    with pytest.raises(VersionConflict, match=r'^v2 "quick" went live meanwhile; look at its diff and adopt again\.$'):
        other.adopt(live.id, "slow")
    assert drafting.current().config == draft.config
    now = drafting.routers.adopted()
    assert other.adopt(now.id, "slow").number == 3


def test_what_was_edited_since_is_not_adopted_unseen(drafting):
    live = drafting.routers.adopted()
    seen = drafting.edit("", threshold(0.6))
    draft = drafting.edit("", threshold(0.7))
    with pytest.raises(VersionConflict, match="edited meanwhile"):
        drafting.adopt(live.id, at=seen.revision)
    assert drafting.adopt(live.id, at=draft.revision).config.threshold == 0.7


def test_an_adoption_sent_twice_is_one(drafting):
    live = drafting.routers.adopted()
    drafting.edit("", threshold(0.6))
    first = drafting.adopt(live.id, "x", adoption_id="a1")
    assert drafting.adopt(live.id, "x", adoption_id="a1") == first


def test_without_a_draft_there_is_nothing_to_adopt(drafting):
    with pytest.raises(ConfigError, match="There is no draft to adopt"):
        drafting.adopt(drafting.routers.adopted().id)


def test_rolling_back_brings_a_version_back_under_its_number(drafting):
    one = drafting.routers.adopted()
    drafting.edit("", threshold(0.6))
    two = drafting.adopt(one.id, "two")
    kept = drafting.edit("", pattern("rofl"))
    back = drafting.rollback(one.id, two.id, "slower")
    assert (back.number, back.name, drafting.routers.live().version) == (1, "mine", back)
    assert drafting.current().config == kept.config
    with pytest.raises(VersionConflict, match='v1 "mine" went live meanwhile'):
        drafting.rollback(two.id, two.id)


def test_a_store_that_holds_nothing_is_seeded_before_the_first_edit(tmp_path, settings):
    store = open_store(data_dir=tmp_path / "empty")
    drafting = Drafting(store, routers_of(store, settings))
    draft = drafting.edit("", threshold(0.6))
    assert (draft.base.number, draft.base.name) == (1, "shipped")
    store.close()


# ------------------------------------------------------------------------------------------ encoder and overrides


def test_thresholds_tuned_with_other_vectors_are_warned_of(tmp_path, settings):
    store = open_store(data_dir=tmp_path / "other")
    versions.seed(store, two_experts(), "words-0", "of another day")
    drafting = Drafting(store, routers_of(store, settings))
    warning = drafting.encoder_changed()
    assert warning is not None
    assert warning.startswith("The thresholds of professor, zoomer were tuned with other vectors (words, words-0) than")
    drafting.edit("", lambda config: with_expert(config, "zoomer", threshold=0.3))
    assert "The thresholds of professor were" in drafting.encoder_changed()
    drafting.edit("", threshold(0.6))
    assert drafting.encoder_changed() is None
    adopted = drafting.adopt(drafting.routers.adopted().id)
    assert adopted.encoder_fingerprint == "words-1"
    store.close()


def test_another_encoder_in_the_draft_is_warned_of_and_the_same_one_is_not(drafting):
    assert drafting.encoder_changed() is None
    drafting.edit("", lambda config: replace(config, encoder="other words"))
    assert "(other words, words-2)" in drafting.encoder_changed()
    drafting.edit("", lambda config: replace(config, strategy="keyword"))
    assert drafting.encoder_changed() is None  # nothing is compared with a threshold


def test_an_override_rules_its_own_process_and_says_so(store, settings):
    here = Drafting(store, routers_of(store, settings, "router=semantic", "router.threshold=0.85"))
    override = here.routers.live().version
    draft = here.edit("", threshold(0.6))
    assert draft.base.name == "mine"  # what is adopted is what drafts begin from
    adopted = here.adopt(draft.base.id, "six")
    assert here.routers.live().version == override
    assert here.routers.adopted() == adopted
    assert here.overridden().startswith("This process was started with router=semantic router.threshold=0.85, and")
    assert Drafting(store, routers_of(store, settings)).overridden() is None


def test_an_override_that_is_adopted_is_one_no_more(store, settings):
    here = Drafting(store, routers_of(store, settings, "router.threshold=0.85"))
    override = here.routers.live().version
    here.edit("", lambda _: override.config)
    adopted = here.adopt(here.routers.adopted().id, "from the command line")
    assert adopted.id == override.id
    assert here.routers.live().version == adopted
    assert here.overridden() is None


def test_an_expert_is_changed_by_name():
    config = two_experts()
    changed = with_expert(config, "zoomer", model="m")
    assert changed.expert("zoomer") == replace(config.expert("zoomer"), model="m")
    assert changed.experts[0] is config.experts[0]
    assert isinstance(changed.experts[1], Expert)


# --------------------------------------------------------------------------------------------------- edits at once


def test_an_edit_is_told_by_what_it_really_changed(drafting, monkeypatch):
    drafting.edit("", threshold(0.6))
    seen = drafting.current()
    drafting.edit("", threshold(0.7))
    with monkeypatch.context() as patch:
        patch.setattr(drafting, "current", lambda: seen)  # it looked before the other one wrote
        drafting.edit("", threshold(0.8))
    assert drafting.current().edits[-1] == "threshold: 0.7 → 0.8"


def test_texts_longer_than_any_prompt_and_a_k_that_nobody_means_are_refused(drafting):
    for field, what in (("patterns", "a pattern"), ("utterances", "an utterance")):
        with pytest.raises(ConfigError, match=f"has {what} of 32,001 characters; a prompt has at most 32,000"):
            drafting.edit("", lambda config, field=field: with_expert(config, "zoomer", **{field: ("x" * 32_001,)}))
    with pytest.raises(ConfigError, match="top_k is 1,001; it may be 1,000 at most"):
        drafting.edit("", lambda config: replace(config, top_k=1001))
    assert drafting.current() is None


def test_what_is_read_from_files_keeps_the_settings_of_this_machine_and_says_so(drafting):
    live = drafting.routers.adopted().config
    read = with_expert(live, "zoomer", provider="ollama", price=Price(-3, 1), threshold=0.3)
    read = with_expert(read, "professor", options={"seed": "blue"})
    drafting.edit("", threshold(0.6))
    drafting.edit("", threshold(0.7))
    taken = drafting.take_in(read, "read from a.zip")
    assert taken.draft.config == with_expert(live, "zoomer", threshold=0.3) == taken.config
    assert taken.in_words == (
        "It replaces a draft of 2 edits; Undo on the Router page brings it back. "
        "The options of professor are settings of this machine and were left as they are. "
        "The provider and price of zoomer are settings of this machine and were left as they are."
    )
    drafting.discard()
    taken = drafting.take_in(live, "read from live.zip")
    assert (taken.in_words, drafting.current()) == ("", None)
