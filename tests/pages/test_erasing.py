"""Deleting on request as the page shows it: looked for, seen, confirmed, done, on record."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from lab.exported import NewFrozenRow
from lab.forensics.datasets import add, guess, read_bytes, sift
from lab.judging import NewDuel, NewVote, Side
from lab.messages import Message
from lab.store import (
    annotators,
    backup,
    ballots,
    datasets,
    deletion,
    duels,
    events,
    exports_shelf,
    given_votes,
    snapshot_rows,
    snapshots,
)
from lab.ui import resources

SCRIPT = """
from lab.ui import frame
from lab.ui.judge import erasing, keeping

frame.draw()
keeping.draw()
erasing.draw()
"""
SECRET = "maria.huber@example.org"


@pytest.fixture
def page(app):
    """The view on its own, in the frame; `app` brings the data folder and closes the lab."""
    return AppTest.from_string(SCRIPT, default_timeout=app.default_timeout).run()


def shown(page):
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success, *page.toast]
    return "\n".join(element.value for element in elements).replace("\\", "").replace("\u2060", "")


def press(page, label):
    next(one for one in page.button if one.label == label).click().run()
    assert not page.exception
    return page


def look_for(page, what):
    page.text_area(key="erase_text").input(what)
    return press(page, "Look for it")


def confirm(page):
    next(box for box in page.checkbox if box.label.startswith("This cannot be undone")).check().run()
    return page


def person(name):
    return annotators.add(resources.lab().store, name.casefold(), name, pin_hash=None, link_hash=None)


def prompts():
    return [event.decision.prompt for event in events.recent(resources.lab().store)]


def table(page, column):
    return next(one.value for one in page.dataframe if column in one.value)


def test_a_text_is_looked_for_seen_and_deleted_with_a_record(page):
    lab = resources.lab()
    lab.exchange.route(f"Write to {SECRET.upper()} <img onerror=x>", source="page")
    rows = read_bytes(
        f'{{"prompt": "ask {SECRET}", "label": "a"}}\n{{"prompt": "b", "label": "a"}}'.encode(), "x.jsonl"
    )
    add(lab.store, lab.settings.data_dir, sift(rows, guess(rows)), name="mine")
    backup.backup(lab.store)
    look_for(page, SECRET)
    said = shown(page)
    assert "Found in 1 event, 1 row of a dataset." in said
    assert "Dataset mine: 1 of its 2 rows are left out from now on." in said
    places = table(page, "what stands there")
    assert places["where"].tolist() == ["routing_event.prompt", "routing_event.conversation"]
    assert next(one for one in page.button if one.label == "Delete it everywhere").disabled
    confirm(page)
    press(page, "Delete it everywhere")
    assert prompts() == ["[deleted on request]"]
    said = shown(page)
    assert "Deleted: 1 event, 1 row of a dataset. The record of it says when and how much, not what." in said
    assert "1 backup from before may still hold it" in said
    assert table(page, "how much")["what"].tolist() == ["a text"]
    assert [one.rows for one in datasets.listed(resources.lab().store) if one.name == "mine"] == [1]
    assert SECRET not in said
    press(page, "Delete it")
    assert backup.listed(resources.lab().store.address) == []
    assert "may still hold it" not in shown(page)
    assert resources.lab() is not lab


def test_snapshots_that_lose_rows_and_exports_that_go_are_shown(page):
    lab = resources.lab()
    one, other = (Side(name, f"An answer, {said}", "a", "mock", "m") for name, said in (("r1", SECRET), ("r2", "well")))
    [added] = duels.add(lab.store, [NewDuel((Message("user", "Who?"),), "", one, other, origin="bulk", rule="random")])
    snapshots.begin(lab.store, "s1", name="<b>mine</b>", family="main", spec={}, spec_hash="h")
    snapshot_rows.add(lab.store, "s1", [NewFrozenRow(0, added.duel_id, "r1", "r2", "train", "h")])
    snapshots.freeze(lab.store, "s1", report={}, content_hash="c", sides={})
    folder = exports_shelf.folder_for(lab.settings.data_dir, "s1", "mine")
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"snapshot": "s1"}')
    look_for(page, SECRET)
    said = shown(page)
    assert "mine</b>: 1 of its 1 rows are gone from now on." in said
    assert "Deleted: 1 written export, to be written again without them." in said
    press(confirm(page), "Delete it everywhere")
    assert not folder.exists()
    assert snapshots.get(resources.lab().store, "s1").gone == 1


def test_what_is_not_there_and_what_is_too_short_are_told(page):
    look_for(page, "nobody@example.org")
    assert "Nothing that can be deleted holds it." in shown(page)
    assert "Delete it everywhere" not in [one.label for one in page.button]
    look_for(page, "a")
    assert "'a' is too short to look for" in shown(page)


def test_what_stays_says_what_to_do(page):
    utterance = next(
        text for expert in resources.lab().routers.live().version.config.experts for text in expert.utterances
    )
    look_for(page, utterance)
    assert 'Stays: Router version v1 "shipped" holds it' in shown(page)


def test_a_person_is_removed(page):
    ann = person("Maria <b>Huber")
    page.button_group(key="erase_what").set_value("a person").run()
    assert page.selectbox(key="erase_who").value == ann.id
    confirm(page)
    label = next(one.label for one in page.button if one.label.startswith("Remove "))
    press(page, label)
    assert annotators.get(resources.lab().store, ann.id).name == f"removed annotator {ann.seq}"
    assert "Deleted: 1 annotator." in shown(page)
    assert "Nobody has signed in here yet." in shown(page)
    assert table(page, "how much")["what"].tolist() == ["a person"]


def test_the_votes_of_a_person_go_only_when_asked(page):
    store, noon = resources.lab().store, datetime(2026, 11, 23, 12, tzinfo=UTC)
    sides = [Side(f"r{at}", f"Answer {at}.", "professor", "mock", "m") for at in range(2)]
    [added] = duels.add(store, [NewDuel((Message("user", "Q"),), "", *sides, "bulk", "random")])
    for name in ("Ann", "Bo"):
        who = person(name)
        vote = NewVote(f"v-{name}", added.duel_id, who.id, "better", "r0", "r0", noon)
        given_votes.record_many(store, [vote])
    page.run()
    page.button_group(key="erase_what").set_value("a person").run()
    for name, votes_too, left in (("Ann", True, 1), ("Bo", False, 1)):
        page.selectbox(key="erase_who").select(name.casefold()).run()
        if votes_too:
            page.checkbox(key="erase_votes").check().run()
        confirm(page)
        press(page, f"Remove {name}")
        assert sum(one.origin != "sample" for one in ballots.listed(resources.lab().store)) == left
    assert [record.counts for record in deletion.records(resources.lab().store)] == [
        {"annotator": 1},
        {"annotator": 1, "vote_taken": 1},
    ]


def test_bytes_that_are_left_can_be_taken_out_again(page, monkeypatch):
    from lab.errors import StoreError
    from lab.preferences import erasure

    resources.lab().exchange.route(f"Write to {SECRET}", source="page")
    look_for(page, SECRET)
    confirm(page)

    def fails(_):
        raise StoreError("its bytes may still be in lab.db")

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "scrub", fails)
        press(page, "Delete it everywhere")
    assert "its bytes may still be in lab.db" in shown(page)
    press(page, "Rewrite it again")
    assert "may still be in" not in shown(page)
    path = resources.lab().store.address.path
    assert SECRET.encode() not in path.read_bytes()
