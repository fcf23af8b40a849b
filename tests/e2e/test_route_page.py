"""What only a browser shows of the Route page: keys, clicks, streaming, links that reopen, a killed server."""

from __future__ import annotations

import re
import sqlite3

import pytest
from playwright.sync_api import expect
from real_lab import data_folder, running_lab
from waits import SETTLED, prompt_box
from windows import wider

pytestmark = [pytest.mark.browser, pytest.mark.slow]


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "[click](javascript:alert(1)) ![p](http://127.0.0.1:9/p.png) **bold** $x^2$ :smile: :red[x]",
    "\u202eabc \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory, encoder_cache):
    """One lab for the tests that do not end it: its data folder and its address."""
    folder = data_folder(tmp_path_factory.mktemp("shared"), encoder_cache)
    with running_lab(folder) as address:
        yield folder, address


@pytest.fixture
def lab(shared):
    return shared[1]


@pytest.fixture
def events(shared):
    """Count the events in the shared lab, now minus before."""
    before = count(shared[0])
    return lambda: count(shared[0]) - before


def count(folder):
    db = sqlite3.connect(folder / "lab.db")
    try:
        return db.execute("SELECT count(*) FROM routing_event").fetchone()[0]
    finally:
        db.close()


def route(page, prompt):
    """Type a prompt, press Ctrl+Enter and wait for its decision."""
    before = page.url
    box = prompt_box(page)
    box.fill(prompt)
    box.press("Control+Enter")
    page.wait_for_url(lambda url: "event=" in url and url != before)
    expect(page.get_by_text("overhead, of 50 ms")).to_be_visible()


def test_a_prompt_typed_and_sent_by_key_is_decided_and_answered(lab, events, page):
    page.goto(lab)
    expect(page.get_by_text("Where would your prompt go?")).to_be_visible()
    route(page, "tell me a joke")
    expect(page.get_by_role("heading", name="zoomer, layer 1 matched")).to_be_visible()
    expect(page.get_by_text("zoomer answers")).to_be_visible()
    expect(page.get_by_text(re.compile(r"mock · .*total"))).to_be_visible()
    expect(page.get_by_text("mock", exact=True).first).to_be_visible()
    assert events() == 1
    assert page.troubles == []


