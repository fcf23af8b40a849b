"""The Data page as Streamlit runs it: files taken in, rows looked through and labelled on, experts made, all undone."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import streamlit as st
from screen import button, shown, table
from streamlit.testing.v1 import AppTest

from lab.errors import StoreError
from lab.forensics.datasets import Mapping, add, delete, guess, labelled, left_out, load, read_bytes, sift, split_counts
from lab.records import Label
from lab.store import datasets, labels, looks
from lab.types import NONE, new_id
from lab.ui import resources, workbench
from lab.ui.data import labelling, manage, meanings

FILE = b"""text,intent,domain
explain quantum tunnelling to me,physics,science
why is the sky blue,physics,science
yo whats good,smalltalk,chat
tell me something funny,smalltalk,chat
tell me something funny,smalltalk,chat
how do magnets work,physics,science
how do magnets work,smalltalk,science
,physics,science
what is love,,chat
rate my playlist,,chat
derive the euler lagrange equation,,science
broken,row,with,too,many
"""


@pytest.fixture
def page(app):
    """The Data page on the built-in dataset."""
    app.run()
    return app.switch_page("pages/data.py").run()


def buttons(app):
    return [one.label for one in app.button]


def view(app, name):
    app.session_state["view"] = name
    return app.run()


def work_on(app, data, name):
    """Store a file without the page, and take it into use."""
    dataset = put(data, name)
    app.run()
    app.selectbox(key="dataset").select(dataset.name).run()
    return dataset


def upload(app, data, name):
    view(app, "Add")
    app.file_uploader[0].upload(name, data, "application/octet-stream")
    app.run()
    return app


def stored(name):
    lab = resources.lab()
    return load(lab.store, lab.settings.data_dir, datasets.find(lab.store, name).id)


def put(data, name):
    """Store a file without the page."""
    lab = resources.lab()
    table = read_bytes(data, name)
    return add(lab.store, lab.settings.data_dir, sift(table, guess(table)), name=name.partition(".")[0]).dataset


# ------------------------------------------------------------------------------------------------------- the listing


def test_the_first_run_teaches_and_shows_what_there_is(page):
    assert not page.exception
    assert "These prompts were written for the lab." in shown(page)
    rows = stored("benchmark")
    listed = table(page, "in use")
    assert listed["name"] == ["benchmark"]
    assert listed["rows"] == [len(rows)]
    assert [listed[split][0] for split in ("tune", "dev", "sealed")] == list(split_counts(rows).values())
    assert listed["sealed looked at"] == [0]
    assert f"benchmark: {len(rows)} of {len(rows)} rows labelled" in shown(page)


def test_looks_at_the_sealed_rows_are_counted(page):
    rows = stored("benchmark")
    for router in ("one", "two", "two"):
        looks.record(resources.lab().store, new_id(), dataset_id=rows.dataset.id, dataset_hash=rows.hash,
                     router_hash=router, why="a test")  # fmt: skip
    assert table(page.run(), "in use")["sealed looked at"] == [2]
    assert "sealed looked at 2 times" in [one.label for one in page.expander]


def test_the_dataset_in_use_is_the_frames(page):
    work_on(page, FILE, "head.csv")
    assert "head: 4 of 7 rows labelled" in shown(page)
    assert table(page, "in use")["in use"] == ["in use", ""]


def test_the_address_names_the_dataset_also_while_it_is_the_newest(page):
    assert page.query_params["dataset"] == "benchmark"
    put(FILE, "head.csv")
    assert page.run().selectbox(key="dataset").value == "benchmark"


def test_a_click_under_way_does_not_bring_the_old_dataset_back_but_going_back_does(page, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(workbench, "monotonic", lambda: now[0])
    work_on(page, FILE, "head.csv")
    page.query_params["dataset"] = "benchmark"  # what the browser still had when it sent the click
    assert page.run().selectbox(key="dataset").value == "head"
    now[0] += 60
    page.query_params["dataset"] = "benchmark"
    assert page.run().selectbox(key="dataset").value == "benchmark"


def test_a_link_to_a_dataset_that_is_gone_says_which_one_is_shown(page):
    page.query_params["dataset"] = "gone_one"
    page.run()
    assert "There is no dataset 'gone_one': it was deleted or renamed. This is benchmark." in shown(page)


def test_a_damaged_file_is_a_sentence_and_the_dataset_can_still_be_deleted(page):
    lab, dataset = resources.lab(), work_on(page, FILE, "head.csv")
    (lab.settings.data_dir / "datasets" / f"{dataset.content_hash}.parquet").write_bytes(b"PAR1 nonsense")
    from lab.forensics.datasets import shelf

    shelf._content_cache._held.clear()
    shelf._rows_cache._held.clear()
    page.run()
    assert not page.exception
    assert "cannot be read" in shown(page)
    button(page, "Delete it").click().run()
    assert [one.name for one in datasets.listed(lab.store)] == ["benchmark"]


def test_a_lab_without_datasets_teaches_and_offers_the_shipped_prompts(page):
    button(page, "Delete it").click().run()
    assert not page.exception
    assert "There is no dataset yet" in shown(page)
    button(page, "Dismiss").click().run()
    button(page, "Add the prompts that the lab ships").click().run()
    assert "benchmark: 478 of 478 rows labelled" in shown(page)


# ------------------------------------------------------------------------------------- renaming, deleting, downloading


def test_a_dataset_gets_another_name_and_stays_in_use(page):
    work_on(page, FILE, "head.csv")
    page.text_input(key=next(one.key for one in page.text_input if one.label == "Name")).set_value("mine").run()
    button(page, "Rename").click()
    page.run()
    assert "mine: 4 of 7 rows labelled" in shown(page)
    assert page.selectbox(key="dataset").value == "mine"


def test_a_deleted_dataset_is_brought_back_as_it_was(page):
    dataset = work_on(page, FILE, "head.csv")
    before = stored("head")
    button(page, "Delete it").click().run()
    assert [one.name for one in datasets.listed(resources.lab().store)] == ["benchmark"]
    assert "Deleted head" in shown(page)
    button(page, "Bring it back").click().run()
    after = stored("head")
    assert (after.dataset.id, after.prompts, after.labels) == (dataset.id, before.prompts, before.labels)
    assert "Deleted" not in shown(page)


def test_what_is_downloaded_can_be_added_again_and_is_the_same(page):
    rows = stored("benchmark")
    again = sift(*(lambda one: (one, guess(one)))(read_bytes(manage.to_jsonl(rows), "again.jsonl")))
    assert (again.prompts, again.labels, again.query_types, again.splits) == (
        rows.prompts, rows.labels, rows.query_types, rows.splits,
    )  # fmt: skip
    assert not again.report.bad


# ------------------------------------------------------------------------------------------------------------- adding


def test_a_file_is_mapped_reported_on_and_added(page):
    upload(page, FILE, "head.csv")
    assert not page.exception
    assert "7 of 12 rows of head.csv (CSV) can be used" in shown(page)
    reasons = table(page, "what becomes of them")
    assert dict(zip(reasons["what becomes of them"], reasons["rows"], strict=True)) == {
        "can be used": 7, "left out: ragged": 1, "left out: empty": 1, "left out: contradictory": 2,
        "left out: duplicate": 1,
    }  # fmt: skip
    button(page, "Add 7 rows").click().run()
    assert not page.exception
    rows = stored("head")
    assert rows.labels == ("physics", "physics", "smalltalk", "smalltalk", None, None, None)
    assert rows.query_types[0] == "science"
    assert "head: 4 of 7 rows labelled" in shown(page)
    view(page, "Left out")
    assert "7 of 12 rows of head.csv (CSV) can be used" in shown(page)


def test_a_file_that_is_being_mapped_stays_over_reruns_and_other_pages(page):
    upload(page, FILE, "head.csv")
    page.selectbox(key=next(one.key for one in page.selectbox if one.label == "Query type")).select("(no column)").run()
    page.switch_page("pages/route.py").run()
    page.switch_page("pages/data.py").run()
    view(page, "Add")
    assert "head.csv, CSV, 12 rows" in shown(page).replace("**", "")
    assert next(one for one in page.selectbox if one.label == "Query type").value == "(no column)"
    button(page, "Dismiss").click().run()
    assert len(page.file_uploader) == 1
    assert datasets.listed(resources.lab().store)[0].name == "benchmark"


def test_a_column_can_be_taken_for_one_thing_only(page):
    upload(page, FILE, "head.csv")
    page.selectbox(key=next(one.key for one in page.selectbox if one.label == "Label")).select("domain").run()
    assert next(one for one in page.selectbox if one.label == "Query type").value == "(no column)"
    assert "2 labels" in [one.label for one in page.get("button_group")]


def test_labels_become_experts_or_are_left_out_with_a_count(page, monkeypatch):
    data = FILE.replace(b"smalltalk", b"Zoomer").replace(b"rate my playlist,", b"rate my playlist,oos")
    upload(page, data, "head.csv")
    found = page.session_state["import"]
    meanings._settle(found, "live", {"live": resources.lab().routers.live().version.config}, {"Zoomer": 3})
    page.run()
    assert "can be used; left out" in shown(page)
    unknown = [row.detail for row in found.sifted().report.bad if row.reason == "unknown expert"]
    assert set(unknown) == {"the router has no expert 'physics'"}
    assert set(found.sifted().labels) == {"zoomer", NONE, None}
    with monkeypatch.context() as patch:
        patch.setattr(st, "session_state", {"edits": {"edited_rows": {0: {"becomes": "professor"}}}})
        meanings.edited(found, "edits", ("physics",))
    page.run()
    assert set(found.sifted().labels) == {"professor", "zoomer", NONE, None}


def test_a_second_press_adds_nothing_twice(page):
    upload(page, FILE, "head.csv")
    add_it = button(page, "Add 7 rows")
    add_it.click().run()
    assert len(datasets.listed(resources.lab().store)) == 2
    upload(page, FILE, "again.csv")
    button(page, "Add 7 rows").click().run()
    assert "already here as 'head'" in shown(page)
    assert len(datasets.listed(resources.lab().store)) == 2


def test_many_rows_are_stored_as_a_job_and_open_when_it_is_done(page, monkeypatch):
    from lab.ui.data import importing

    monkeypatch.setattr(importing, "AT_ONCE", 3)
    upload(page, FILE, "head.csv")
    button(page, "Add 7 rows").click().run()
    found = page.session_state["import"]
    assert resources.lab().jobs.wait(found.job_id, 60).state == "done"
    page.run()
    assert "7 of 12 rows" in shown(page)
    button(page, "Open it").click().run()
    assert "head: 4 of 7 rows labelled" in shown(page)
    assert "import" not in page.session_state


def test_a_job_that_fails_says_why_and_the_mapping_is_still_there(page, monkeypatch):
    from lab.ui.data import importing

    def full(*arguments, **named):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(importing, "AT_ONCE", 3)
    monkeypatch.setattr(importing, "add", full)
    upload(page, FILE, "head.csv")
    button(page, "Add 7 rows").click().run()
    job_id = page.session_state["import"].job_id
    if job_id:  # it has not ended yet
        resources.lab().jobs.wait(job_id, 60)
        page.run()
    assert "The disk is full." in shown(page)
    assert "Add 7 rows" in buttons(page)


def test_a_cancelled_job_stores_nothing_and_the_mapping_is_still_there(page, monkeypatch):
    from lab.ui.data import importing

    def slow(*arguments, **named):
        added = add(*arguments, **named)
        jobs = resources.lab().jobs
        jobs.cancel(jobs.recent(1, "dataset")[0].id)
        return added

    monkeypatch.setattr(importing, "AT_ONCE", 3)
    monkeypatch.setattr(importing, "add", slow)
    upload(page, FILE, "head.csv")
    button(page, "Add 7 rows").click().run()
    job_id = page.session_state["import"].job_id
    if job_id:
        resources.lab().jobs.wait(job_id, 60)
        page.run()
    assert "Storing it was cancelled" in shown(page)
    assert "Add 7 rows" in buttons(page)
    assert [one.name for one in datasets.listed(resources.lab().store)] == ["benchmark"]


def test_a_file_that_breaks_its_reader_is_a_sentence_and_the_next_one_gets_in(page, monkeypatch):
    from lab.ui.data import pending

    def broken(data, name):
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patch:
        patch.setattr(pending, "read_bytes", broken)
        upload(page, FILE, "head.csv")
    assert not page.exception
    assert "head.csv cannot be read (OverflowError: date value out of range)" in shown(page)
    upload(page, FILE, "head.csv")
    assert "Add 7 rows" in buttons(page)


TICKETS = "ticket_id,subject,team,channel\n" + "".join(
    f"{at},the parcel number {at} is late,{('Billing', 'Zoomer')[at % 2]},{('mail', 'phone', 'chat')[at % 3]}\n"
    for at in range(12)
)


def test_where_no_label_is_guessed_it_is_said_and_the_columns_that_could_be_it_are_offered(page):
    upload(page, TICKETS.encode(), "tickets.csv")
    assert "No label is chosen: the rows come in unlabelled. One of these columns may hold it." in shown(page)
    button(page, "channel: 3 values")
    button(page, "team: 2 values").click().run()
    assert not page.exception
    assert page.session_state["import"].mapping.label == "team"
    assert "No label is chosen" not in shown(page)
    page.session_state[f"raw-{page.session_state['import'].id}"] = True
    assert table(page.run(), "ticket_id")["channel"][:3] == ["mail", "phone", "chat"]


def test_rows_with_labels_of_their_own_lead_to_making_experts_or_to_a_map(page):
    upload(page, TICKETS.encode(), "tickets.csv")
    button(page, "team: 2 values").click().run()
    said = "12 rows are labelled with no expert of the live router: Billing 6, Zoomer 6."
    assert said in shown(page)
    button(page, "Map them to its experts").click().run()
    assert said not in shown(page)
    reasons = table(page, "what becomes of them")
    assert reasons["rows"][reasons["what becomes of them"].index("left out: unknown expert")] == 6
    found = page.session_state["import"]
    meanings.choose(found, "keep", {})
    page.run()
    button(page, "Add 12 rows").click().run()
    assert said in shown(page)
    button(page, "Make experts").click().run()
    assert not page.exception
    assert "The draft gets 2 experts" in shown(page).replace("**", "")


def test_a_dataset_of_the_routers_own_labels_leads_nowhere_else(page):
    assert "labelled with no expert" not in shown(page)
    assert "Make experts" not in buttons(page)


def test_a_refusal_names_its_file_and_goes_with_the_next_one(page):
    upload(page, b"", "empty.csv")
    assert [one.proto.title for one in page.error] == ["Not taken: empty\\.csv"]
    upload(page, FILE, "head.csv")
    assert not page.error


def xlsx():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


NO_DATASETS = [
    (b"\x89PNG\r\n\x1a\n" + bytes(64), "prompts.csv", "prompts.csv is a picture"),
    (b"", "empty.csv", "is empty (0 bytes)"),
    (xlsx(), "book.xlsx", "an Excel workbook"),
    (b"prompt,label\n", "header.csv", "holds only a header"),
    (json.dumps([[1, 2], [3, 4]]).encode(), "lists.json", "lists.json"),
    (b'{"a": [1]}\n{"a": [2]}\n', "nested.jsonl", "no column with prompts"),
    (b"<!doctype html><p>hi", "page.csv", "is a web page"),
]


def test_a_file_that_is_no_dataset_is_a_sentence_and_the_way_in_stays_open(page):
    for data, name, says in NO_DATASETS:
        upload(page, data, name)
        assert not page.exception
        assert says in shown(page)
        assert len(page.file_uploader) == 1
        assert "import" not in page.session_state


def test_a_file_without_a_good_row_cannot_be_added(page):
    upload(page, b"prompt,label\n,a\n,b\n", "blank.csv")
    assert not page.exception
    assert "0 of 2 rows" in shown(page)
    assert button(page, "Add 0 rows").disabled


def test_one_column_one_row_and_one_class_are_taken_and_said(page):
    upload(page, "\ufeffprompt\nwhy is the sky blue\n".encode(), "one.csv")
    button(page, "Add 1 row").click().run()
    assert stored("one").labels == (None,)
    upload(page, "prompt\tlabel\nwhy is the sky blue\tphysics\n".encode("utf-16"), "class.tsv")
    assert "Every labelled row is 'physics'" in shown(page)
    button(page, "Add 1 row").click().run()
    assert stored("class").labels == ("physics",)


def test_corrected_prompts_become_a_dataset(app):
    app.run()
    lab = resources.lab()
    routed = lab.exchange.route("tell me a joke", source="page")
    labels.give(lab.store, new_id(), event_id=routed.event.id, prompt="tell me a joke", expert="professor")
    page = view(app.switch_page("pages/data.py").run(), "Add")
    button(page, "Make a dataset from 1 corrected prompt").click().run()
    button(page, "Add 1 row").click().run()
    rows = stored("corrected prompts")
    assert (rows.prompts, rows.labels, rows.dataset.origin) == (("tell me a joke",), ("professor",), "labels")


# --------------------------------------------------------------------------------------------------------------- rows


def test_filters_in_the_address_narrow_the_rows(app):
    app.run()
    rows = stored("benchmark")
    app.query_params["label"] = "zoomer"
    app.query_params["split"] = "dev"
    app.query_params["type"] = "no such type"
    page = app.switch_page("pages/data.py").run()
    assert not page.exception
    want = [row for row in range(len(rows)) if rows.labels[row] == "zoomer" and rows.splits[row] == "dev"]
    assert table(page, "prompt")["prompt"] == [rows.prompts[row] for row in want]
    page.text_input(key="find").set_value("JOKE the").run()
    found = table(page, "prompt")["prompt"] if "No row fits." not in shown(page) else []
    assert found == [rows.prompts[row] for row in want if {"joke", "the"} <= set(words(rows.prompts[row]))]


def words(prompt):
    return [part for part in ("joke", "the") if part in prompt.casefold()]


def test_a_row_in_the_address_opens_its_trace_and_takes_a_label(page):
    rows = stored("benchmark")
    row = rows.splits.index("tune")
    page.query_params["row"] = f"{rows.dataset.content_hash[:8]}.{row}"
    page.run()
    assert "**Why.**" in shown(page)
    page.button(key=f"should-{rows.dataset.id}-{row}-zoomer-{rows.labels[row]}").click().run()
    assert stored("benchmark").labels[row] == "zoomer"
    button(page, "Take the label back").click().run()
    assert stored("benchmark").labels[row] == rows.labels[row]


def test_a_row_that_is_not_there_opens_nothing(page):
    rows = stored("benchmark")
    for place in ("", "x", "00000000.1", "{hash}.99999", "{hash}.-1", "{hash}.٣", "{hash}.1.2"):
        page.query_params["row"] = place.format(hash=rows.dataset.content_hash[:8])
        page.run()
        assert not page.exception
        assert "**Why.**" not in shown(page), place


def test_a_sealed_row_shows_no_decision_before_the_look_is_counted(page):
    rows = stored("benchmark")
    row = rows.splits.index("sealed")
    page.query_params["row"] = f"{rows.dataset.content_hash[:8]}.{row}"
    page.run()
    assert "This row is sealed" in shown(page)
    assert "**Why.**" not in shown(page)
    assert looks.count(resources.lab().store, rows.dataset.id) == 0
    button(page, "Look at it").click().run()
    assert "**Why.**" in shown(page)
    assert looks.count(resources.lab().store, rows.dataset.id) == 1


# --------------------------------------------------------------------------------------------------------- duplicates


def test_near_duplicates_and_leaks_are_counted_and_listed(page):
    utterance = resources.lab().routers.live().version.config.experts[0].utterances[0]
    twin = "please tell me how the magnets in a loudspeaker work today"
    lines = [utterance, twin, f"{twin}!!", "something else entirely, my friend"]
    work_on(page, b"".join(json.dumps({"prompt": line}).encode() + b"\n" for line in lines), "leaky.jsonl")
    view(page, "Duplicates and leaks")
    assert not page.exception
    assert "2 of 4 rows have a near-duplicate, in 1 groups" in shown(page).replace("1 group.", "1 groups")
    assert "1 of 4 rows are one of its" in shown(page)
    found = table(page, "utterance")
    assert found["prompt"] == [utterance]
    assert found["the search"] == ["leaves it out"]


# ---------------------------------------------------------------------------------------------------------- labelling


@pytest.fixture
def to_label(page, monkeypatch):
    """The part where one labels, on a dataset with three rows to do; keys are never too early."""
    monkeypatch.setattr(labelling, "EARLY_S", 0.0)
    work_on(page, FILE.replace(b"smalltalk", b"zoomer").replace(b"physics", b"professor"), "head.csv")
    return view(page, "Label")


def at(app):
    return int(app.query_params["at"].rpartition(".")[2])


def test_a_key_stores_its_label_at_once_and_the_next_prompt_comes(to_label):
    keys = {one.label: one.proto.shortcut for one in to_label.button}
    assert (keys["professor"], keys["zoomer"], keys["nobody"]) == ("1", "2", "0")
    assert (keys["Skip"].lower(), keys["Undo"].lower()) == ("s", "u")
    first = at(to_label)
    assert "Labelled 4 of 7." in [one.text for one in to_label.get("progress")]
    button(to_label, "zoomer").click().run()
    assert stored("head").labels[first] == "zoomer"
    second = at(to_label)
    button(to_label, "nobody").click().run()
    assert stored("head").labels[second] == NONE
    button(to_label, "professor").click().run()
    assert "Every row of head has a label." in shown(to_label).replace("**", "")
    assert len(labelled(stored("head"))) == 7


def test_undo_takes_back_as_many_labels_as_there_are_also_after_a_reload(to_label):
    first = at(to_label)
    button(to_label, "zoomer").click().run()
    second = at(to_label)
    button(to_label, "nobody").click().run()
    again = AppTest.from_file(to_label._script_path, default_timeout=60)  # a reload: nothing but the address is left
    again.run()
    again.switch_page("pages/data.py").run()
    view(again, "Label")
    button(again, "Undo").click().run()
    assert at(again) == second
    button(again, "Undo").click().run()
    assert at(again) == first
    assert stored("head").labels[4:] == (None, None, None)
    assert button(again, "Undo").disabled


def test_a_skipped_prompt_comes_last_and_undo_brings_it_back_first(to_label):
    first = at(to_label)
    button(to_label, "Skip").click().run()
    assert at(to_label) != first
    button(to_label, "Undo").click().run()
    assert at(to_label) == first
    button(to_label, "Skip").click().run()
    for _ in range(2):
        button(to_label, "zoomer").click().run()
    assert at(to_label) == first


def test_the_guess_is_shown_on_request_only_and_labels_are_compared_afterwards(to_label):
    assert "The live router sends it" not in shown(to_label)
    button(to_label, "Router's guess").click().run()
    assert "The live router sends it to" in shown(to_label)
    button(to_label, "zoomer").click().run()
    assert "The live router sends it" not in shown(to_label)
    assert table(to_label, "live router")["labelled"] == ["zoomer"]


def test_a_link_reopens_the_prompt_that_it_names(to_label):
    other = next(row for row in (4, 5, 6) if row != at(to_label))
    to_label.query_params["at"] = f"{stored('head').dataset.content_hash[:8]}.{other}"
    to_label.run()
    assert f"row {other + 1}" in shown(to_label)


def test_a_label_for_a_dataset_that_went_meanwhile_names_it(to_label):
    lab, dataset = resources.lab(), stored("head").dataset
    prompt = button(to_label, "zoomer")
    delete(lab.store, lab.settings.data_dir, dataset.id)
    prompt.click().run()
    assert not to_label.exception
    assert "The dataset 'head' was deleted meanwhile. Add head.csv again" in shown(to_label)


def test_a_label_that_the_store_refuses_is_a_sentence_and_the_prompt_stays(to_label, monkeypatch):
    first = at(to_label)

    def full(*arguments, **named):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(labels, "give", full)
    button(to_label, "zoomer").click().run()
    assert "The disk is full." in shown(to_label)
    assert at(to_label) == first


class _State(dict):
    """A session's state without Streamlit."""


