"""From an event to a duel: which answers fit, who is asked under which system prompt, and what makes no duel."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from bulk_case import HURRIED, opened
from flaky_server import FlakyServer

from lab.errors import DuelError
from lab.messages import Message
from lab.preferences.duels import pairing
from lab.store import answers, duels, versions
from lab.types import NONE, ExpertScore, Layer, new_id

WAIT_S = 60


@pytest.fixture
def server():
    with FlakyServer() as one:
        yield one


@pytest.fixture
def bulk(tmp_path, server):
    with opened(tmp_path, server.url) as one:
        yield one


def answered(bulk, prompt="lol what", experts=("zoomer",), **route):
    """Route a prompt and let experts answer as themselves."""
    routed = bulk.exchange.route(prompt, source="page", **route)
    assert all(answer.wait(WAIT_S) for answer in bulk.exchange.ask(routed, experts))
    return routed


def stored(bulk, routed):
    return answers.responses(bulk.store, routed.event.id)


def paired(bulk, routed, other="professor"):
    return pairing.pairing(bulk.exchange, routed, pairing.reference_of(routed, stored(bulk, routed)), other)


def asked(bulk, pair, origin="route"):
    return bulk.jobs.wait(pairing.ask(bulk.jobs, bulk.exchange, pair, origin, patience=HURRIED), WAIT_S)


def test_the_other_expert_is_asked_under_the_system_prompt_of_the_routed_one(bulk, server):
    routed = answered(bulk, experts=("professor", "zoomer"))
    pair = paired(bulk, routed)
    assert pair.ready is None  # the professor has answered, but as itself
    server.requests.clear()
    job = asked(bulk, pair)
    assert (job.state, job.title) == ("done", "Ask professor for a duel")
    [request] = server.requests
    assert request["model"] == "llama3.2:3b"
    assert [message["content"] for message in request["messages"]] == ["Chat.", "lol what"]
    [duel] = duels.recent(bulk.store, event_id=routed.event.id)
    assert {duel.first.expert, duel.second.expert} == {"professor", "zoomer"}
    assert (duel.system_prompt, duel.origin, duel.rule, duel.probability) == ("Chat.", "route", "picked", None)
    assert duel.hardness == 0.0  # layer 1 settled it
    reference = next(side for side in (duel.first, duel.second) if side.expert == "zoomer")
    assert reference.response_id == pairing.own_answers(routed, stored(bulk, routed))["zoomer"].id


def test_asking_twice_asks_once_and_makes_one_duel(bulk, server):
    routed = answered(bulk)
    asked(bulk, paired(bulk, routed))
    before = len(server.requests)
    again = paired(bulk, routed)
    assert again.ready is not None
    asked(bulk, again)
    added = pairing.make(bulk.exchange, again, "route")
    assert (added.is_new, len(server.requests)) == (False, before)
    assert len(duels.recent(bulk.store)) == 1


def test_two_stored_answers_under_one_system_prompt_are_taken_as_they_are(tmp_path):
    with FlakyServer() as server, opened(tmp_path, server.url) as bulk:
        live = bulk.routers.live()
        experts = tuple(replace(expert, system_prompt="Be brief.") for expert in live.version.config.experts)
        config = replace(live.version.config, experts=experts)
        versions.adopt(bulk.store, new_id(), config, "words-1", expected_live_id=live.version.id)
        routed = answered(bulk, experts=("professor", "zoomer"))
        pair = paired(bulk, routed)
        assert pair.ready.expert == "professor"
        assert pairing.make(bulk.exchange, pair, "route").is_new
        assert len(server.requests) == 2


def test_another_length_limit_is_another_answer(bulk):
    routed = answered(bulk)
    reference = pairing.reference_of(routed, stored(bulk, routed))
    bulk.routers.with_settings = lambda expert: replace(
        expert, provider="openai", options={"max_tokens": 9, "top_p": 1}
    )
    pair = pairing.pairing(bulk.exchange, routed, reference, "professor")
    assert dict(pair.other.options) == {"top_p": 1}  # the reference had no limit
    limited = replace(reference, options={"max_tokens": 100})
    assert pairing.pairing(bulk.exchange, routed, limited, "professor").other.options["max_tokens"] == 100


def test_earlier_turns_are_kept(bulk, server):
    before = (Message("user", "entropy"), Message("assistant", "It grows."))
    routed = answered(bulk, before=before)
    asked(bulk, paired(bulk, routed), "thumbs_down")
    [duel] = duels.recent(bulk.store)
    assert duel.conversation == (*before, Message("user", "lol what"))
    assert (duel.origin, duel.rule) == ("thumbs_down", "picked")
    assert [one["content"] for one in server.requests[-1]["messages"]] == ["Chat.", "entropy", "It grows.", "lol what"]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [("length", "was cut at its length limit"), ("400", "refuses the request"), ("empty", "without any text")],
)
def test_a_reference_that_failed_or_is_unfinished_makes_no_duel_and_says_why(bulk, server, fault, sentence):
    server.refusing = {"lol what": fault}
    routed = answered(bulk)
    with pytest.raises(DuelError, match=sentence):
        paired(bulk, routed)


def test_an_expert_that_was_never_asked_is_said(bulk):
    routed = bulk.exchange.route("lol what", source="page")
    with pytest.raises(DuelError, match="zoomer has not answered this prompt"):
        paired(bulk, routed)


def test_an_expert_against_itself_is_said(bulk):
    routed = answered(bulk)
    with pytest.raises(DuelError, match="A duel takes two experts"):
        paired(bulk, routed, "zoomer")


def test_an_answer_that_fails_makes_no_duel_and_can_be_asked_for_again(bulk, server):
    routed = answered(bulk)
    server.refusing = {"lol what": "length"}
    first = paired(bulk, routed)
    job = asked(bulk, first)
    assert job.state == "failed"
    assert job.error.endswith("Raise the limit, or ask again. No duel was made.")
    assert duels.recent(bulk.store) == []
    second = paired(bulk, routed)
    assert second.failed.id == first.response_id
    assert second.response_id != first.response_id
    server.refusing = {}
    assert asked(bulk, second).state == "done"
    assert len(duels.recent(bulk.store)) == 1
    assert paired(bulk, routed).failed is None


def test_a_fault_that_passes_is_tried_again_by_itself(bulk, server):
    routed = answered(bulk)
    server.fails = 0.6
    assert asked(bulk, paired(bulk, routed)).state in ("done", "failed")
    server.fails = 0
    if not duels.recent(bulk.store):
        asked(bulk, paired(bulk, routed))
    assert len(duels.recent(bulk.store)) == 1


def test_a_cancelled_ask_stores_nothing(bulk, server):
    routed = answered(bulk)
    server.stalls = 1.0
    server.asked.clear()
    server.reach = 1
    server.reached = threading.Event()
    bulk.exchange.providers["openai"].stall_timeout_s = WAIT_S
    job_id = pairing.ask(bulk.jobs, bulk.exchange, paired(bulk, routed), "thumbs_down")
    assert server.reached.wait(WAIT_S)
    bulk.jobs.cancel(job_id)
    assert bulk.jobs.wait(job_id, WAIT_S).state == "cancelled"
    assert len(stored(bulk, routed)) == 1
    assert duels.recent(bulk.store) == []


def test_mock_answers_make_a_duel_that_says_so(bulk):
    bulk.routers.with_settings = lambda expert: replace(expert, provider="mock")
    routed = answered(bulk)
    asked(bulk, paired(bulk, routed))
    [duel] = duels.recent(bulk.store)
    assert {duel.first.provider, duel.second.provider} == {"mock"}


def test_equal_answers_make_no_duel(bulk, server, monkeypatch):
    routed = answered(bulk)
    pair = paired(bulk, routed)
    same = replace(pair, other=replace(pair.other, model="tinyllama"))
    assert asked(bulk, same).state == "done"
    assert duels.recent(bulk.store) == []
    again = paired(bulk, routed)
    assert again.equal
    assert pairing.make(bulk.exchange, again, "route").duel_id is None


def test_where_nobody_claimed_the_prompt_the_first_answer_is_the_reference(bulk):
    routed = answered(bulk, "unheard of", experts=("professor", "zoomer"))
    decision = replace(routed.event.decision, expert=NONE, layer=Layer.FALLBACK)
    nobody = replace(routed, event=replace(routed.event, decision=decision))
    assert pairing.reference_of(nobody, stored(bulk, routed)).expert == "professor"
    with pytest.raises(DuelError, match="No expert has answered this prompt, so there is nothing to compare with"):
        pairing.reference_of(nobody, [])


# -------------------------------------------------------------------------------------------------- the runner-up


def scores(**of):
    return tuple(ExpertScore(name, score, 0.5) for name, score in of.items())


def experts(bulk, *names, fallback):
    config = bulk.routers.live().version.config
    one = config.experts[0]
    return replace(config, experts=tuple(replace(one, name=name) for name in names), fallback=fallback)


def test_the_runner_up_is_the_best_scored_other_expert(bulk):
    config = experts(bulk, "a", "b", "c", fallback="a")
    assert pairing.runner_up(config, scores(a=0.2, b=0.9, c=0.4), "b") == "c"
    assert pairing.runner_up(config, scores(a=0.2, b=0.9, c=0.4), "a") == "b"
    assert pairing.runner_up(config, scores(a=0.4, b=0.9, c=0.4), "b") == "a"  # equal scores: the one listed first
    assert pairing.runner_up(config, scores(a=-0.4, b=0.9, c=None), "b") == "a"


def test_without_scores_it_is_the_fallback_else_another_expert(bulk):
    config = experts(bulk, "a", "b", "c", fallback="c")
    assert pairing.runner_up(config, (), "b") == "c"
    assert pairing.runner_up(config, scores(a=None, b=0.9, c=None), "b") == "c"
    assert pairing.runner_up(config, (), "c") == "a"
    assert pairing.runner_up(experts(bulk, "a", "b", fallback=NONE), (), "a") == "b"
    assert pairing.runner_up(experts(bulk, "a", fallback="a"), (), "a") is None
