"""Duels in bulk: asked of a real server on loopback, whatever it does, stored once, resumed and retried."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from bulk_case import BATCH, HURRIED, Bulk, opened
from flaky_server import FlakyServer

from lab.errors import DuelError, NotFound, StoreError
from lab.forensics.evidence import Evidence
from lab.forensics.hardest import hardness
from lab.messages import Chunk, Completion, Health, Message
from lab.preferences.duels import generating, lanes
from lab.preferences.duels.asking import Patience
from lab.preferences.duels.request import Settings, Source, contenders
from lab.preferences.duels.sampling import Sampling
from lab.preferences.duels.standing import failures, standing
from lab.store import answers, batches, duels, events
from lab.types import new_id

WAIT_S = 60


@pytest.fixture
def server():
    with FlakyServer() as one:
        yield one


@pytest.fixture
def bulk(tmp_path, server):
    with opened(tmp_path, server.url) as one:
        yield one


def prompts(n: int) -> list[str]:
    return [f"what is number {place}" for place in range(n)]


def generated(bulk: Bulk, dataset_id: str, sampling: Sampling | None = None, **changes: object):
    """Run a batch to its end and return the job and how the batch stands."""
    request = bulk.request(dataset_id, sampling, **changes)
    return ended(bulk, generating.begin(bulk.jobs, bulk.exchange, BATCH, request, patience=HURRIED))


def ended(bulk: Bulk, job_id: str):
    job = bulk.jobs.wait(job_id, WAIT_S)
    assert job.state not in ("queued", "running")
    return job, stands(bulk)


def stands(bulk: Bulk):
    return standing(bulk.store, batches.get(bulk.store, BATCH))


def failed(bulk: Bulk):
    batch = batches.get(bulk.store, BATCH)
    return list(failures(standing(bulk.store, batch), batch.report))


def all_duels(bulk: Bulk):
    return duels.recent(bulk.store, 10_000, batch_id=BATCH)


def resumed(bulk: Bulk, **how: object):
    return ended(bulk, generating.resume(bulk.jobs, bulk.exchange, BATCH, patience=HURRIED, **how))


# ----------------------------------------------------------------------------------------------------------- what comes


def test_a_duel_holds_both_answers_under_one_system_prompt_and_how_it_was_drawn(bulk, server):
    job, found = generated(bulk, bulk.dataset(prompts(8)), Sampling("random", 4, seed=1), wished=2)
    assert (job.state, job.done, job.total, job.note) == ("done", 8, 8, "8 answered, 0 failed")
    assert (found.asked, found.answered, found.failed, found.duels, found.size) == (8, 8, 0, 4, 8)
    assert len(all_duels(bulk)) == 4
    for duel in all_duels(bulk):
        prompt = duel.conversation[-1].content
        assert {(side.expert, side.text) for side in (duel.first, duel.second)} == {
            ("professor", f"llama3.2:3b says {prompt}"),
            ("zoomer", f"tinyllama says {prompt}"),
        }
        assert (duel.system_prompt, duel.origin, duel.rule, duel.probability) == ("Explain.", "bulk", "random", 0.5)
        assert (duel.batch_id, duel.wished, duel.query_type) == (BATCH, 2, f"kind {int(prompt.split()[-1]) % 2}")
        assert 0 < duel.hardness < 1
    assert all(request["messages"][0] == {"role": "system", "content": "Explain."} for request in server.requests)
    assert {request["max_tokens"] for request in server.requests} == {400}


def test_every_prompt_is_an_event_of_bulk_work_which_is_no_traffic(bulk):
    generated(bulk, bulk.dataset(prompts(3)))
    found = events.recent(bulk.store)
    assert sorted(event.decision.prompt for event in found) == sorted(prompts(3))
    assert {event.source for event in found} == {"bulk"}
    assert events.recent(bulk.store, without=("bulk",)) == []
    assert {duel.event_id for duel in all_duels(bulk)} == {event.id for event in found}
    assert all(len(answers.responses(bulk.store, event.id)) == 2 for event in found)
    assert answers.times_by_expert(bulk.store) == {}


def test_the_hardest_prompts_come_with_random_ones_and_say_which_they_are(bulk):
    generated(bulk, bulk.dataset(prompts(30)), Sampling("hardest", 10, seed=2))
    made = all_duels(bulk)
    assert Counter(duel.rule for duel in made) == Counter(random=3, hardest=7)
    assert {duel.probability for duel in made if duel.rule == "random"} == {0.1}
    live = bulk.routers.live()
    every = hardness(Evidence(prompts(30), live.encoder), live.version.config, np.arange(30))
    hard_of = dict(zip(prompts(30), every.tolist(), strict=True))
    assert all(duel.hardness == pytest.approx(hard_of[duel.conversation[-1].content]) for duel in made)
    rest = hard_of.keys() - {duel.conversation[-1].content for duel in made}
    assert min(duel.hardness for duel in made if duel.rule == "hardest") >= max(hard_of[prompt] for prompt in rest)
    assert all(0 < duel.probability < 1 for duel in made if duel.rule == "hardest")


def test_events_are_asked_about_with_the_turns_before_them_and_each_conversation_once(bulk, server):
    before = (Message("user", "entropy"), Message("assistant", "It grows."))
    for _ in range(2):
        bulk.exchange.route("and then?", source="page", before=before)
    bulk.exchange.route("lol ok", source="page")
    bulk.exchange.route("not this one", source="bulk")
    generated(bulk, "", source=Source("events", limit=10))
    made = {duel.conversation[-1].content: duel for duel in all_duels(bulk)}
    assert made.keys() == {"and then?", "lol ok"}
    assert made["and then?"].conversation == (*before, Message("user", "and then?"))
    [asked] = [one for one in server.requests if one["model"] == "tinyllama" and len(one["messages"]) > 2]
    assert [message["role"] for message in asked["messages"]] == ["system", "user", "assistant", "user"]


def test_one_expert_at_two_settings_is_told_apart(bulk, server):
    zoomer = bulk.routers.live().version.config.expert("zoomer")
    settings = (Settings(temperature=0.0), Settings(model="qwen", temperature=1.0, max_tokens=50))
    sides = contenders(bulk.exchange, (zoomer, zoomer), settings, 400)
    generated(bulk, bulk.dataset(prompts(2)), sides=sides)
    [duel, _] = all_duels(bulk)
    names = {"zoomer, temperature 0.0", "zoomer, model qwen, temperature 1.0, max tokens 50"}
    assert {duel.first.expert, duel.second.expert} == names
    sent = {(one["model"], one["temperature"], one["max_tokens"]) for one in server.requests}
    assert sent == {("tinyllama", 0.0, 400), ("qwen", 1.0, 50)}


def test_equal_answers_make_no_duel_and_are_counted(bulk):
    zoomer = bulk.routers.live().version.config.expert("zoomer")
    sides = contenders(bulk.exchange, (zoomer, zoomer), (Settings(), Settings()), 400)
    assert [side.name for side in sides] == ["zoomer", "zoomer, again"]
    job, found = generated(bulk, bulk.dataset(prompts(3)), sides=sides)
    assert (job.state, found.answered, len(found.equal), found.duels) == ("done", 6, 3, 0)
    assert all_duels(bulk) == []
    assert batches.get(bulk.store, BATCH).report["equal"] == 3


def test_mock_answers_make_duels_that_say_so(bulk):
    request = bulk.request(bulk.dataset(prompts(2)))
    sides = tuple(replace(side, provider="mock") for side in request.sides)
    _, found = generated(bulk, request.source.dataset_id, sides=sides)
    assert (found.answered, found.mock) == (4, 4)
    assert {side.provider for duel in all_duels(bulk) for side in (duel.first, duel.second)} == {"mock"}


# ------------------------------------------------------------------------------------------------- what does not come


def test_a_server_that_fails_and_stalls_leaves_nothing_out(bulk, server):
    server.fails, server.stalls = 0.2, 0.05
    server.refusing = {"what is number 3": "500", "what is number 5": "length", "what is number 7": "empty"}
    job, found = generated(bulk, bulk.dataset(prompts(40)))
    told = failed(bulk)
    assert (job.state, found.answered + len(told)) == ("done", 80)
    assert {(one.kind, found.items[one.place].key) for one in told} >= {
        ("server_fault", 3),
        ("truncated", 5),
        ("empty_answer", 7),
    }
    assert min(server.faults[fault] for fault in ("500", "429", "reset", "cut", "stall")) > 0
    assert len(all_duels(bulk)) == found.duels == len(found.pairs())
    assert batches.get(bulk.store, BATCH).report["retried"] > 10


def test_a_fault_is_listed_with_prompt_expert_kind_and_sentence(bulk, server):
    server.refusing = {"what is number 1": "500"}
    generated(bulk, bulk.dataset(prompts(2)))
    told = failed(bulk)
    assert [(one.expert, one.kind, one.attempts) for one in told] == [
        ("professor", "server_fault", 1),
        ("zoomer", "server_fault", 1),
    ]
    assert "failed (500): no luck." in told[0].sentence
    assert len(server.asked) == 2 + 2 * 4  # three retries each


def test_only_what_failed_is_asked_for_again(bulk, server):
    server.refusing = {"what is number 1": "400"}
    generated(bulk, bulk.dataset(prompts(3)))
    assert len(server.asked) == 6  # a request that is refused as such is not repeated
    server.refusing, server.asked[:] = {}, []
    job, found = resumed(bulk)
    assert (server.asked, found.failed) == ([], 2)
    job, found = resumed(bulk, again=True)
    assert Counter(server.asked) == Counter([("what is number 1", "llama3.2:3b"), ("what is number 1", "tinyllama")])
    assert (job.state, found.answered, found.failed, found.duels) == ("done", 6, 0, 3)
    assert len(all_duels(bulk)) == 3


def test_a_model_that_is_missing_is_not_asked_for_a_thousand_times(bulk, server):
    server.refusing = dict.fromkeys(prompts(60), "404")
    job, _ = generated(bulk, bulk.dataset(prompts(60)))
    assert job.state == "failed"
    assert job.error.startswith("0 answered, 120 failed: ")
    assert "does not have the model" in job.error
    assert len(server.asked) < 30
    kinds = Counter(one.kind for one in failed(bulk))
    assert kinds["model_not_found"] + kinds["not_asked"] == 120
    assert all("does not have the model" in one.sentence for one in failed(bulk))


def test_a_server_that_goes_away_half_way_ends_the_work_and_what_is_left_can_be_asked_for(tmp_path):
    with FlakyServer(delay_s=0.02) as server, opened(tmp_path, server.url) as bulk:
        server.reach = 20
        threading.Thread(target=lambda: (server.reached.wait(WAIT_S), server.stop()), daemon=True).start()
        job, found = generated(bulk, bulk.dataset(prompts(100)), in_flight=4)
        assert job.state == "failed"
        assert "does not answer at" in job.error
        assert 0 < found.answered < 40
        assert found.answered + len(failed(bulk)) == 200
        assert {one.kind for one in failed(bulk)} <= {"unavailable", "broken_stream", "not_asked"}
        was = {key: reply.response_id for key, reply in found.replies.items() if reply.kind is None}
    with FlakyServer() as server, opened(tmp_path, server.url) as bulk:
        job, found = resumed(bulk, again=True)
        assert (job.state, found.answered, found.duels) == ("done", 200, 100)
        assert len(server.asked) == 200 - len(was)
        assert all(found.replies[key].response_id == response_id for key, response_id in was.items())


def test_a_prompt_that_cannot_be_routed_is_listed(bulk, monkeypatch):
    from lab.errors import PromptError

    route = bulk.exchange.route

    def refusing(prompt, **named):
        if prompt.endswith("1"):
            raise PromptError("The prompt is too long.")
        return route(prompt, **named)

    monkeypatch.setattr(bulk.exchange, "route", refusing)
    _, found = generated(bulk, bulk.dataset(prompts(3)))
    assert (found.answered, found.duels) == (4, 2)
    assert [(one.kind, one.sentence) for one in failed(bulk)] == [("prompt", "The prompt is too long.")] * 2


def test_a_database_that_refuses_ends_the_work_and_is_said(bulk, monkeypatch):
    record, refusing = answers.record_response, threading.Event()

    def full(store, response):
        if refusing.is_set():
            raise StoreError("The disk is full.")
        return record(store, response)

    monkeypatch.setattr(answers, "record_response", full)
    refusing.set()
    job, _ = generated(bulk, bulk.dataset(prompts(10)))
    assert (job.state, job.error) == ("failed", "The disk is full. It is kept in memory and tried again.")
    refusing.clear()
    bulk.exchange.outbox.retry()
    job, found = resumed(bulk)
    assert (job.state, found.answered) == ("done", 20)


# ------------------------------------------------------------------------------------------------- stop and go on


def test_cancelling_ends_at_once_and_resuming_asks_for_the_rest_alone(bulk, server):
    server.delay_s = 0.05
    server.reach = 30
    request = bulk.request(bulk.dataset(prompts(100)))
    job_id = generating.begin(bulk.jobs, bulk.exchange, BATCH, request, patience=HURRIED)
    assert server.reached.wait(WAIT_S)
    bulk.jobs.cancel(job_id)
    job, found = ended(bulk, job_id)
    assert job.state == "cancelled"
    assert 0 < found.answered < 100
    assert found.failed == 0  # one that was stopped is not stored as a failure
    assert {one.sentence for one in failed(bulk)} == {"It was not asked: the work was stopped before. Resume it."}
    assert len(all_duels(bulk)) == found.duels
    stored = {(found.items[place].key, found.request.sides[side].model) for place, side in found.replies}
    server.delay_s, server.asked[:] = 0, []
    job, found = resumed(bulk)
    assert (job.state, found.answered, found.duels) == ("done", 200, 100)
    asked_again = {(int(prompt.split()[-1]), model) for prompt, model in server.asked} & stored
    assert asked_again == set()


def test_beginning_twice_asks_once(bulk, server):
    request = bulk.request(bulk.dataset(prompts(4)))
    for _ in range(2):
        ended(bulk, generating.begin(bulk.jobs, bulk.exchange, BATCH, request, patience=HURRIED))
    assert len(server.asked) == 8
    assert len(batches.listed(bulk.store)) == 1


def test_cancelling_a_retry_wait_does_not_wait(bulk, server):
    server.refusing = dict.fromkeys(prompts(4), "500")
    request = bulk.request(bulk.dataset(prompts(4)))
    patience = Patience(pause_s=600)
    server.reach = 8
    job_id = generating.begin(bulk.jobs, bulk.exchange, BATCH, request, patience=patience)
    assert server.reached.wait(WAIT_S)
    bulk.jobs.cancel(job_id)
    job, found = ended(bulk, job_id)
    assert (job.state, found.failed) == ("cancelled", 0)


# ------------------------------------------------------------------------------------------------------------- lanes


class OneModel:
    """An Ollama that notes which model it is asked for, and how many requests it has at a time."""

    name = "ollama"

    def __init__(self) -> None:
        self.models_asked: list[str] = []
        self.now = self.most = 0

    def stream(self, request, cancelled=None):
        self.now += 1
        self.most = max(self.most, self.now)
        self.models_asked.append(request.model)
        yield Chunk(f"{request.model}: {request.messages[-1].content}")
        self.now -= 1
        yield Completion("ollama", request.model, "stop", 1, 1, 1.0, 1.0, 2.0)

    def health(self):
        return Health(True, "up", ("llama3.2:3b", "tinyllama"))

    def models(self):
        return ()


def on_ollama(bulk: Bulk, request):
    bulk.exchange.providers["ollama"] = OneModel()
    return replace(request, sides=tuple(replace(side, provider="ollama") for side in request.sides))


def test_where_the_server_holds_one_model_all_prompts_go_to_one_and_then_to_the_other(bulk):
    request = on_ollama(bulk, bulk.request(bulk.dataset(prompts(5))))
    ended(bulk, generating.begin(bulk.jobs, bulk.exchange, BATCH, request, patience=HURRIED))
    ollama = bulk.exchange.providers["ollama"]
    assert ollama.models_asked == ["llama3.2:3b"] * 5 + ["tinyllama"] * 5
    assert ollama.most == 1


def test_two_settings_of_one_model_answer_prompt_by_prompt():
    sides = [replace_model("same"), replace_model("same")]
    tasks = [lanes.Task(place, side, 0) for place in range(3) for side in (0, 1)]
    [lane] = lanes.lanes(tasks, sides, 8, Patience(), threading.Event())
    assert list(lane.waiting) == tasks
    assert lane.width == 1


def replace_model(model: str, provider: str = "ollama"):
    from lab.preferences.duels.request import Contender

    return Contender(model, model, model, provider, {})


def test_two_servers_answer_at_the_same_time():
    sides = [replace_model("a"), replace_model("b", "openai")]
    tasks = [lanes.Task(place, side, 0) for place in range(20) for side in (0, 1)]
    found = lanes.lanes(tasks, sides, 8, Patience(), threading.Event())
    assert [(lane.provider, lane.width, len(lane.waiting)) for lane in found] == [("ollama", 1, 20), ("openai", 8, 20)]


def test_several_requests_are_under_way_at_a_time(bulk, server):
    server.delay_s = 0.05
    generated(bulk, bulk.dataset(prompts(20)), in_flight=6)
    assert 2 <= server.most_at_once <= 6


# ---------------------------------------------------------------------------------------------------------- bad input


def test_what_cannot_be_asked_for_is_said_before_anything_is_started(bulk):
    dataset_id = bulk.dataset(prompts(2))
    wrong = {
        "length limit is 0": {"max_tokens": 0},
        "0 requests at a time": {"in_flight": 0},
        "at least one vote": {"wished": 0},
        "0 prompts": {"sampling": Sampling("random", 0)},
        "system prompt has 40,000 characters": {"system_prompt": "x" * 40_000},
    }
    for sentence, change in wrong.items():
        with pytest.raises(DuelError, match=sentence):
            generating.begin(bulk.jobs, bulk.exchange, new_id(), bulk.request(dataset_id, **change))
    assert batches.listed(bulk.store) == []


def test_an_unknown_batch_and_one_of_another_kind_cannot_be_resumed(bulk):
    with pytest.raises(NotFound, match="No batch of duels"):
        generating.resume(bulk.jobs, bulk.exchange, new_id())
    imported = batches.begin(bulk.store, new_id(), kind="import", name="votes.jsonl", spec={"file": "votes.jsonl"})
    with pytest.raises(DuelError, match="not asked for in bulk"):
        generating.resume(bulk.jobs, bulk.exchange, imported.id)


def test_a_dataset_that_is_gone_ends_the_work_with_a_sentence(bulk, server):
    from lab.forensics.datasets import delete

    dataset_id = bulk.dataset(prompts(2))
    generated(bulk, dataset_id)
    delete(bulk.store, bulk.folder, dataset_id)
    job, _ = resumed(bulk)
    assert job.state == "failed"
    assert "are not here any more" in job.error


def test_sealed_prompts_are_not_asked_about(bulk):
    from lab.forensics.datasets import load
    from lab.preferences.duels.sources import prompts_of

    columns = [f"{kind} {place}" for place in range(200) for kind in ("explain", "joke")]
    rows = load(bulk.store, bulk.folder, bulk.labelled(columns))
    sealed = {row for row, split in enumerate(rows.splits) if split == "sealed"}
    assert sealed
    every = prompts_of(bulk.exchange, Source("dataset", rows.dataset.id))
    tune = prompts_of(bulk.exchange, Source("dataset", rows.dataset.id, "tune"))
    assert set(every.keys) == set(range(400)) - sealed
    assert set(tune.keys) < set(every.keys)
