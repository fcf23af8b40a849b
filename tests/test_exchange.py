"""One exchange: what is routed is stored, what is answered is stored, and each of them once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import empty_database
import pytest
from doubles import WordEncoder, two_experts

from lab.answers import CANCELLED
from lab.config import CONF_DIR, Settings
from lab.errors import BrokenStream, NotFound, PromptError, StoreError
from lab.exchange import Exchange
from lab.jobs import Jobs
from lab.live import Routers
from lab.messages import AnswerRequest, Chunk, Completion, Health, Model
from lab.providers import MockProvider, OllamaProvider, PullProgress
from lab.store import answers, events, open_store, versions
from lab.types import NONE, Layer, new_id


class Scripted:
    """A provider that does what a test says; `gate` holds it before its first chunk."""

    def __init__(self, name="ollama", models=("llama3.2:3b", "tinyllama"), pieces=("one ", "two"), fault=None):
        self.name, self._models, self.pieces, self.fault = name, models, pieces, fault
        self.requests: list[AnswerRequest] = []
        self.gate = threading.Event()
        self.gate.set()
        self.health_checks = 0

    def stream(self, request, cancelled=None) -> Iterator[Chunk | Completion]:
        self.requests.append(request)
        yield Chunk(self.pieces[0])
        while not self.gate.wait(0.01):
            if cancelled is not None and cancelled.is_set():
                return
        for piece in self.pieces[1:]:
            yield Chunk(piece)
        if self.fault:
            raise self.fault
        yield Completion(self.name, request.model, "stop", 5, len(self.pieces), 10.0, 20.0, 100.0)

    def health(self) -> Health:
        self.health_checks += 1
        return Health(True, "up", self._models)

    def models(self):
        return tuple(Model(name) for name in self._models)


@pytest.fixture
def store(tmp_path, shipped_once):
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def routers(store, tmp_path):
    made = Routers(store, Settings(tmp_path, None, 32_000, CONF_DIR, None))
    made._encoders["words"] = WordEncoder()
    versions.seed(store, two_experts(), WordEncoder.fingerprint)
    return made


@pytest.fixture
def ollama():
    return Scripted()


@pytest.fixture
def exchange(store, routers, ollama):
    return Exchange(store, routers, {"ollama": ollama, "mock": MockProvider(delay_s=0)})


def asked(exchange, routed, experts, **options):
    found = exchange.ask(routed, experts, **options)
    assert all(answer.wait(20) for answer in found)
    return found


def test_a_routed_prompt_is_an_event_with_its_version(exchange, store):
    routed = exchange.route("lol what", source="cli")
    stored = events.get(store, routed.event.id)
    assert (stored.decision.expert, stored.decision.layer, stored.source) == ("zoomer", Layer.KEYWORD, "cli")
    assert stored.router_version_id == versions.live(store).id
    assert routed.unsaved is None


def test_a_double_click_routes_once(exchange, store):
    event_id = new_id()
    first = exchange.route("lol what", source="page", event_id=event_id)
    second = exchange.route("lol what", source="page", event_id=event_id)
    assert first.event == second.event
    assert len(events.recent(store)) == 1


def test_what_is_routed_is_the_last_user_message(exchange):
    from lab.messages import Message

    before = (Message("user", "entropy"), Message("assistant", "It grows."))
    routed = exchange.route("lol ok", source="page", before=before)
    assert routed.event.decision.expert == "zoomer"
    assert [turn.content for turn in routed.event.conversation] == ["entropy", "It grows.", "lol ok"]


def test_a_prompt_that_cannot_be_routed_stores_nothing(exchange, store):
    with pytest.raises(PromptError, match="empty"):
        exchange.route("  \n", source="page")
    assert events.recent(store) == []


def test_the_explanation_of_a_reopened_event_is_by_the_version_that_decided_it(exchange, store, routers):
    routed = exchange.route("tell me something", source="page")
    reopened = exchange.reopen(routed.event.id)
    trace = exchange.explain(reopened)
    assert trace.decision == routed.event.decision
    assert max(one.score for one in trace.scores) == routed.event.decision.score


def test_an_unknown_event_is_said(exchange):
    with pytest.raises(NotFound, match="No event has the id"):
        exchange.reopen("nothing")


def test_an_answer_is_stored_with_everything_that_was_asked(exchange, store, ollama):
    routed = exchange.route("lol what", source="page")
    [answer] = asked(exchange, routed, ["zoomer"])
    [stored] = answers.responses(store, routed.event.id)
    assert stored == answer.response
    assert (stored.text, stored.provider, stored.model, stored.finish_reason) == (
        "one two",
        "ollama",
        "tinyllama",
        "stop",
    )
    assert (stored.system_prompt, stored.error_kind) == ("Chat.", None)
    assert [message.content for message in ollama.requests[0].messages] == ["Chat.", "lol what"]
    # 2 tokens, 100 ms of which 10 loading and 20 to the first: 1 token in 70 ms
    assert stored.tokens_per_s == pytest.approx(1 / 0.070)


def test_asking_twice_asks_once(exchange, store, ollama):
    routed = exchange.route("lol what", source="page")
    asked(exchange, routed, ["zoomer"])
    asked(exchange, routed, ["zoomer"])
    assert len(ollama.requests) == len(answers.responses(store, routed.event.id)) == 1
    asked(exchange, routed, ["zoomer"], attempt=1)
    assert len(answers.responses(store, routed.event.id)) == 2


def test_a_fault_is_stored_with_the_text_that_came_before_it(exchange, store, ollama):
    ollama.fault = BrokenStream("The connection was cut.", partial="one two")
    routed = exchange.route("lol what", source="page")
    asked(exchange, routed, ["zoomer"])
    [stored] = answers.responses(store, routed.event.id)
    assert (stored.text, stored.error_kind, stored.finish_reason) == ("one two", "broken_stream", None)
    assert stored.error == "The connection was cut."


def test_a_stopped_answer_keeps_what_had_arrived(exchange, store, ollama):
    ollama.gate.clear()
    routed = exchange.route("lol what", source="page")
    [answer] = exchange.ask(routed, ["zoomer"])
    for _ in range(2_000):
        if answer.text:
            break
        threading.Event().wait(0.01)
    answer.cancel()
    assert answer.wait(20)
    [stored] = answers.responses(store, routed.event.id)
    assert (stored.text, stored.error_kind) == ("one ", CANCELLED)


def test_every_expert_on_one_server_answers_in_turn(exchange, ollama):
    ollama.gate.clear()
    routed = exchange.route("lol what", source="page")
    first, second = exchange.ask(routed, ["professor", "zoomer"])
    for _ in range(2_000):
        if first.text:
            break
        threading.Event().wait(0.01)
    assert second.state == "waiting"
    ollama.gate.set()
    assert first.wait(20)
    assert second.wait(20)
    assert [request.model for request in ollama.requests] == ["llama3.2:3b", "tinyllama"]


def test_the_mock_answers_where_ollama_lacks_the_model_and_says_so(store, routers):
    exchange = Exchange(store, routers, {"ollama": Scripted(models=("llama3.2:3b",)), "mock": MockProvider(delay_s=0)})
    routed = exchange.route("lol what", source="page")
    [answer] = asked(exchange, routed, ["zoomer"])
    assert answer.response.provider == "mock"
    assert "does not have tinyllama" in answer.choice.reason
    assert answer.choice.missing_model == "tinyllama"


def test_nobody_is_an_outcome(store, tmp_path):
    routers = Routers(store, Settings(tmp_path, None, 32_000, CONF_DIR, None))
    routers._encoders["words"] = WordEncoder()
    versions.seed(store, two_experts(fallback=NONE, threshold=1.0), WordEncoder.fingerprint)
    routed = Exchange(store, routers, {"mock": MockProvider()}).route("unheard of words", source="page")
    assert (routed.event.decision.expert, routed.event.decision.layer) == (NONE, Layer.FALLBACK)


def test_health_is_asked_at_most_every_five_seconds(store, routers, ollama):
    now = [0.0]
    exchange = Exchange(store, routers, {"ollama": ollama, "mock": MockProvider()}, monotonic=lambda: now[0])
    exchange.health("ollama")
    now[0] = 4.9
    exchange.health("ollama")
    assert ollama.health_checks == 1
    now[0] = 5.1
    exchange.health("ollama")
    assert ollama.health_checks == 2


def test_no_event_is_lost_while_the_database_refuses(exchange, store, monkeypatch):
    record, down = events.record, [True]

    def refusing(*arguments, **named):
        if down[0]:
            raise StoreError("The disk is full.")
        return record(*arguments, **named)

    monkeypatch.setattr(events, "record", refusing)
    lost = exchange.route("lol one", source="page")
    assert lost.unsaved == "The disk is full. It is kept in memory and tried again."
    assert exchange.reopen(lost.event.id) == lost
    [answer] = asked(exchange, lost, ["zoomer"])
    assert answer.response.text == "one two"
    assert len(exchange.outbox) == 2
    down[0] = False
    kept = exchange.route("lol two", source="page")
    assert kept.unsaved is None
    assert len(exchange.outbox) == 0
    assert [event.decision.prompt for event in events.recent(store)] == ["lol two", "lol one"]
    assert [response.text for response in answers.responses(store, lost.event.id)] == ["one two"]


def test_a_model_is_pulled_by_a_job(store, routers):
    class Pulling(OllamaProvider):
        def health(self) -> Health:
            return Health(True, "up")

        def pull(self, model, cancelled=None):
            yield PullProgress(None, None, "pulling manifest")
            yield PullProgress(50, 100, "pulling layer")
            yield PullProgress(100, 100, "success")

    jobs = Jobs(store)
    exchange = Exchange(store, routers, {"ollama": Pulling("http://127.0.0.1:1"), "mock": MockProvider()}, jobs)
    job = jobs.wait(exchange.pull("tinyllama"), 20)
    jobs.close()
    assert (job.state, job.done, job.total, job.title) == ("done", 100, 100, "Pull tinyllama")


def test_a_provider_that_breaks_in_a_way_nobody_foresaw_is_told_and_stored(exchange, store, ollama):
    ollama.fault = ValueError("what is this")
    routed = exchange.route("lol what", source="page")
    first, second = asked(exchange, routed, ["professor", "zoomer"])
    assert first.response.error_kind == second.response.error_kind == "internal"
    stored = answers.responses(store, routed.event.id)
    assert [(one.text, one.error) for one in stored] == [
        ("one two", "The lab itself failed (ValueError): what is this")
    ] * 2


def test_odd_names_and_counts_of_a_server_do_not_stand_in_the_way_of_anything(exchange, store, ollama):
    ollama.name = "ollama"
    ollama.stream = lambda request, cancelled=None: iter(
        [Chunk("hi"), Completion("ollama", "m\0\ud800", "st\0p", 10**30, -1, None, 1.0, 2.0)]
    )
    routed = exchange.route("lol what", source="page")
    asked(exchange, routed, ["zoomer"])
    [stored] = answers.responses(store, routed.event.id)
    assert (stored.model, stored.finish_reason) == ("m\ufffd\ufffd", "st\ufffdp")
    assert (stored.prompt_tokens, stored.completion_tokens) == (None, None)
    assert exchange.route("lol again", source="page").unsaved is None


def test_a_stored_answer_is_not_asked_for_again_by_another_process(exchange, store, routers, ollama):
    routed = exchange.route("lol what", source="page")
    asked(exchange, routed, ["zoomer"])
    restarted = Exchange(store, routers, {"ollama": ollama, "mock": MockProvider(delay_s=0)})
    assert restarted.ask(restarted.reopen(routed.event.id), ["zoomer"]) == []
    assert len(ollama.requests) == 1


# ------------------------------------------------------------------------------------------------ asked as one expert


def as_written(exchange, routed, response_id="one", *, cancelled=None, again=lambda fault: False, **changes):
    expert = replace(routed.version.config.expert("zoomer"), provider="ollama", **changes)
    return exchange.answer_as(routed.event, expert, response_id, cancelled or threading.Event(), again)


def test_an_expert_is_asked_as_it_stands_whatever_the_configuration_says(exchange, store, ollama):
    exchange.routers.with_settings = None  # not asked
    routed = exchange.route("lol what", source="bulk")
    response = as_written(exchange, routed, system_prompt="Explain.", model="qwen", options={"temperature": 0.1})
    assert answers.responses(store, routed.event.id) == [response]
    assert (response.id, response.system_prompt, response.options) == ("one", "Explain.", {"temperature": 0.1})
    [request] = ollama.requests
    assert (request.model, request.messages[0].content) == ("qwen", "Explain.")


def test_an_answer_that_is_stored_is_returned_and_not_asked_for(exchange, ollama):
    routed = exchange.route("lol what", source="bulk")
    first = as_written(exchange, routed)
    assert as_written(exchange, routed) == first
    assert len(ollama.requests) == 1


def test_a_fault_is_tried_again_as_long_as_it_is_wished_and_the_last_try_is_stored(exchange, store, ollama):
    ollama.fault, told = BrokenStream("The connection was cut.", partial="one two"), []

    def again(fault):
        told.append(fault.kind)
        return len(told) < 3

    routed = exchange.route("lol what", source="bulk")
    response = as_written(exchange, routed, again=again)
    assert told == ["broken_stream"] * 3
    assert len(ollama.requests) == 3
    assert answers.responses(store, routed.event.id) == [response]
    assert (response.error_kind, response.text) == ("broken_stream", "one two")


def test_a_stopped_answer_is_not_stored_and_can_be_asked_for_later(exchange, store, ollama):
    ollama.gate.clear()
    routed, cancelled = exchange.route("lol what", source="bulk"), threading.Event()
    cancelled.set()
    assert as_written(exchange, routed, cancelled=cancelled) is None
    assert answers.responses(store, routed.event.id) == []
    ollama.gate.set()
    assert as_written(exchange, routed).text == "one two"


def test_one_that_is_stopped_between_two_tries_is_no_failure(exchange, store, ollama):
    ollama.fault, cancelled = BrokenStream("cut"), threading.Event()

    def again(fault):
        cancelled.set()
        return False

    routed = exchange.route("lol what", source="bulk")
    assert as_written(exchange, routed, cancelled=cancelled, again=again) is None
    assert answers.responses(store, routed.event.id) == []


def test_a_database_that_refuses_such_an_answer_is_raised_and_the_answer_is_kept(exchange, store, monkeypatch):
    record, full = answers.record_response, [True]

    def refusing(*arguments):
        if full[0]:
            raise StoreError("The disk is full.")
        return record(*arguments)

    monkeypatch.setattr(answers, "record_response", refusing)
    routed = exchange.route("lol what", source="bulk")
    with pytest.raises(StoreError, match="kept in memory"):
        as_written(exchange, routed)
    full[0] = False
    exchange.outbox.retry()
    assert [one.id for one in answers.responses(store, routed.event.id)] == ["one"]


def test_evidence_of_other_vectors_is_refused(exchange, store, routers):
    from lab.errors import EncoderUnavailable

    routed = exchange.route("tell me something", source="page")
    other = WordEncoder()
    other.fingerprint = "words-2"
    routers._encoders["words"] = other
    with pytest.raises(EncoderUnavailable, match="words-1, and this is words-2"):
        exchange.explain(exchange.reopen(routed.event.id))


def test_who_answers_is_a_setting_that_a_stored_version_does_not_freeze(store, tmp_path):
    overrides = ["experts.zoomer.provider=mock", "experts.zoomer.options.temperature=0.123"]
    routers = Routers(store, Settings(tmp_path, None, 32_000, CONF_DIR, None), overrides)
    routers._encoders["words"] = routers._encoders["all-MiniLM-L6-v2"] = WordEncoder()
    version = versions.seed(store, two_experts(), WordEncoder.fingerprint)
    zoomer = routers.with_settings(version.config.expert("zoomer"))
    assert (zoomer.provider, zoomer.options["temperature"]) == ("mock", 0.123)
    assert zoomer.patterns == ("lol",)
