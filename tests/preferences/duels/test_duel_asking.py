"""Patience: what is tried again, how long it waits, and when a server counts as gone."""

from __future__ import annotations

import threading

import pytest

from lab.errors import (
    AccessDenied,
    AnswerTooLong,
    BrokenStream,
    EmptyAnswer,
    ModelNotFound,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    ServerFault,
)
from lab.preferences.duels.asking import Patience, Server
from lab.providers.model_server import RequestRefused


class Clock(threading.Event):
    """A stop that nobody sets, whose waits only move the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self.now += timeout or 0.0
        return self.is_set()


@pytest.fixture
def clock():
    return Clock()


def server(clock: Clock, in_flight: int = 1, **patience: object) -> Server:
    return Server(Patience(**patience), clock, in_flight, monotonic=lambda: clock.now)


@pytest.mark.parametrize("fault", [ServerFault("a"), ProviderTimeout("b"), BrokenStream("c"), ProviderUnavailable("d")])
def test_a_fault_that_may_pass_is_tried_three_times_more_with_growing_pauses(clock, fault):
    again = server(clock, pause_s=1.5).one_answer(0)
    assert [again(fault) for _ in range(4)] == [True, True, True, False]
    assert clock.waits == [1.5, 3.0, 6.0]


@pytest.mark.parametrize("fault", [EmptyAnswer("a"), AnswerTooLong("b"), RequestRefused("c", "no such option")])
def test_a_fault_that_would_come_again_is_not_tried_again(clock, fault):
    assert not server(clock).one_answer(0)(fault)
    assert clock.waits == []


def test_a_rate_limit_is_waited_for_as_long_as_the_server_says_and_is_no_try(clock):
    again = server(clock).one_answer(0)
    assert [again(RateLimited("slow", retry_after_s=7)) for _ in range(5)] == [True] * 5
    assert clock.now == 35
    assert again(ServerFault("a"))


def test_a_rate_limit_without_a_time_waits_longer_each_time(clock):
    again = server(clock, pause_s=1).one_answer(0)
    assert [again(RateLimited("slow")) for _ in range(4)] == [True] * 4
    assert clock.now == 1 + 2 + 4 + 8


def test_a_server_that_says_at_once_again_and_again_is_not_hammered(clock):
    again = server(clock, pause_s=1, rate_limit_s=100).one_answer(0)
    tries = 0
    while again(RateLimited("slow", retry_after_s=0 if tries % 2 else 0.01)):
        tries += 1
    assert tries < 15
    assert clock.now > 50


def test_a_rate_limit_is_not_waited_for_without_end(clock):
    again = server(clock, rate_limit_s=10).one_answer(0)
    assert [again(RateLimited("slow", retry_after_s=4)) for _ in range(3)] == [True, True, False]
    assert not server(clock, rate_limit_s=10).one_answer(0)(RateLimited("slow", retry_after_s=1e6))


def test_while_one_request_waits_for_the_rate_limit_all_do(clock):
    shared = server(clock, 8)
    assert shared.one_answer(0)(RateLimited("slow", retry_after_s=3))
    before = clock.now
    assert shared.ready()
    assert clock.now == before  # the first one has waited for both
    other = Clock()
    shared = Server(Patience(), other, 8, monotonic=lambda: other.now)
    shared._hold(3)
    assert shared.ready()
    assert other.now == 3


def test_a_server_that_refuses_or_says_nothing_six_times_in_a_row_is_gone(clock):
    one = server(clock)
    for number in range(6):
        assert one.given_up(0) is None
        one.one_answer(0)(ProviderUnavailable("nobody there") if number % 2 else ProviderTimeout("silence"))
    assert one.given_up(0) == one.given_up(1) == "nobody there"
    assert not one.ready()


def test_a_server_that_answers_or_fails_in_between_is_there(clock):
    one = server(clock)
    for sign_of_life in (one.answered, lambda: one.one_answer(0)(ServerFault("boom")), lambda: None):
        for _ in range(5):
            one.one_answer(0)(ProviderTimeout("silence"))
        assert one.given_up(0) is None
        sign_of_life()


def test_many_requests_at_a_time_need_more_silence_to_call_a_server_gone(clock):
    one = server(clock, 8)
    for _ in range(23):
        one.one_answer(0)(ProviderTimeout("silence"))
    assert one.given_up(0) is None
    one.one_answer(0)(ProviderTimeout("silence"))
    assert one.given_up(0) == "silence"


@pytest.mark.parametrize("fault", [ModelNotFound("no such model"), AccessDenied("wrong key")])
def test_a_model_that_is_missing_gives_up_its_side_alone(clock, fault):
    one = server(clock)
    assert not one.one_answer(1)(fault)
    assert (one.given_up(0), one.given_up(1)) == (None, str(fault))
    assert one.ready()


def test_a_pause_gives_its_place_to_another_request():
    stop, paused = threading.Event(), threading.Event()
    one = Server(Patience(pause_s=60), stop, 1)

    def failing():
        with one.slot():
            again = one.one_answer(0)
            paused.set()
            again(ServerFault("boom"))

    thread = threading.Thread(target=failing)
    thread.start()
    assert paused.wait(10)
    with one.slot():
        stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_stop_ends_every_wait(clock):
    one = server(clock)
    clock.set()
    assert not one.one_answer(0)(ServerFault("a"))
    assert not one.one_answer(0)(RateLimited("slow", retry_after_s=100))
    assert not one.ready()
