"""The Route page as Streamlit runs it: what is drawn for each state, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from screen import shown
from streamlit.testing.v1 import AppTest

from lab.errors import StoreError
from lab.store import events, labels
from lab.types import NONE
from lab.ui import corrections, resources

RUN_S = 60


def press(app, label):
    return next(button for button in app.button if button.label == label).click()


def settle(app):
    """Run until the answers have ended and the page has drawn them."""
    for answer in resources.lab().exchange.asked(app.query_params["event"]):
        assert answer.wait(RUN_S)
    return app.run()


def route(app, prompt):
    app.text_area[0].input(prompt)
    press(app, "Route").run()
    return settle(app)


def test_the_first_run_teaches_and_says_who_will_answer(app):
    app.run()
    assert not app.exception
    assert "Where would your prompt go?" in shown(app)
    assert "The mock answers, because Ollama does not." in shown(app).replace("\\", "")
    assert "Nothing yet." in shown(app)


def test_at_least_six_examples_show_different_cases(app):
    from lab.ui.examples import EXAMPLES

    app.run()
    labels = {button.label for button in app.button}
    assert len(EXAMPLES) >= 6
    assert set(EXAMPLES) <= labels


def test_a_routed_prompt_shows_decision_stages_evidence_and_answer(app):
    route(app.run(), "yo bro can you explain quantum tunnelling no cap")
    assert not app.exception
    assert [metric.label for metric in app.metric][:2] == ["overhead, of 50 ms", "keyword"]
    assert "**Why.** Layer 1 matched" in shown(app)
    assert "answers" in shown(app)
    assert "mock" in shown(app)
    [event] = events.recent(resources.lab().store)
    assert event.decision.prompt == "yo bro can you explain quantum tunnelling no cap"


def test_the_address_reopens_an_event(app):
    route(app.run(), "tell me a joke")
    event_id = app.query_params["event"]
    again = AppTest.from_file(Path(__file__).parents[2] / "app.py", default_timeout=RUN_S)
    again.query_params["event"] = event_id
    again.run()
    assert again.text_area[0].value == "tell me a joke"
    assert "layer 1 matched" in shown(again)
    assert len(events.recent(resources.lab().store)) == 1


def test_an_example_routes_at_once(app):
    press(app.run(), "joke").run()
    settle(app)
    assert app.text_area[0].value == "tell me a joke about penguins"
    assert [event.decision.expert for event in events.recent(resources.lab().store)] == ["zoomer"]


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("   ", "The prompt is empty"),
        ("x" * 40_000, "The prompt has 40,000 characters; the limit is 32,000"),
        ("a\0b", "NUL character at position 1"),
    ],
)
def test_a_prompt_that_cannot_be_routed_is_a_sentence(app, prompt, sentence):
    app.run()
    app.text_area[0].input(prompt)
    press(app, "Route").run()
    assert not app.exception
    assert sentence in app.error[0].value.replace("\\", "")
    assert events.recent(resources.lab().store) == []


def test_a_database_that_refuses_is_said_and_nothing_is_lost(app, monkeypatch):
    app.run()
    record, full = events.record, [True]

    def refusing(*arguments, **named):
        if full[0]:
            raise StoreError("The disk is full.")
        return record(*arguments, **named)

    monkeypatch.setattr(events, "record", refusing)
    route(app, "tell me a joke")
    assert "This decision is not stored yet" in shown(app)
    assert "Kept in memory" in shown(app)
    full[0] = False
    press(app, "Store them now").run()
    assert "Kept in memory" not in shown(app)
    assert [event.decision.prompt for event in events.recent(resources.lab().store)] == ["tell me a joke"]


def test_what_if_is_answered_without_storing_anything(app):
    route(app.run(), "tell me a joke")
    app.query_params["what_if"] = "true"
    app.query_params["w_strategy"] = "semantic"
    app.run()
    assert not app.exception
    assert len(events.recent(resources.lab().store)) == 1


def test_a_lab_that_listens_wider_without_a_key_shows_nothing(app, monkeypatch):
    app.run()
    st._config.set_option("server.address", "0.0.0.0")
    try:
        app.run()
        assert "without an access key" in app.error[0].value
        assert len(app.text_area) == 0
        monkeypatch.setenv("LAB_ACCESS_KEY", "open sesame")
        app.run()
        app.text_input[0].input("wrong")
        press(app, "Enter").run()
        assert "not the access key" in app.error[0].value
        app.text_input[0].input("open sesame")
        press(app, "Enter").run()
        assert len(app.text_area) == 1
    finally:
        st._config.set_option("server.address", "127.0.0.1")


def test_a_lab_that_cannot_open_says_why_and_offers_to_try_again(app, monkeypatch, tmp_path):
    app.run()
    st.cache_resource.clear()
    monkeypatch.setenv("LAB_CONF_DIR", str(tmp_path / "nowhere"))
    app.run()
    assert not app.exception
    assert "holds no config" in app.error[0].value.replace("\\", "")
    monkeypatch.delenv("LAB_CONF_DIR")
    press(app, "Try again").run()
    assert len(app.text_area) == 1


def test_nobody_is_said_where_no_expert_claims(app, tmp_path, monkeypatch):
    from lab.config import CONF_DIR

    conf = tmp_path / "conf"
    import shutil

    shutil.copytree(CONF_DIR, conf)
    hybrid = conf / "router" / "hybrid.yaml"
    hybrid.write_text(
        hybrid.read_text()
        .replace("fallback: professor", f"fallback: {NONE}")
        .replace("min_margin: 0.0", "min_margin: 2.0")
    )
    monkeypatch.setenv("LAB_CONF_DIR", str(conf))
    route(app.run(), "qwxz vrrp fnord")
    assert "Nobody answers" in shown(app)


def test_what_if_opens_for_every_router_that_may_route(app, tmp_path, monkeypatch):
    import shutil

    from lab.config import CONF_DIR

    conf = tmp_path / "conf"
    shutil.copytree(CONF_DIR, conf)
    hybrid = conf / "router" / "hybrid.yaml"
    hybrid.write_text(
        hybrid.read_text().replace("top_k: 5", "top_k: 200").replace("min_margin: 0.0", "min_margin: 1.5")
    )
    monkeypatch.setenv("LAB_CONF_DIR", str(conf))
    app.query_params["what_if"] = "true"
    route(app.run(), "tell me a joke")
    assert not app.exception
    assert "what if, not live" in shown(app)


def test_the_box_follows_the_address_unless_it_was_edited(app):
    route(app.run(), "tell me a joke")
    first = app.query_params["event"]
    route(app, "what is the derivative of x^2")
    app.query_params["event"] = first
    app.run()
    assert app.text_area[0].value == "tell me a joke"


def test_a_label_is_stored_once_a_press_and_the_present_one_is_none(app):
    route(app.run(), "tell me a joke")
    event, stored = app.query_params["event"], resources.lab().store
    press(app, "professor").run()
    assert labels.of_event(stored, event).expert == "professor"
    before = len(labels.recent(stored))
    now = next(one for one in app.button if one.key == f"should-{event}-None-professor-professor")
    assert now.disabled
    target = {"event_id": event, "prompt": "tell me a joke"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lab.ui.notices.tell", lambda _: None)
        corrections._give(target, "professor", "professor", "again")
        assert len(labels.recent(stored)) == before
        corrections._give(target, "zoomer", "professor", "one press")
        corrections._give(target, "zoomer", "professor", "one press")
    assert len(labels.recent(stored)) == before + 1


def test_an_expert_name_from_a_configuration_is_shown_letter_by_letter(app, tmp_path, monkeypatch):
    import shutil

    from lab.config import CONF_DIR

    conf = tmp_path / "conf"
    shutil.copytree(CONF_DIR, conf)
    (conf / "experts" / "odd.yaml").write_text(
        "# @package experts.odd\nmodel: '[x](http://h) :material/home:'\nutterances: [hello]\n"
    )
    config = conf / "config.yaml"
    config.write_text(config.read_text().replace("[professor, zoomer]", "[professor, zoomer, odd]"))
    monkeypatch.setenv("LAB_CONF_DIR", str(conf))
    app.run()
    assert not app.exception
    assert "[x](http" not in shown(app)
    assert ":material/home:" not in shown(app)
