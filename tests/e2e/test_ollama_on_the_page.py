"""An Ollama behind the page: it answers, lacks a model, pulls it, breaks in the middle, goes away."""

from __future__ import annotations

import json
import re
import threading

import pytest
from playwright.sync_api import expect
from providers.scripted_server import Act, Reply, ScriptedServer
from real_lab import data_folder, running_lab
from waits import prompt_box

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALL = ("llama3.2:3b", "tinyllama:latest")


def lines(*records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def tags(*names) -> Reply:
    models = [{"name": name, "model": name, "size": 1, "digest": "d", "details": {}} for name in names]
    return Reply((json.dumps({"models": models}).encode(),), headers={"Content-Type": "application/json"})


def said(text, **more):
    return {"model": "tinyllama", "message": {"role": "assistant", "content": text}, "done": False, **more}


END = said(
    "", done=True, done_reason="stop", load_duration=1_500_000_000, eval_count=40, prompt_eval_count=9,
    total_duration=3_000_000_000,
)  # fmt: skip


FAULTS = {
    "cut": (Reply((lines(said("half an ")), Act.CUT)), "half an"),
    "500": (Reply((b'{"error": "model runner has crashed"}',), status=500), "model runner has crashed"),
    "empty": (Reply((lines(END),)), "without any text"),
    "429": (Reply((b"slow down",), status=429, headers={"Retry-After": "7"}), "7 s"),
}
STALL = (Reply((lines(said("half an ")), Act.HOLD)), "half an")


@pytest.fixture(scope="module")
def behind(tmp_path_factory, encoder_cache):
    """One Ollama with both models, and one lab in front of it."""
    with ScriptedServer() as server:
        server.on("/api/tags", tags(*ALL))
        folder = data_folder(tmp_path_factory.mktemp("ollama"), encoder_cache)
        with running_lab(folder, f"providers.ollama_url={server.url}") as address:
            yield server, address


@pytest.fixture
def ollama(behind):
    """That Ollama, without answers of another test."""
    behind[0].forget("/api/chat")
    return behind[0]


@pytest.fixture
def lab(behind):
    return behind[1]


def ask(page, prompt="tell me a joke"):
    box = prompt_box(page)
    box.fill(prompt)
    box.press("Control+Enter")


def says(page, sentence, name):
    """The page says what went wrong, offers a way out, and another prompt is routed."""
    expect(page.get_by_role("button", name="Ask again"), name).to_be_visible()
    expect(page.get_by_text(re.compile(sentence)).first, name).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0, name
    page.get_by_role("button", name="code", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^professor")), name).not_to_have_count(0)


def test_an_answer_of_ollama_streams_with_its_times_and_model(lab, ollama, page):
    go_on = threading.Event()
    ollama.on("/api/chat", Reply((lines(said("Why did ")), go_on, lines(said("the penguin …"), END))))
    page.goto(lab)
    ask(page)
    expect(page.get_by_text("Why did")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    go_on.set()
    expect(page.get_by_text("Why did the penguin …")).to_be_visible()
    expect(page.get_by_text(re.compile(r"tinyllama · loaded in 1\.5 s · first token .* · total"))).to_be_visible()
    expect(page.get_by_text("zoomer: ollama, tinyllama").first).to_be_visible()
    sent = next(one.body for one in ollama.received if one.path == "/api/chat")
    assert sent["messages"][-1] == {"role": "user", "content": "tell me a joke"}
    assert sent["messages"][0]["role"] == "system"


def test_a_fault_is_a_sentence_with_a_way_out_and_the_page_stays_usable(lab, ollama, page):
    for name, (reply, sentence) in FAULTS.items():
        ollama.forget("/api/chat")
        ollama.on("/api/chat", reply)
        page.goto(lab)
        ask(page)
        says(page, sentence, name)


def test_a_stall_is_a_sentence_with_a_way_out_and_the_page_stays_usable(data, ollama, page):
    reply, sentence = STALL
    ollama.on("/api/chat", reply)
    with running_lab(data, f"providers.ollama_url={ollama.url}", "providers.stall_timeout_s=2") as lab:
        page.goto(lab)
        ask(page)
        says(page, sentence, "stall")


def test_raw_markup_and_remote_pictures_in_an_answer_are_not_rendered(lab, ollama, page):
    answer = "<script>alert(1)</script><img src=x onerror=alert(2)> ![p](http://127.0.0.1:9/p.png) <b>bold</b> done"
    ollama.on("/api/chat", Reply((lines(said(answer), END),)))
    page.goto(lab)
    ask(page)
    expect(page.get_by_text(re.compile("done$")).first).to_be_visible()
    assert page.locator("img[src*='127.0.0.1:9'], img[src='x']").count() == 0
    assert page.troubles == []


def test_a_missing_model_can_be_pulled_on_the_page_and_an_ollama_that_goes_away_is_said(data, page):
    pulling = threading.Event()
    layer = {"status": "pulling aa", "digest": "sha256:aa", "total": 100}
    with ScriptedServer() as ollama:
        ollama.on("/api/tags", tags("llama3.2:3b"))
        ollama.on("/api/pull", Reply((lines(layer | {"completed": 40}), pulling, lines({"status": "success"}))))
        ollama.on("/api/chat", Reply((lines(said("hello there"), END),)))
        with running_lab(data, f"providers.ollama_url={ollama.url}") as lab:
            page.goto(lab)
            expect(page.get_by_text("does not have tinyllama")).to_be_visible()
            page.get_by_role("button", name="Pull tinyllama").click()
            expect(page.get_by_text(re.compile(r"Pull tinyllama: .*40%"))).to_be_visible()
            ollama.forget("/api/tags")
            ollama.on("/api/tags", tags(*ALL))
            pulling.set()
            expect(page.get_by_text("Pull tinyllama: done.")).to_be_visible()

            ask(page)
            expect(page.get_by_text("hello there").first).to_be_visible()
            ollama._http.shutdown()
            ollama._http.server_close()
            page.get_by_role("button", name="Ask every expert").click()
            expect(page.get_by_text(re.compile("does not answer|^mock$")).first).to_be_visible()
            assert page.get_by_test_id("stException").count() == 0
