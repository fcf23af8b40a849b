"""From the Route page to labelling: sending two answers, and what a thumb down begins and leaves behind."""

from __future__ import annotations

import shutil

import pytest
from screen import labels, shown
from streamlit.testing.v1 import AppTest

from lab.config import CONF_DIR
from lab.errors import StoreError
from lab.preferences.duels import pairing
from lab.store import answers, duels, events
from lab.ui import resources, to_labelling
from tests.pages.conftest import APP, RUN_S
from tests.pages.test_route import press, settle


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """A configuration of its own, whose mock does not dawdle."""
    folder = tmp_path / "conf"
    shutil.copytree(CONF_DIR, folder)
    change(folder / "config.yaml", "mock_delay_s: 0.02", "mock_delay_s: 0")
    monkeypatch.setenv("LAB_CONF_DIR", str(folder))
    return folder


@pytest.fixture
def quick(app, conf):
    """The app with that mock."""
    return app.run()


def change(file, before, after):
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def ask(app, prompt="tell me a joke", *, every=False):
    app.text_area[0].input(prompt)
    press(app, "Ask every expert" if every else "Route").run()
    return settle(app)


def jobs_done(app):
    for job in resources.lab().jobs.recent(kind="duel"):
        assert resources.lab().jobs.wait(job.id, RUN_S).state in ("done", "failed", "cancelled")
    return app.run()


def thumb(app, expert, value):
    [response] = [one for one in own(app) if one.expert == expert]
    app.feedback(key=f"thumb-{response.id}").set_value(value).run()
    assert not app.exception
    return app


def own(app):
    return answers.responses(resources.lab().store, app.query_params["event"])


def made(app):
    return duels.recent(resources.lab().store, event_id=app.query_params["event"])


def test_one_answer_alone_offers_nothing(quick):
    ask(quick)
    assert "Send to labelling" not in labels(quick)


def test_several_answers_can_be_sent_and_the_other_expert_is_asked_under_one_system_prompt(quick):
    ask(quick, every=True)
    assert "professor is asked once more, under the same system prompt." in shown(quick)
    assert "a duel about the mock only" in shown(quick)
    press(quick, "Send to labelling").run()
    jobs_done(quick)
    [duel] = made(quick)
    assert (duel.origin, duel.rule, duel.probability) == ("route", "picked", None)
    assert duel.system_prompt == resources.lab().routers.live().version.config.expert("zoomer").system_prompt
    assert {duel.first.provider, duel.second.provider} == {"mock"}
    assert "in labelling" in shown(quick)
    assert "Send to labelling" not in labels(quick)
    [link] = [one for one in quick.get("page_link") if one.proto.label == "Judge it"]
    assert link.proto.page == "label"
    assert duel.id in str(link.proto)


def test_what_was_asked_for_a_duel_is_not_shown_as_the_experts_own_answer(quick):
    ask(quick, every=True)
    press(quick, "Send to labelling").run()
    jobs_done(quick)
    assert len(own(quick)) == 3
    assert len(quick.feedback) == 2


def test_a_thumb_down_asks_the_runner_up_and_makes_the_duel(quick):
    ask(quick)
    thumb(quick, "zoomer", 0)
    assert "professor is asked for a duel." in shown(quick)
    jobs_done(quick)
    [duel] = made(quick)
    assert (duel.origin, duel.rule, duel.probability) == ("thumbs_down", "picked", None)
    assert {duel.first.expert, duel.second.expert} == {"professor", "zoomer"}
    assert "professor and zoomer" in shown(quick)
    assert len(quick.feedback) == 1  # the runner-up's answer is for whoever judges blind


def test_a_thumb_up_makes_nothing(quick):
    ask(quick)
    thumb(quick, "zoomer", 1)
    jobs_done(quick)
    assert made(quick) == []
    assert resources.lab().jobs.recent(kind="duel") == []


def test_taking_the_thumb_back_leaves_the_duel_and_says_so(quick):
    ask(quick)
    thumb(quick, "zoomer", 0)
    jobs_done(quick)
    thumb(quick, "zoomer", None)
    assert "The thumb is changed. The duel that it made stays in labelling." in shown(quick)
    assert len(made(quick)) == 1
    assert "in labelling" in shown(quick)


def test_taking_the_thumb_back_stops_what_still_runs(app):
    ask(app.run())  # the mock takes its time
    thumb(app, "zoomer", 0)
    [job] = resources.lab().jobs.recent(kind="duel")
    thumb(app, "zoomer", None)
    assert resources.lab().jobs.wait(job.id, RUN_S).state in ("cancelled", "done")
    app.run()
    assert not app.exception


