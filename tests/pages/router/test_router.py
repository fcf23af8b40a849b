"""The Router page as Streamlit runs it: the draft and its effect, edits in place, forensics, suggestions.

One lab serves all of these tests: none of them adopts, and each leaves no draft behind.
"""

from __future__ import annotations

from dataclasses import replace

from router_page import button, draft, drafting, number, opened, set_threshold, shown, visited

from lab.drafting import with_expert
from lab.errors import EncoderUnavailable
from lab.forensics.datasets import load
from lab.forensics.draft_effect import draft_effect
from lab.store import datasets
from lab.ui import resources

# ------------------------------------------------------------------------------------------------- the draft, effect


def test_without_a_draft_the_page_says_how_one_begins_and_how_live_does(page):
    assert not page.exception
    text = shown(page)
    assert "No draft: what you see is live" in text
    assert "the first change begins a draft" in text
    assert page.metric[0].label == "accuracy, n = 120"
    assert [one.label for one in page.button if one.label in ("Undo", "Discard", "Adopt: make it live")] == []


def test_an_edit_begins_the_draft_and_its_effect_is_that_of_the_two_routers(page, lab):
    page = set_threshold(page)
    live = drafting().routers.adopted().config
    assert draft().config == replace(live, threshold=0.35)
    assert "threshold: 0.5 → 0.35" in shown(page)
    rows = load(lab.store, lab.settings.data_dir, datasets.listed(lab.store)[0].id)
    found = draft_effect(rows, live, draft().config, lambda config: resources.evidence(rows, config.encoder))
    counts = {label: page.button(key=f"show-{label}").label for label in ("fixed", "broken", "moved")}
    assert counts == {
        "fixed": f"{len(found.comparison.fixed):,}",
        "broken": f"{len(found.comparison.broken):,}",
        "moved": f"{len(found.comparison.moved):,}",
    }
    assert page.metric[0].value == f"{found.comparison.accuracy.first:.3f} → {found.comparison.accuracy.second:.3f}"
    page = page.button(key="show-moved").click().run()
    assert page.query_params["show"] == "moved"
    assert f"moved: {len(found.comparison.moved):,} of 120 dev rows" in shown(page)


def test_undo_redo_and_discard(page):
    page = set_threshold(set_threshold(page, 0.4), 0.3)
    page = button(page, "Undo").click().run()
    assert draft().config.threshold == 0.4
    assert number(page, "r-threshold").value == 0.4
    page = button(page, "Redo").click().run()
    assert number(page, "r-threshold").value == 0.3
    page = button(page, "Discard").click().run()
    assert draft() is None
    assert number(page, "r-threshold").value == 0.5


def test_one_difference_is_taken_back_and_the_others_stay(page):
    page = number(set_threshold(page), "r-margin").set_value(0.02).run()
    page = next(one for one in page.button if (one.key or "").startswith("take-back-0")).click().run()
    assert (draft().config.threshold, draft().config.min_margin) == (0.5, 0.02)
    assert "took back: threshold" in draft().edits[-1]
    assert not page.exception


def test_an_edit_in_another_tab_is_seen_here_at_the_next_run_and_neither_is_lost(page):
    tab = visited()
    set_threshold(page)
    tab = number(tab, "r-margin").set_value(0.02).run()
    assert (draft().config.threshold, draft().config.min_margin) == (0.35, 0.02)
    assert number(tab, "r-threshold").value == 0.35


# ------------------------------------------------------------------------------------------------------- the experts


def test_a_pattern_that_cannot_be_is_a_sentence_and_neither_the_draft_nor_the_text_is_lost(page):
    page = opened(page, expert="zoomer")
    box = next(one for one in page.text_area if one.key.startswith("e-patterns-zoomer"))
    before = box.value
    written = f"re: (oops\n{before}"
    page = box.set_value(written).run()
    text = shown(page)
    assert "Expert 'zoomer' has the pattern 're: (oops', which cannot be used" in text
    assert "The draft is as it was." in text
    assert draft() is None
    assert page.text_area(key=box.key).value == written
    page = set_threshold(page)
    assert page.text_area(key=box.key).value == written
    page = button(page, "Give this entry up").click().run()
    assert page.text_area(key=box.key).value == before
    assert "cannot be used" not in shown(page)


def test_lines_that_were_not_shown_stay(page):
    page = opened(page, expert="zoomer")
    before = drafting().routers.adopted().config.expert("zoomer").patterns
    assert len(before) > 200
    box = next(one for one in page.text_area if one.key.startswith("e-patterns-zoomer"))
    lines = box.value.split("\n")
    page = box.set_value("\n".join([*lines[1:], "", "  brand new  "])).run()
    assert not page.exception
    assert draft().config.expert("zoomer").patterns == (*before[1:200], "brand new", *before[200:])


def test_a_threshold_of_its_own_can_be_given_and_taken(page):
    page = opened(page, expert="professor")
    page = number(page, "e-threshold-professor").set_value(0.6).run()
    assert draft().config.expert("professor").threshold == 0.6
    page = button(page, "Take the router's threshold, 0.5000").click().run()
    assert draft().config.expert("professor").threshold is None
    assert number(page, "e-threshold-professor").value is None