def test_the_key_of_an_expert_labels_the_prompt_once_the_box_is_left(lab, page):
    page.goto(lab)
    expect(page.get_by_text("Where would your prompt go?")).to_be_visible()
    route(page, "tell me a joke about moss")
    expect(page.get_by_text("once you leave the prompt box with Tab")).to_be_visible()
    expect(page.get_by_role("button", name="nobody").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("1")
    expect(page.get_by_text("Labelled professor.")).to_be_visible()


def test_a_link_reopens_the_decision_on_a_fresh_page(lab, page, chromium):
    page.goto(lab)
    route(page, "yo bro can you explain quantum tunnelling no cap")
    sentence = page.get_by_role("heading", level=3).first.inner_text()
    other = chromium.new_page()
    other.goto(page.url)
    expect(other.get_by_role("heading", level=3).first).to_have_text(sentence)
    expect(other.get_by_label("Prompt", exact=True)).to_have_value("yo bro can you explain quantum tunnelling no cap")
    other.close()


def test_a_deep_link_by_the_first_visitor_of_a_process_finds_the_app(lab, page):
    page.goto(lab + "/route?event=unknown")
    expect(page.get_by_text("No event has the id")).to_be_visible()
    expect(page.get_by_text("live v1").first).to_be_visible()


def test_a_chip_pressed_twice_fast_routes_once(lab, events, page):
    page.goto(lab)
    page.get_by_role("button", name="joke", exact=True).dblclick()
    expect(page.get_by_text("overhead, of 50 ms")).to_be_visible()
    expect(page.get_by_text(re.compile(r"mock · .*total"))).to_be_visible()
    assert events() == 1


def test_an_answer_streams_and_can_be_stopped(data, page):
    with running_lab(data, "providers.mock_delay_s=0.4") as lab:
        page.goto(lab)
        route(page, "tell me a joke")
        stop = page.get_by_role("button", name="Stop")
        expect(stop).to_be_visible()
        stop.click()
        expect(page.get_by_text(re.compile("Stopped"))).to_be_visible()
        expect(page.get_by_role("button", name="Ask again")).to_be_visible()


def test_every_expert_answers_side_by_side_for_the_same_event(lab, events, page):
    page.goto(lab)
    route(page, "tell me a joke")
    page.get_by_role("button", name="Ask every expert").click()
    expect(page.get_by_text("professor answers")).to_be_visible()
    expect(page.get_by_text("zoomer answers")).to_be_visible()
    expect(page.get_by_text(re.compile(r"mock · .*total"))).to_have_count(2)
    assert events() == 1


def test_a_thumb_survives_a_reload(lab, events, page):
    page.goto(lab)
    route(page, "tell me a joke")
    expect(page.get_by_text(re.compile(r"mock · .*total"))).to_be_visible()
    page.get_by_role("radio", name="Thumbs up").click()
    expect(page.get_by_role("radio", name="Thumbs up", checked=True)).to_be_visible()
    other = page.context.new_page()  # a session of its own: only the store can know
    other.goto(page.url)
    expect(other.get_by_role("radio", name="Thumbs up", checked=True)).to_be_visible()


def test_what_if_is_not_live_and_is_in_the_address(lab, events, page):
    page.goto(lab)
    route(page, "tell me a joke")
    page.get_by_text("What if: other settings on this prompt").click()
    expect(page.get_by_text("The same outcome as above.")).to_be_visible()
    page.get_by_role("radio", name="semantic").click()
    expect(page.get_by_text("what if, not live")).to_be_visible()
    page.wait_for_url(re.compile("w_strategy=semantic"))
    assert events() == 1


def test_a_history_row_opens_its_event(lab, page):
    page.goto(lab)
    route(page, "tell me a joke")
    first = page.url
    route(page, "what is the derivative of x^2")
    page.reload()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()  # above the history, and drawn late
    expect(page.locator(SETTLED)).to_be_visible()
    table = page.get_by_test_id("stDataFrame").last
    expect(table).to_be_visible()
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 35 + 17)  # the tick box of the second row: the older event
    page.wait_for_url(re.compile(re.escape(first.split("event=")[1][:36])))
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("tell me a joke")


def test_a_hostile_prompt_is_shown_letter_by_letter_and_runs_nothing(lab, page):
    page.goto(lab)
    for prompt in HOSTILE:
        route(page, prompt)
        expect(page.get_by_text(re.compile("total")), prompt).to_be_visible()
        foreign = page.locator("img[src*='127.0.0.1:9'], img[src='x'], a[href^='javascript']")
        assert foreign.count() == 0, prompt
        assert page.troubles == [], prompt


def test_a_blank_and_an_over_long_prompt_are_sentences(lab, events, page):
    page.goto(lab)
    box = prompt_box(page)
    box.fill("   ")
    box.press("Control+Enter")
    expect(page.get_by_text("The prompt is empty.")).to_be_visible()
    box.fill("x" * 40_000)
    box.press("Control+Enter")
    expect(page.get_by_text("The prompt has 40,000 characters; the limit is 32,000.")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    assert events() == 0


def test_an_acknowledged_event_survives_a_kill(data, page):
    import os
    import signal
    import subprocess

    with running_lab(data) as lab:
        page.goto(lab)
        route(page, "tell me a joke")
        port = lab.rsplit(":", 1)[1]
        found = subprocess.run(["pgrep", "-f", f"server.port={port}"], capture_output=True, text=True, check=True)
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)
    event = page.url.split("?")[1]
    with running_lab(data) as lab:
        page.goto(f"{lab}/?{event}")
        expect(page.get_by_role("heading", name="zoomer, layer 1 matched")).to_be_visible()


def test_nothing_is_wider_than_the_window(lab, page):
    page.goto(lab)
    route(page, "what is the derivative of x^2 with a_very_long_word_" + "x" * 200)
    expect(page.get_by_text(re.compile(r"mock · .*total"))).to_be_visible()
    assert wider(page) == {}
