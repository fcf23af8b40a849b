"""Importing preferences on a page: what a file holds, what is left out of it, and what went in."""

from __future__ import annotations

import json

import empty_database
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lab.errors import StoreError
from lab.store import annotators, ballots, duels
from lab.ui import resources
from lab.ui.judge import importing

ROW = {"prompt": "Q", "chosen": "good", "rejected": "bad"}
THUMB = {"prompt": "What now?", "completion": "fine", "label": True}
STEERING = "\x1b[2J\u202e![x](http://evil.example/x.png) <img src=x onerror=alert(1)> [a](javascript:alert(1))"


def script():
    from lab.ui.judge import importing

    importing.draw()


@pytest.fixture
def page(tmp_path, monkeypatch, encoder_cache):
    """Nothing but the way in, on a data folder of its own."""
    (tmp_path / "cache").symlink_to(encoder_cache)
    empty_database.put_into(tmp_path)
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path))
    st.cache_resource.clear()
    yield AppTest.from_function(script, default_timeout=60).run()
    opened = resources.lab()
    opened.jobs.close()
    opened.store.close()
    st.cache_resource.clear()


def lines(*rows):
    return "\n".join(map(json.dumps, rows)).encode()


def upload(page, data, name="pairs.jsonl"):
    page.file_uploader[0].upload(name, data, "application/octet-stream")
    page.run()
    assert not page.exception
    return page


def shown(page):
    elements = [*page.markdown, *page.caption, *page.info, *page.error, *page.success]
    return "\n".join(element.value for element in elements).replace("\\", "").replace("\u2060", "")


def button(page, label):
    return next(one for one in page.button if one.label == label)


def table(page, column):
    found = next(one.value for one in page.dataframe if column in one.value)
    return {name: found[name].tolist() for name in found}


def votes():
    """The votes that are not of the sample workspace."""
    return [one for one in ballots.listed(resources.lab().store) if one.origin != "sample"]


def test_the_first_look_says_what_can_come_in(page):
    assert not page.exception
    assert "TRL (texts or messages), ShareGPT" in shown(page)


def test_a_file_is_looked_at_before_anything_is_stored(page):
    upload(page, lines(ROW, {**ROW, "prompt": "R", "chosen": "bad"}, {"a": 1}, THUMB))
    assert "**pairs.jsonl**, JSON Lines, TRL 1, KTO 1" in shown(page)
    assert "left out: 1 unknown columns, 1 equal answers (they make no duel)." in shown(page)
    assert table(page, "chosen") == {"row": [1], "prompt": ["Q"], "chosen": ["good"], "rejected": ["bad"]}
    assert table(page, "thumb") == {"row": [4], "prompt": ["What now?"], "answer": ["fine"], "thumb": ["up"]}
    assert table(page, "left out as")["left out as"] == ["unknown columns", "equal answers"]
    assert votes() == []


def test_the_button_stores_it_and_says_what_went_in(page):
    upload(page, lines(ROW, {**ROW, "prompt": "R"}, THUMB))
    button(page, "Import 2 pairs and 1 answer with a thumb").click()
    page.run()
    assert "'pairs.jsonl' is in: 2 duels are new, 2 votes were added, 1 answer with a thumb is new." in shown(page)
    assert len(votes()) == 2
    button(page, "Import another file").click()
    page.run()
    listed = table(page, "is in")
    assert (listed["name"], listed["pairs"], listed["thumbs"], listed["is in"]) == (
        ["pairs.jsonl"],
        [2],
        [1],
        ["whole"],
    )


def test_a_file_that_is_in_offers_nothing_to_do(page):
    for name in ("pairs.jsonl", "copy.jsonl"):
        upload(page, lines(ROW), name)
        if name == "pairs.jsonl":
            button(page, "Import 1 pair").click()
            page.run()
            button(page, "Import another file").click()
            page.run()
    assert "This file went in as 'pairs.jsonl' on" in shown(page)
    assert [one.label for one in page.button] == ["Dismiss"]
    button(page, "Dismiss").click()
    page.run()
    assert page.file_uploader


