"""Generating duels on the Label page: what will happen is said first, and what failed is listed and asked for again."""

from __future__ import annotations

import shutil

import pytest
from screen import button, labels, shown, table
from streamlit.testing.v1 import AppTest

from lab.config import CONF_DIR
from lab.errors import DuelError, StoreError
from lab.forensics.datasets import Table, add, sift
from lab.forensics.datasets.mapping import Mapping
from lab.preferences import sample
from lab.preferences.duels.request import from_json
from lab.store import batches, datasets, duels
from lab.ui import resources
from lab.ui.judge import generating as drawn
from lab.ui.judge import places

WAIT_S = 60


@pytest.fixture
def page(app, tmp_path, monkeypatch):
    """The view of duels, the form unfolded, a dataset of ten prompts, and a mock that does not dawdle."""
    conf = tmp_path / "conf"
    shutil.copytree(CONF_DIR, conf)
    config = conf / "config.yaml"
    config.write_text(config.read_text().replace("mock_delay_s: 0.02", "mock_delay_s: 0"))
    monkeypatch.setenv("LAB_CONF_DIR", str(conf))
    app.run()
    lab = resources.lab()
    sample.remove(lab.store)
    columns = {"prompt": [f"what is number {place}" for place in range(10)]}
    table = Table(columns, range(1, 11), layout="CSV", counted="row", file_name="ten.csv")
    add(lab.store, lab.settings.data_dir, sift(table, Mapping("prompt")), name="ten")
    app = app.switch_page("pages/label.py").run()
    app.text_input(key="join_name").set_value("Mira")
    button(app, "Begin").click().run()
    app.session_state[places.VIEW] = places.DUELS
    app.session_state["generate"] = True
    app.run()
    return use(app, "ten")


def choose(app: AppTest, key: str, option: str) -> AppTest:
    app.selectbox(key=key).select(option).run()
    assert not app.exception
    return app


def use(app: AppTest, dataset: str) -> AppTest:
    """Take the prompts of a dataset; of recent events with an empty name."""
    return choose(app, "g_source", datasets.find(resources.lab().store, dataset).id if dataset else "")


def started(app: AppTest, label: str = "Start") -> AppTest:
    """Press, wait until the job has ended, and draw the page anew."""
    button(app, label).click().run()
    assert not app.exception
    lab = resources.lab()
    for job in lab.jobs.recent(kind="generate"):
        assert lab.jobs.wait(job.id, WAIT_S).state not in ("queued", "running")
    app.run()
    assert not app.exception
    return app


def test_what_will_happen_is_said_before_it_does(page):
    assert (
        "All 10 prompts of ten; 20 answers by professor and zoomer. The mock answers for both, which makes duels about "
        "the mock only." in shown(page)
    )
    page.number_input(key="g_n").set_value(4).run()
    assert "4 of 10 prompts of ten, drawn at random; 8 answers" in shown(page)
    page.segmented_control(key="g_rule").set_value("hardest").run()
    assert "4 of 10 prompts of ten: 2 at random, the 2 hardest of the rest; 8 answers" in shown(page)
    assert "ratings are made on those alone" in shown(page)
    page.segmented_control(key="g_rule").set_value("all").run()
    assert "All 10 prompts of ten; 20 answers" in shown(page)
    assert batches.listed(resources.lab().store, "bulk") == []


def test_the_system_prompt_is_the_first_experts_until_it_is_written_anew(page):
    config = resources.lab().routers.live().version.config
    assert page.text_area(key="g_system-professor").value == config.expert("professor").system_prompt
    choose(page, "g_first", "zoomer")
    assert page.text_area(key="g_system-zoomer").value == config.expert("zoomer").system_prompt


def test_a_batch_is_started_once_listed_and_opened(page):
    page.text_area(key="g_system-professor").set_value("Be brief.").run()
    page.number_input(key="g_tokens").set_value(77).run()
    page.number_input(key="g_wished").set_value(2).run()
    started(page)
    listed = table(page, "answered")
    assert listed["batch"] == ["ten: professor against zoomer"]
    assert [listed[name][0] for name in ("state", "asked", "answered", "failed", "equal", "duels")] == [
        "done", 20, 20, 0, 0, 10,
    ]  # fmt: skip
    assert "20 of 20 answers, 10 duels, 20 by the mock. All 10 prompts, seed 0." in shown(page)
    assert not [label for label in labels(page) if label.startswith(("Resume", "Retry"))]
    made = duels.recent(resources.lab().store)
    assert {(duel.system_prompt, duel.wished, duel.rule, duel.probability) for duel in made} == {
        ("Be brief.", 2, "random", 1.0)
    }


def test_a_press_takes_what_was_typed_right_before_it(page):
    page.text_area(key="g_system-professor").set_value("Typed last.")
    started(page)
    assert {duel.system_prompt for duel in duels.recent(resources.lab().store)} == {"Typed last."}


