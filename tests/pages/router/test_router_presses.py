"""What a person may press on the Router page: emptied fields, overlapping edits, stale tabs, numbers that open rows.

One lab serves all of these tests: none of them adopts, and each leaves no draft behind.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread

import pytest
from router_page import RUN_S, button, draft, drafting, number, opened, set_threshold, shown, visited

from lab.drafting import Drafting, with_expert
from lab.ui.router import fields, settings


def test_an_emptied_number_changes_nothing_and_shows_what_holds(page):
    page = number(page, "r-threshold").set_value(None).run()
    page = number(page, "r-margin").set_value(None).run()
    assert not page.exception
    assert draft() is None
    assert number(page, "r-threshold").value == 0.5
    assert number(page, "r-margin").value == 0.0


def test_an_emptied_k_changes_nothing(page):
    drafting().edit("", lambda config: replace(config, aggregate="mean_top_k", top_k=7))
    page = number(page.run(), "r-k").set_value(None).run()
    assert not page.exception
    assert (draft().config.top_k, len(draft().edits), number(page, "r-k").value) == (7, 1, 7)


def test_the_newest_entry_of_a_field_is_written_last_however_edits_overlap(page, monkeypatch):
    edit = Drafting.edit
    older, newer = Event(), Event()

    def slow(self, what, change, *, edit_id=None):
        if not older.is_set():
            older.set()
            newer.wait(RUN_S)
        return edit(self, what, change, edit_id=edit_id)

    entries = page.session_state["router_entries"]
    state = {"router_entries": entries, "r-threshold": 0.3}
    monkeypatch.setattr(Drafting, "edit", slow)
    monkeypatch.setattr(fields.st, "session_state", state)
    first = Thread(target=fields._commit, args=("r-threshold", settings._set("threshold", float)))
    first.start()
    assert older.wait(RUN_S)
    state["r-threshold"] = 0.31
    second = Thread(target=fields._commit, args=("r-threshold", settings._set("threshold", float)))
    second.start()
    newer.set()
    first.join(RUN_S)
    second.join(RUN_S)
    assert draft().config.threshold == 0.31


def test_a_tab_that_shows_an_older_draft_is_told_that_nothing_was_undone_or_taken_back(page):
    page = number(set_threshold(page), "r-margin").set_value(0.02).run()
    tab = visited()
    button(tab, "Undo").click().run()
    page = button(page, "Undo").click().run()
    assert "edited meanwhile, so it was kept. Look at it, then undo again" in shown(page)
    assert draft().config.threshold == 0.35
    tab = next(one for one in tab.button if (one.key or "").startswith("take-back-0")).click().run()
    page = next(one for one in page.button if (one.key or "").startswith("take-back-0"))
    page = page.click().run()
    assert "so it was kept" in shown(page)


def test_a_pattern_that_matches_the_same_is_named(page):
    drafting().edit("", lambda config: with_expert(config, "zoomer", patterns=("joke", "lol")))
    page = opened(page, expert="zoomer")
    page = page.text_input(key="add-patterns-zoomer").set_value("  JOKE ").run()
    assert "It is among the patterns already: it is the same as `joke`" in shown(page)
    box = next(one for one in page.text_area if one.key.startswith("e-patterns-zoomer"))
    page = box.set_value("joke\nlol\nlol\nJoke").run()
    assert draft().config.expert("zoomer").patterns == ("joke", "lol", "Joke")
    assert "`Joke` is the same as `joke`" in shown(page)


def test_add_takes_what_stands_in_the_box_also_where_only_its_beginning_was_drawn(page):
    page = opened(page, expert="zoomer")
    page = page.text_input(key="add-patterns-zoomer").set_value("mosses an").run()
    page.text_input(key="add-patterns-zoomer").set_value("mosses and ferns")
    page = page.button(key="add-patterns-zoomer--1-do").click().run()
    assert draft().config.expert("zoomer").patterns[-1] == "mosses and ferns"


@pytest.mark.parametrize(
    ("name", "words"), [("", "An expert needs a name"), ("po\u202eet", "a character that is not seen")]
)
def test_an_expert_without_a_name_that_can_be_shown_is_refused(page, name, words):
    page.text_input(key="new-expert-name").set_value(name)
    page.text_input(key="new-expert-first").set_value("write an ode")
    page = button(page, "Add to the draft").click().run()
    assert words in shown(page)
    assert draft() is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"suggestions": "true", "missed": "missed"}, "missed:"),
        ({"rules": "true", "rules_rows": "layer 1 decides"}, "layer 1 decides:"),
        ({"rules": "true", "rules_rows": "wrong"}, "wrong:"),
        ({"expert": "zoomer", "labelled": "labelled, not sealed"}, "rows labelled zoomer"),
    ],
)
def test_numbers_of_the_page_open_their_rows(page, address, words):
    assert words in shown(opened(page, **address))