def test_a_name_of_ones_own(page):
    upload(page, lines(ROW))
    page.text_input[0].input("from Anna").run()
    button(page, "Import 1 pair").click()
    page.run()
    assert "import:from Anna" in [one.name for one in annotators.listed(resources.lab().store)]


def test_many_rows_are_a_job_and_the_page_says_when_they_are_in(page, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    upload(page, lines(ROW, {**ROW, "prompt": "R"}))
    button(page, "Import 2 pairs").click()
    page.run()
    jobs = resources.lab().jobs
    jobs.wait(jobs.recent(1, "import")[0].id, 30)
    page.run()
    assert "'pairs.jsonl' is in: 2 duels are new" in shown(page)
    assert "nothing was changed" not in shown(page)


def test_a_job_that_ended_badly_can_be_started_again(page, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    upload(page, lines(ROW, {**ROW, "prompt": "R"}))
    with monkeypatch.context() as full:
        full.setattr(duels, "add", refuse)
        button(page, "Import 2 pairs").click()
        page.run()
        jobs = resources.lab().jobs
        jobs.wait(jobs.recent(1, "import")[0].id, 30)
        page.run()
    assert "The disk is full. What is stored so far stays; import it again to go on there." in shown(page)
    button(page, "Import 2 pairs").click()
    page.run()
    jobs.wait(jobs.recent(1, "import")[0].id, 30)
    page.run()
    assert len(votes()) == 2


def refuse(store, given):
    raise StoreError("The disk is full.")


def test_a_database_that_refuses_is_said_and_the_button_stays(page, monkeypatch):
    upload(page, lines(ROW))
    with monkeypatch.context() as full:
        full.setattr(duels, "add", refuse)
        button(page, "Import 1 pair").click()
        page.run()
    assert "The disk is full." in shown(page)
    button(page, "Import 1 pair").click()
    page.run()
    assert "'pairs.jsonl' is in: 1 duel is new, 1 vote was added." in shown(page)


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "empty.json", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "cat.png", "a picture"),
        (b'{"data": []}', "object.json", "holds no preferences"),
        (b"text,intent\na b,c\n", "intents.csv", "'text', 'intent'"),
        (b'[{"prompt": "Q"', "cut.json", "begins like JSON but is not"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence_and_the_next_one_goes_in(page, data, name, words):
    upload(page, data, name)
    assert words in shown(page)
    assert page.error[0].value
    upload(page, lines(ROW))
    assert "can be used: 1 pair." in shown(page)


def test_a_file_without_a_usable_row_cannot_be_imported(page):
    upload(page, lines({**ROW, "chosen": "bad"}))
    assert button(page, "Import nothing").disabled


def test_what_steers_is_shown_as_text_and_stored_as_it_is(page):
    upload(page, lines({"prompt": STEERING, "chosen": "x" * 50_000, "rejected": STEERING, "chosen_model": STEERING}),
           "<img onerror>\u202e.jsonl")  # fmt: skip
    cells = table(page, "chosen")
    assert "\x1b" not in cells["prompt"][0]
    assert "\u202e" not in cells["rejected"][0]
    assert len(cells["chosen"][0]) == 300
    assert all("](http" not in one.value.replace("\\]\\(", "") for one in page.markdown)
    button(page, "Import 1 pair").click()
    page.run()
    assert not page.exception
    stored = duels.recent(resources.lab().store)[0]
    assert {len(stored.first.text), len(stored.second.text)} == {50_000, len(STEERING)}
    assert stored.conversation[-1].content == STEERING


def test_the_rows_behind_a_reason_open(page):
    upload(page, lines(ROW, {**ROW, "prompt": "=1+1", "chosen": " "}))
    page.session_state["duel_import_reason"] = "empty"
    page.run()
    assert table(page, "what") == {"line": [2], "what": ["nothing stands in the chosen answer"], "text": ["=1+1"]}
