"""Requests in lanes, one a model server: side by side, or one after the other where the server holds one model."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lab.preferences.duels.asking import Patience, Server
from lab.preferences.duels.request import Contender
from lab.records import Response

_POLL_S = 0.1
_THREADS_A_REQUEST = 3
HOLDS_ONE_MODEL = "ollama"  # loading another one takes longer than many answers


@dataclass(frozen=True, slots=True)
class Task:
    """One answer to ask for: of which item, for which side, which attempt."""

    place: int
    side: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a task; `response` is None where it was not asked: the server was given up, or all was stopped."""

    task: Task
    response: Response | None


Ask = Callable[[Task, Server], Response | None]


class Lane:
    """The tasks of one server, and how many threads do them.

    More than can be under way, so that others are asked for while one pauses before its next try; a single one where
    the order counts.
    """

    def __init__(self, provider: str, tasks: Sequence[Task], width: int, server: Server) -> None:
        self.provider, self.width, self.server = provider, width, server
        self.threads = min(1 if width == 1 else _THREADS_A_REQUEST * width, len(tasks))
        self.waiting = deque(tasks)

    def next(self) -> Task | None:
        """Take the next task; None after the last."""
        try:
            return self.waiting.popleft()
        except IndexError:
            return None


def lanes(
    tasks: Sequence[Task],
    sides: Sequence[Contender],
    in_flight: int,
    patience: Patience,
    stop: threading.Event,
) -> list[Lane]:
    """Return the tasks by server.

    They come prompt by prompt, so that the first duels are there soon; where the server holds one model and the sides
    want two, all prompts go to the one and then all to the other.
    """
    found = []
    for provider in dict.fromkeys(side.provider for side in sides):
        mine = [task for task in tasks if sides[task.side].provider == provider]
        one_model = provider == HOLDS_ONE_MODEL
        if one_model and sides[0].model != sides[1].model:
            mine.sort(key=lambda task: task.side)  # which keeps the order within a side
        if mine:
            width = 1 if one_model else in_flight
            found.append(Lane(provider, mine, width, Server(patience, stop, width)))
    return found


def run_all(found: Sequence[Lane], ask: Ask, stop: threading.Event) -> Iterator[Came | None]:
    """Do the tasks and yield what comes of each, in the order in which it comes; None now and then meanwhile.

    Setting `stop` ends it soon, with tasks left over. What a thread raises is raised here, after the others were told
    to stop; when this iterator is closed, they are told so too. All threads have ended by then.
    """
    done: queue.SimpleQueue[Came | BaseException] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=_line, args=(lane, ask, stop, done), name=f"lane {lane.provider}", daemon=True)
        for lane in found
        for _ in range(lane.threads)
    ]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads) or not done.empty():
            try:
                came = done.get(timeout=_POLL_S)
            except queue.Empty:
                yield None
                continue
            if isinstance(came, BaseException):
                raise came
            yield came
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _line(lane: Lane, ask: Ask, stop: threading.Event, done: queue.SimpleQueue[Came | BaseException]) -> None:
    try:
        while not stop.is_set() and (task := lane.next()) is not None:
            response = None
            if lane.server.ready():
                with lane.server.slot():
                    if lane.server.given_up(task.side) is None and not stop.is_set():
                        response = ask(task, lane.server)
            done.put(Came(task, response))
    except Exception as err:  # noqa: BLE001  the top of a thread: whoever waits for it has to hear of it
        done.put(err)
