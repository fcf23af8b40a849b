"""The Router page as Streamlit runs it: adopting a draft, what is known then, the history, files in and out."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from router_page import RUN_S, button, draft, drafting, number, opened, set_threshold, shown, visited

from lab.conf_out import from_zip, to_zip
from lab.forensics.datasets import delete, load
from lab.forensics.evidence import Evidence
from lab.forensics.probes import Probe, write
from lab.store import datasets, looks, versions
from lab.ui import resources, workbench


@pytest.fixture
def page(app):
    """The Router page of a lab of its own, on the built-in dataset."""
    app.run()
    return app.switch_page("pages/router.py").run()


def adopted(page, name="careful", note="fewer jokes"):
    page.text_input(key="adopt-name").set_value(name)
    page.text_input(key="adopt-note").set_value(note)
    return button(page, "Adopt: make it live").click().run()


def test_what_is_adopted_is_live_named_and_kept_with_what_was_known(page):
    page = adopted(set_threshold(page))
    assert not page.exception
    assert 'v2 "careful" is live now' in shown(page)
    [(adoption, version), _] = versions.history(resources.lab().store)
    assert (version.number, version.name, version.config.threshold) == (2, "careful", 0.35)
    assert (adoption.note, adoption.evidence["dev"]["n"]) == ("fewer jokes", 120)
    assert draft() is None
    assert set_threshold(page, 0.3).text_input(key="adopt-name").value == ""
    assert any('live v2 "careful"' in one.value.replace("\\", "") for one in page.markdown)


def test_the_second_tab_is_told_and_shown_what_changed(page):
    page = set_threshold(page)
    tab = visited()
    adopted(page, "quick")
    tab = adopted(tab, "slow")
    text = shown(tab)
    assert 'v2 "quick" went live since this page was drawn, so nothing was adopted.' in text
    assert 'What changed from v1 "shipped" to v2 "quick"' in text
    assert "- threshold: 0.5 → 0.35" in text
    assert len(versions.history(resources.lab().store)) == 2


def test_a_draft_that_was_edited_since_is_not_adopted_unseen(page):
    page = set_threshold(page)
    drafting().edit("", lambda config: replace(config, threshold=0.2))
    page = adopted(page)
    assert "The draft was edited meanwhile; look at its diff and adopt again." in shown(page)
    assert drafting().routers.adopted().number == 1


def test_a_draft_that_is_live_cannot_be_adopted(page):
    page = set_threshold(set_threshold(page), 0.5)
    assert button(page, "Adopt: make it live").disabled
    assert "The draft is what is live" in shown(page)


def test_a_look_at_the_sealed_rows_is_counted_and_noted(page):
    page = set_threshold(page)
    lab = resources.lab()
    dataset = datasets.listed(lab.store)[0]
    assert looks.count(lab.store, dataset.id) == 0
    page = button(page, "Look at the sealed rows once").click().run()
    assert looks.count(lab.store, dataset.id) == 1
    assert "The sealed rows were looked at 1 time." in shown(page)
    page = page.run()
    assert looks.count(lab.store, dataset.id) == 1
    adopted(page)
    [(adoption, _), _] = versions.history(lab.store)
    assert adoption.evidence["sealed"]["looks"] == 1


def test_probes_are_run_against_the_draft_and_failing_ones_warn(page):
    probes = write([Probe("tell me a joke", "zoomer"), Probe("what is entropy", "zoomer", tags=("physics",))])
    page = set_threshold(page)
    page = page.file_uploader(key="probes-file-0").set_value(("mine.jsonl", probes, "application/jsonl")).run()
    assert not page.exception
    assert "1 of 2 probes of mine.jsonl pass; 1 fail" in shown(page)
    adopted(page)
    [(adoption, _), _] = versions.history(resources.lab().store)
    assert adoption.evidence["probes"] == {"file": "mine.jsonl", "passed": 1, "n": 2, "failed": ["what is entropy"]}


def test_a_file_that_holds_no_probes_is_a_sentence(page):
    page = set_threshold(page)
    page = page.file_uploader(key="probes-file-0").set_value(("x.jsonl", b"not json", "application/jsonl")).run()
    assert "Line 1 is not JSON" in shown(page)
    assert not page.exception


def test_versions_are_compared_renamed_and_rolled_back(page):
    page = adopted(set_threshold(page))
    page.selectbox(key="version").set_value("v1")
    page = page.selectbox(key="against").set_value("v2").run()
    assert "threshold: 0.35 → 0.5" in shown(page)
    first = versions.by_number(resources.lab().store, 1)
    page = page.text_input(key=f"rename-{first.id}").set_value("of old").run()
    assert versions.by_number(resources.lab().store, 1).name == "of old"
    page = button(page, "Make v1 live").click().run()
    assert not page.exception
    assert drafting().routers.adopted().number == 1
    assert 'v1 "of old" is live again' in shown(page)


def test_yaml_out_and_in_is_the_same_router(page):
    live = drafting().routers.adopted()
    wanted = replace(live.config, threshold=0.42, on_conflict="priority")
    page = page.file_uploader(key="router-zip-0").set_value(("r.zip", to_zip(wanted, "r"), "application/zip")).run()
    assert not page.exception
    assert "r.zip is the draft now: 2 experts." in shown(page)
    fingerprint = live.encoder_fingerprint
    assert draft().config.content_hash(fingerprint) == wanted.content_hash(fingerprint)
    assert from_zip(to_zip(draft().config, "x")) == wanted


def test_a_zip_that_is_none_is_a_sentence_and_the_draft_stays(page):
    page = set_threshold(page)
    page = page.file_uploader(key="router-zip-0").set_value(("r.zip", b"PK no", "application/zip")).run()
    assert "This is not a zip that can be read" in shown(page)
    assert draft().config.threshold == 0.35


def test_thresholds_tuned_with_other_vectors_are_warned_of_at_the_gate(page):
    lab = resources.lab()
    live = drafting().routers.adopted()
    versions.adopt(lab.store, "a", live.config, "of-another-day", expected_live_id=live.id, name="old")
    page = number(page.run(), "r-margin").set_value(0.01).run()
    assert "were tuned with other vectors" in shown(page)


def test_editing_goes_on_without_a_dataset(page):
    lab = resources.lab()
    for dataset in datasets.listed(lab.store):
        delete(lab.store, lab.settings.data_dir, dataset.id)
    page = set_threshold(page.run())
    assert "There is no dataset to measure on." in shown(page)
    assert draft().config.threshold == 0.35
    page = opened(page, expert="zoomer", rules="true", suggestions="true")
    adopted(page)
    assert drafting().routers.adopted().number == 2


def test_a_probe_file_is_made_from_what_live_gets_right(page):
    page.session_state["make_probes"] = True
    page = page.run()
    assert not page.exception
    assert "that live v1" in shown(page)
    assert "gets right today" in shown(page)


def test_a_dataset_that_is_still_being_encoded_does_not_keep_anybody_from_editing(page, monkeypatch):
    lab = resources.lab()
    monkeypatch.setattr(workbench, "AT_ONCE", 10)
    rows = load(lab.store, lab.settings.data_dir, datasets.listed(lab.store)[0].id)
    fresh = Evidence(rows.prompts, lab.routers.encoder("all-MiniLM-L6-v2"))
    monkeypatch.setattr(resources, "evidence", lambda *_: fresh)
    held = threading.Event()
    made = fresh.vectors

    def waiting():
        assert held.wait(RUN_S)
        return made()

    monkeypatch.setattr(fresh, "vectors", waiting)
    page = set_threshold(page.run())
    assert "The 478 prompts of benchmark are being encoded" in shown(page)
    assert draft().config.threshold == 0.35
    held.set()
    for _ in range(200):
        if fresh.ready:
            break
        page = page.run()
    assert "fixed" in shown(page.run())
    assert not page.exception