def test_a_press_on_a_request_that_cannot_be_is_forgotten(page, monkeypatch):
    def refuse(_):
        raise DuelError("That cannot be asked for.")

    with monkeypatch.context() as patch:
        patch.setattr(drawn, "checked", refuse)
        page = button(page, "Start").click().run()
        assert "That cannot be asked for." in shown(page)
    page.run()
    assert batches.listed(resources.lab().store, "bulk") == []


def test_the_same_press_twice_is_one_batch(page):
    lab = resources.lab()
    press = button(page, "Start")
    started(page)
    batch_id = press.key.removeprefix("generate-")
    [batch] = batches.listed(lab.store, "bulk")
    assert batch.id == batch_id
    request, *_ = from_json(batch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn.st, "session_state", {})
        patch.setattr(drawn.batches.st, "session_state", {})
        patch.setattr(drawn.notices, "tell", lambda _: None)
        drawn._start(request, batch_id)
    for job in lab.jobs.recent(kind="generate"):
        lab.jobs.wait(job.id, WAIT_S)
    assert len(batches.listed(lab.store, "bulk")) == 1
    assert len(duels.recent(lab.store)) == 10


def test_what_failed_is_listed_and_asked_for_again(page):
    mock = resources.lab().exchange.providers["mock"]
    mock.replies = {"what is number 3": "  "}
    started(page)
    told = table(page, "what happened")
    assert told["prompt"] == ["what is number 3"] * 2
    assert told["expert"] == ["professor", "zoomer"]
    assert set(told["fault"]) == {"empty answer"}
    assert "The mock was given an empty reply" in told["what happened"][0]
    assert "18 of 20 answers, 9 duels, 2 failed, 18 by the mock." in shown(page)
    mock.replies = None
    started(page, "Retry 2 failed")
    assert "20 of 20 answers, 10 duels, 20 by the mock." in shown(page)
    assert not [one for one in page.dataframe if "what happened" in one.value]


def test_an_interrupted_batch_says_so_and_is_resumed(page, monkeypatch):
    lab = resources.lab()
    record = lab.exchange.outbox.save
    count = [0]

    def full_after_a_while(write):
        count[0] += 1
        if count[0] > 15:
            raise StoreError("The disk is full.")
        return record(write)

    monkeypatch.setattr(lab.exchange.outbox, "save", full_after_a_while)
    page.number_input(key="g_in_flight").set_value(1).run()
    started(page)
    [job] = lab.jobs.recent(kind="generate")
    assert (job.state, job.error) == ("failed", "The disk is full.")
    assert table(page, "answered")["state"] == ["failed"]
    assert "It was not asked: the work was stopped before." in table(page, "what happened")["what happened"][0]
    monkeypatch.setattr(lab.exchange.outbox, "save", record)
    started(page, "Resume")
    assert "20 of 20 answers, 10 duels" in shown(page)


def test_one_expert_at_two_settings(page):
    choose(page, "g_second", "professor")
    assert "Both sides are alike: their answers differ by chance alone" in shown(page)
    page.number_input(key="g_second-degrees-professor").set_value(1.5).run()
    assert "answers by professor and professor, temperature 1.5." in shown(page)
    page.text_input(key="g_first-model-professor").set_value("qwen").run()
    page.number_input(key="g_second-tokens").set_value(9).run()
    assert "by professor, model qwen and professor, temperature 1.5, max tokens 9." in shown(page)


def test_recent_events_are_a_source_and_none_is_said(page):
    use(page, "")
    assert "There is no prompt here yet." in shown(page)
    assert "Start" not in labels(page)
    for prompt in ("lol what", "lol what", "why is the sky blue"):
        resources.lab().exchange.route(prompt, source="page")
    page.run()
    assert "All 2 prompts of recent events; 4 answers" in shown(page)


def test_what_cannot_be_asked_for_is_a_sentence(page, monkeypatch):
    def refusing(*_, **__):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(resources.lab().jobs, "start", refusing)
    button(page, "Start").click().run()
    assert "Nothing was started. The disk is full." in shown(page)
    monkeypatch.setattr(drawn, "prompts_of", refusing)
    page.run()
    assert not page.exception
    assert "The disk is full." in shown(page)


def test_names_that_steer_are_shown_letter_by_letter(page):
    lab = resources.lab()
    table_ = Table({"prompt": ["hi there"]}, range(1, 2), layout="CSV", counted="row", file_name="x.csv")
    add(lab.store, lab.settings.data_dir, sift(table_, Mapping("prompt")), name="[x](http://h) :material/home:")
    page.run()
    use(page, "[x](http://h) :material/home:")
    started(page)
    assert "[x](http" not in "\n".join(one.value for one in [*page.markdown, *page.warning])
