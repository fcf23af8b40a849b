"""One run over the open answers of a batch: each is asked for and stored, and two to one prompt become a duel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from lab.errors import DuelError, PromptError, StoreError
from lab.exchange import Exchange
from lab.jobs import JobContext
from lab.judging import Batch, NewDuel
from lab.preferences.duels.asking import Patience, Server
from lab.preferences.duels.lanes import Came, Task, lanes, run_all
from lab.preferences.duels.sides import refusal, side_of
from lab.preferences.duels.sources import turns_of
from lab.preferences.duels.standing import Reply, Standing, event_id_of, response_id_of, standing
from lab.records import Response
from lab.store import answers, batches, duels

_KEEP_EVERY_S = 3.0
_DUELS_AT_ONCE = 200


class Run:
    """The answers of a batch that are open: those never stored, and with `again` those that failed.

    Raises DuelError where the prompts are gone, StoreError.
    """

    def __init__(
        self,
        exchange: Exchange,
        batch: Batch,
        *,
        again: bool = False,
        patience: Patience | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.exchange, self.batch, self.monotonic = exchange, batch, monotonic
        found = standing(exchange.store, batch)
        self.request, self.items = found.request, found.items
        self.turns = turns_of(exchange, self.request.source, self.items)
        self.replies = dict(found.replies)
        self.size, self.equal = found.size, set(found.equal)
        self.refused: dict[str, str] = {}
        self.stop = threading.Event()
        self.tasks = list(self._open(again))
        self.lanes = lanes(self.tasks, self.request.sides, self.request.in_flight, patience or Patience(), self.stop)
        self._fresh = set(found.pairs())  # whose duels are to be stored: a kill may have come before that
        self._left, self._answered = len(self.tasks), found.answered
        self._began = self._told = monotonic()

    def go(self, job: JobContext) -> None:
        """Ask for all that is open. Raises DuelError where a server was given up, and what stops a job."""
        self._keep(job, "running")
        try:
            for came in run_all(self.lanes, self._ask, self.stop):
                if job.cancelled.is_set():
                    self.stop.set()
                if came is not None:
                    self._take(came)
                self._tell(job)
        except BaseException:
            with suppress(StoreError):  # what ended it is what has to be said
                self._keep(job, "failed")
            raise
        self._keep(job, "stopped" if self._left else "done")
        if self._left:
            job.check()
        given_up = self._given_up()
        if given_up:
            raise DuelError(f"{self._in_words()}: {next(iter(given_up.values()))} Then retry what failed.")

    def _open(self, again: bool) -> Iterable[Task]:
        for place in range(len(self.items)):
            for side in (0, 1):
                reply = self.replies.get((place, side))
                if reply is None:
                    yield Task(place, side, 0)
                elif again and reply.kind is not None:
                    yield Task(place, side, reply.attempt + 1)

    # ------------------------------------------------------------------------------------------- in several threads

    def _ask(self, task: Task, server: Server) -> Response | None:
        *before, prompt = self.turns[task.place]
        key = self.items[task.place].key
        event_id = event_id_of(self.batch.id, key)
        try:
            routed = self.exchange.route(prompt.content, source="bulk", event_id=event_id, before=before)
        except PromptError as err:
            self.refused[str(task.place)] = str(err)
            return None
        if routed.unsaved:
            raise StoreError(routed.unsaved)
        expert = self.request.sides[task.side].as_expert(self.request.system_prompt)
        response_id = response_id_of(self.batch.id, key, task.side, task.attempt)
        response = self.exchange.answer_as(routed.event, expert, response_id, self.stop, server.one_answer(task.side))
        if response is not None and response.error_kind is None:
            server.answered()
        return response

    # --------------------------------------------------------------------------------------------------- in one thread

    def _take(self, came: Came) -> None:
        task, response = came.task, came.response
        if response is None and self.stop.is_set():
            return
        self._left -= 1
        if response is None:
            return
        kind, sentence = refusal(response) or (None, None)
        self.replies[task.place, task.side] = Reply(response.id, task.attempt, response.provider, kind, sentence)
        self._answered += kind is None
        other = self.replies.get((task.place, 1 - task.side))
        if kind is None and other is not None and other.kind is None:
            self._fresh.add(task.place)

    def _tell(self, job: JobContext) -> None:
        self._progress(job)
        now = self.monotonic()
        if now - self._told >= _KEEP_EVERY_S:
            self._told = now
            self._keep(job, "running")

    def _keep(self, job: JobContext, state: str) -> None:
        self._progress(job)
        self._store_duels()
        batches.report(self.exchange.store, self.batch.id, self._report(job, state))

    def _store_duels(self) -> None:
        """Store the duels of the pairs that are there, in portions; what is stored already is not stored twice."""
        places = sorted(self._fresh)
        for start in range(0, len(places), _DUELS_AT_ONCE):
            portion = places[start : start + _DUELS_AT_ONCE]
            ids = [self.replies[place, side].response_id for place in portion for side in (0, 1)]
            found = answers.by_ids(self.exchange.store, ids)
            new = [self._duel(place, found) for place in portion]
            for place, added in zip(portion, duels.add(self.exchange.store, new), strict=True):
                if added.duel_id is None:
                    self.equal.add(place)
            self._fresh -= set(portion)

    def _duel(self, place: int, found: dict[str, Response]) -> NewDuel:
        item = self.items[place]
        first, second = (side_of(found[self.replies[place, side].response_id]) for side in (0, 1))
        return NewDuel(
            conversation=self.turns[place],
            system_prompt=self.request.system_prompt,
            first=first,
            second=second,
            origin="bulk",
            rule=item.rule,
            probability=item.probability,
            hardness=item.hardness,
            query_type=item.query_type,
            event_id=event_id_of(self.batch.id, item.key),
            batch_id=self.batch.id,
            wished=self.request.wished,
        )

    def _given_up(self) -> dict[str, str]:
        by_provider = {lane.provider: lane.server for lane in self.lanes}
        servers = [by_provider.get(side.provider) for side in self.request.sides]
        said = {str(side): server and server.given_up(side) for side, server in enumerate(servers)}
        return {side: sentence for side, sentence in said.items() if sentence}

    @property
    def _failed(self) -> int:
        """How many answers are through and are none, those included that a server was not even asked for."""
        return 2 * len(self.items) - self._left - self._answered

    def _progress(self, job: JobContext) -> None:
        asked = 2 * len(self.items)
        job.progress(asked - self._left, asked, self._in_words())

    def _in_words(self) -> str:
        return f"{self._answered:,} answered, {self._failed:,} failed"

    def _report(self, job: JobContext, state: str) -> dict[str, Any]:
        now = Standing(self.request, self.size, self.items, self.replies, frozenset(self.equal))
        return {
            "job_id": job.job_id,
            "state": state,
            "asked": now.asked,
            "answered": self._answered,
            "failed": self._failed,
            "equal": len(now.equal),
            "duels": now.duels,
            "mock": now.mock,
            "retried": sum(lane.server.retried for lane in self.lanes),
            "given_up": self._given_up(),
            "refused": self.refused,
            "seconds": round(self.monotonic() - self._began, 1),
        }