def press(monkeypatch, state, rows, mark, expert, now):
    monkeypatch.setattr(labelling.st, "session_state", state)
    monkeypatch.setattr(labelling.st, "query_params", {})
    monkeypatch.setattr(labelling.time, "monotonic", lambda: now)
    labelling._label(rows, mark, expert)


@pytest.fixture
def one_showing(page, monkeypatch):
    put(FILE, "head.csv")
    rows = stored("head")
    return _State({"label_showing": labelling.Showing(rows.dataset.id, 4, "the-label", drawn_at=100.0)}), rows


def standing() -> list[Label]:
    return labels.recent(resources.lab().store, 10)


def test_only_the_showing_that_a_key_was_pressed_in_is_labelled_and_once(one_showing, monkeypatch):
    state, rows = one_showing
    press(monkeypatch, state, rows, "an-earlier-showing", "physics", now=101)  # a button that is gone
    press(monkeypatch, state, rows, "the-label", "physics", now=100.24)  # meant for the prompt before
    assert standing() == []
    press(monkeypatch, state, rows, "the-label", "physics", now=100.26)
    press(monkeypatch, state, rows, "the-label", "smalltalk", now=100.27)  # the second of two fast presses
    assert [(one.id, one.expert, one.row) for one in standing()] == [("the-label", "physics", 4)]