def test_a_thumb_down_whose_work_was_lost_offers_it_again_after_a_reload(quick, monkeypatch):
    ask(quick)
    monkeypatch.setattr(to_labelling, "disliked", lambda response: None)
    thumb(quick, "zoomer", 0)
    again = AppTest.from_file(APP, default_timeout=RUN_S)
    again.query_params["event"] = quick.query_params["event"]
    again.run()
    press(again, "Ask professor too, and judge blind").run()
    jobs_done(again)
    [duel] = made(again)
    assert duel.origin == "thumbs_down"


def test_an_answer_that_was_cut_makes_no_duel_and_the_page_says_why(app, conf):
    change(conf / "experts" / "professor.yaml", "max_tokens: 512", "max_tokens: 4")
    change(conf / "experts" / "zoomer.yaml", "max_tokens: 256", "max_tokens: 4")
    ask(app.run(), every=True)
    assert "Send to labelling" not in labels(app)
    thumb(app, "zoomer", 0)
    assert "No duel of the answer you did not like: zoomer's answer was cut at its length limit of 4 tokens." in shown(
        app
    )
    assert resources.lab().jobs.recent(kind="duel") == []


def test_an_answer_that_fails_is_said_and_can_be_asked_for_again(quick, monkeypatch):
    ask(quick)
    provider = resources.lab().exchange.providers["mock"]
    provider.replies = {"tell me a joke": "  "}
    thumb(quick, "zoomer", 0)
    jobs_done(quick)
    assert "No duel was made. The mock was given an empty reply" in shown(quick)
    provider.replies = None
    press(quick, "Ask again").run()
    jobs_done(quick)
    assert len(made(quick)) == 1
    assert "No duel was made" not in shown(quick)


def test_equal_answers_are_said(quick):
    resources.lab().exchange.providers["mock"].replies = {"tell me a joke": "Ha."}
    ask(quick, every=True)
    press(quick, "Send to labelling").run()
    jobs_done(quick)
    assert made(quick) == []
    assert "say the same, so there is nothing to judge" in shown(quick)


def test_the_same_prompt_and_answers_sent_again_are_the_same_duel(quick):
    for _ in range(2):
        ask(quick)
        ask(quick, every=True)
        press(quick, "Send to labelling").run()
        jobs_done(quick)
    sent = [duel for duel in duels.recent(resources.lab().store) if duel.origin == "route"]
    assert len(sent) == 1
    assert "The same prompt and answers were sent before" in shown(quick)
    assert "Send to labelling" not in labels(quick)


def test_a_database_that_refuses_is_said(quick, monkeypatch):
    ask(quick, every=True)

    def refusing(*_):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(resources.lab().jobs, "start", lambda *_, **__: refusing())
    press(quick, "Send to labelling").run()
    assert "No duel was made. The disk is full." in shown(quick)
    monkeypatch.setattr(pairing.answers, "responses", refusing)
    quick.run()
    assert not quick.exception
    assert "The disk is full." in shown(quick)


def test_events_of_bulk_work_are_not_in_the_history_and_show_no_answers(quick):
    lab = resources.lab()
    routed = lab.exchange.route("asked in bulk", source="bulk")
    quick.query_params["event"] = routed.event.id
    quick.run()
    assert not quick.exception
    assert "asked for in bulk, to be judged blind" in shown(quick)
    assert "Nothing yet." in shown(quick)
    assert events.recent(lab.store) != []


def test_with_three_experts_one_chooses_against_whom(app, conf):
    poet = "# @package experts.poet\nmodel: tiny\nsystem_prompt: You rhyme.\nutterances: [write me a sonnet]\n"
    (conf / "experts" / "poet.yaml").write_text(poet)
    change(conf / "config.yaml", "[professor, zoomer]", "[professor, zoomer, poet]")
    ask(app.run(), every=True)
    [choice] = [one for one in app.selectbox if one.label == "zoomer against"]
    assert choice.options == ["professor", "poet"]
    choice.select("poet").run()
    press(app, "Send to labelling").run()
    jobs_done(app)
    [duel] = made(app)
    assert {duel.first.expert, duel.second.expert} == {"poet", "zoomer"}
    assert "Send to labelling" not in labels(app)
    app.selectbox(key=choice.key).select("professor").run()
    assert "Send to labelling" in labels(app)