def test_a_renamed_expert_is_renamed_everywhere_and_the_address_follows(page):
    page = opened(page, expert="professor")
    page = page.text_input(key="e-name-professor").set_value("  teacher ").run()
    assert [one.name for one in draft().config.experts] == ["teacher", "zoomer"]
    assert draft().config.fallback == "teacher"
    assert page.query_params["expert"] == "teacher"
    assert page.text_input(key="e-name-teacher").value == "teacher"
    page = page.text_input(key="e-name-teacher").set_value("ZOOMER").run()
    assert "Two experts are called 'ZOOMER' and 'zoomer'" in shown(page)
    assert page.query_params["expert"] == "teacher"


def test_an_expert_comes_moves_and_goes(page):
    page.text_input(key="new-expert-name").set_value("poet")
    page.text_input(key="new-expert-first").set_value("write me a sonnet")
    page = button(page, "Add to the draft").click().run()
    assert draft().config.expert("poet").utterances == ("write me a sonnet",)
    assert page.query_params["expert"] == "poet"
    page = button(page, "Move up").click().run()
    assert [one.name for one in draft().config.experts] == ["professor", "poet", "zoomer"]
    page = button(page, "Make it the fallback").click().run()
    assert draft().config.fallback == "poet"
    page = button(page, "Remove").click().run()
    assert "router.fallback is 'poet', which is no expert" in shown(page)
    assert len(draft().config.experts) == 3


def test_an_expert_that_nothing_reaches_is_refused(page):
    page.text_input(key="new-expert-name").set_value("poet")
    page = button(page, "Add to the draft").click().run()
    assert "no prompt can reach it" in shown(page)
    assert draft() is None
    assert page.text_input(key="new-expert-name").value == "poet"


def test_one_more_pattern_is_tried_while_it_is_typed_and_then_added(page):
    page = opened(page, expert="zoomer")
    page = page.text_input(key="add-patterns-zoomer").set_value("re: [").run()
    assert "cannot be used: RE2 says" in shown(page)
    page = page.text_input(key="add-patterns-zoomer").set_value("the").run()
    assert "With it layer 1 decides" in shown(page)
    assert draft() is None
    page = page.button(key="add-patterns-zoomer--1-do").click().run()
    assert draft().config.expert("zoomer").patterns[-1] == "the"
    assert page.text_input(key="add-patterns-zoomer").value == ""


def test_the_learned_scorer_says_on_how_many_rows_it_is_fitted(page):
    fit = next(one for one in page.button if one.label.startswith("Fit on"))
    page = fit.click().run()
    rows = draft().config.learned.rows
    assert fit.label == f"Fit on {rows} tune rows"
    assert draft().config.scorer == "learned"
    assert f"from {rows} rows" in shown(page)
    assert not page.exception


def test_an_encoder_that_is_not_here_is_a_sentence(page, monkeypatch):
    def unavailable(name, cache_dir):
        raise EncoderUnavailable(f"The encoder {name!r} is not here.")

    monkeypatch.setattr("lab.live.load_encoder", unavailable)
    page = page.text_input(key="r-encoder").set_value("no/such").run()
    assert "The encoder 'no/such' is not here. The draft is as it was." in shown(page)
    assert draft() is None


# ------------------------------------------------------------------------------------------- forensics, suggestions


def test_a_pattern_opens_onto_its_rows_and_can_be_removed(page):
    page = opened(page, rules="true")
    table = next(one.value for one in page.dataframe if "harm" in one.value.columns)
    first = table.iloc[0]
    page = opened(page, rule=f"{first['expert']}>{first['pattern']}")
    assert f"hits: {first['hits']} of 239 tune rows" in shown(page)
    page = button(page, "Remove from the draft").click().run()
    assert first["pattern"] not in draft().config.expert(first["expert"]).patterns
    page = page.button_group(key="split").set_value("dev").run()
    assert "of 120 dev rows" in shown(page)


def test_a_suggestion_goes_into_the_draft(page):
    drafting().edit("", lambda config: with_expert(config, "zoomer", patterns=("zzz",), utterances=()))
    page = opened(page, suggestions="true")
    table = next(one.value for one in page.dataframe if "p (Holm)" in one.value.columns)
    first = table.iloc[0]
    page = opened(page, candidate=f"add_{first['adds']}>{first['to']}>{first['text']}")
    page = button(page, "Put in draft").click().run()
    assert first["text"] in getattr(draft().config.expert(first["to"]), f"{first['adds']}s")
    assert "In the draft now" in shown(page)


def test_slow_forensics_are_held_while_the_draft_is_edited(page, monkeypatch):
    monkeypatch.setattr("lab.ui.router.held._SLOW_S", 0.0)
    page = opened(page, rules="true")
    first = next(one.value for one in page.dataframe if "harm" in one.value.columns).iloc[0]
    drafting().edit("", lambda config: with_expert(config, first["expert"], patterns=("only this",)))
    page = page.run()
    assert "For the draft as it was; it takes" in shown(page)
    assert next(one.value for one in page.dataframe if "harm" in one.value.columns).iloc[0].equals(first)
    page = button(page, "Do it again for the draft as it is").click().run()
    assert "For the draft as it was" not in shown(page)
    table = next(one.value for one in page.dataframe if "harm" in one.value.columns)
    assert first["pattern"] not in table[table["expert"] == first["expert"]]["pattern"].tolist()
    assert not page.exception