# ------------------------------------------------------------------------------------------------------------ experts


def test_experts_are_made_from_labels_into_the_draft_and_nothing_is_live(page):
    work_on(page, FILE, "head.csv")
    live = resources.lab().routers.live().version.content_hash
    view(page, "Make experts")
    assert "The draft gets 2 experts" in shown(page).replace("**", "")
    button(page, "Put them into the draft").click().run()
    assert not page.exception
    draft = resources.lab().drafting.current()
    assert [one.name for one in draft.config.experts] == ["physics", "smalltalk"]
    assert (draft.config.strategy, draft.config.fallback) == ("semantic", NONE)
    assert all(len(one.utterances) == 1 for one in draft.config.experts)
    assert resources.lab().routers.live().version.content_hash == live
    assert button(page, "In the draft").disabled
    per = next(one for one in page.number_input if one.label.startswith("Utterances"))
    page.number_input(key=per.key).set_value(2).run()
    button(page, "Put them into the draft").click().run()
    assert all(len(one.utterances) == 2 for one in resources.lab().drafting.current().config.experts)
    assert len(resources.lab().drafting.current().edits) == 2


def test_without_labels_there_are_no_experts_to_make_and_the_way_there_is_shown(page):
    work_on(page, b"prompt\nwhy is the sky blue\nhello there\n", "bare.csv")
    view(page, "Make experts")
    button(page, "Label some rows").click().run()
    assert "Labelled 0 of 2." in [one.text for one in page.get("progress")]


# -------------------------------------------------------------------------------------------------------- real files


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "rows", "classes"), [("clinc150/data_full.json", 23_691, 151), ("banking77/test.csv", 3_079, 77)]
)
def test_intent_sets_come_in_without_editing(page, shared_file, file, rows, classes):
    path = shared_file(file)
    upload(page, path.read_bytes(), path.name)
    button(page, f"Add {rows:,} rows").click().run()
    assert not page.exception
    found = stored(path.stem)
    assert len({label for label in found.labels if label}) == classes
    report = left_out.left_out_of(resources.lab().settings.data_dir, found.dataset)
    assert report is not None
    assert report.good == rows


def test_a_mapping_that_left_rows_out_is_not_known_for_what_the_shell_added(page):
    lab = resources.lab()
    add(lab.store, lab.settings.data_dir, sift(read_bytes(FILE, "head.csv"), Mapping("text", label="intent")), name="h")
    page.run()
    page.selectbox(key="dataset").select("h").run()
    view(page, "Left out")
    assert "is not known here" in shown(page)
