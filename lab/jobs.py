"""Long work (pulling, encoding, generating, exporting): it outlives a page switch, and says how it really stands.

The work runs in a thread of this process, its state in the table `job`: any page, tab or process sees it and can ask it
to stop. A heartbeat keeps the row fresh; a row whose process is gone reads as interrupted. To resume, start the work
again: what it stored before is there, and the work skips it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.errors import JobError, LabError, StoreError
from lab.records import Job, JobState
from lab.store import Store, jobs_table
from lab.store.jobs_table import Progress
from lab.store.owner import this_process
from lab.types import new_id

WRITE_EVERY_S = 0.25
"""Progress that comes faster than this, in seconds, is kept and written with the next heartbeat."""

_log = logging.getLogger(__name__)


class _Cancelled(Exception):
    """Unwinds the work that was asked to stop."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: JobState
    error: str | None = None


class JobContext:
    """What the work gets: where to say how far it is, and whether it shall stop."""

    def __init__(self, job_id: str, write: Callable[[JobContext], None], monotonic: Callable[[], float]) -> None:
        self.job_id = job_id
        self.cancelled = threading.Event()
        self.latest = Progress()
        self.outcome: _Outcome | None = None  # set when the work has ended
        self._write = write
        self._monotonic = monotonic
        self._first: tuple[float, int] | None = None  # when, and how much was done: a resumed work begins above zero
        self._written_at: float | None = None

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say that `done` of `total` are through. Cheap enough for every step; never raises for the database's sake."""
        now = self._monotonic()
        if self._first is None:
            self._first = (now, done)
        self.latest = Progress(done, total, note, self._eta_s(now, done, total))
        if self._written_at is None or now - self._written_at >= WRITE_EVERY_S:
            self._written_at = now
            self._write(self)

    def check(self) -> None:
        """Unwind the work, past its `finally` blocks, when it was asked to stop."""
        if self.cancelled.is_set():
            raise _Cancelled

    def _eta_s(self, now: float, done: int, total: int | None) -> float | None:
        assert self._first is not None
        since, before = self._first
        if total is None or done <= before or now <= since:
            return None
        return max(total - done, 0) * (now - since) / (done - before)


Work = Callable[[JobContext], None]


class Jobs:
    """Starts long work and tells how it stands; one per process, shared by its threads.

    `clock` gives aware UTC times for the rows, `monotonic` seconds for rates, `beat_s` is the time between heartbeats.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        beat_s: float = 1.0,
    ) -> None:
        self.store = store
        self.clock = clock
        self.monotonic = monotonic
        self.beat_s = beat_s
        self._owner = new_id()
        self._lock = threading.Lock()
        self._mine: dict[str, tuple[JobContext, threading.Thread]] = {}
        self._heart: threading.Thread | None = None
        self._closed = threading.Event()
        self._store_failed = False

    def start(self, kind: str, title: str, work: Work, *, key: str | None = None) -> str:
        """Run `work` in a thread and return the job's id; where one of this kind and key runs, return that one's id.

        `key` is what is worked on (a model, a dataset); without one there is one job of the kind at a time. Raises
        StoreError when the job cannot be stored; then nothing was started.
        """
        if self._closed.is_set():
            raise JobError(f"{title!r} cannot be started: the lab is shutting down. Start the lab again.")
        context = JobContext(new_id(), lambda context: self._beat([context]), self.monotonic)
        job_id = jobs_table.begin(
            self.store, context.job_id, kind=kind, key=key or "", title=title,
            owner=self._owner, process=this_process(), now=self.clock(),
        )  # fmt: skip
        if job_id == context.job_id:
            thread = threading.Thread(target=self._run, args=(context, work), name=f"job {kind}", daemon=True)
            with self._lock:
                self._mine[job_id] = (context, thread)
                self._start_heart()
                thread.start()  # under the lock, so that `wait` never meets a thread that has not begun
        return job_id

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop, whichever process does it; nothing when it has ended. Raises NotFound, StoreError."""
        with self._lock:
            mine = self._mine.get(job_id)
        if mine is not None:
            mine[0].cancelled.set()  # first: stopping must not wait for the database
        jobs_table.request_cancel(self.store, job_id)

    def get(self, job_id: str) -> Job:
        """Return the job as it stands. Raises NotFound."""
        return jobs_table.get(self.store, job_id, self.clock())

    def recent(self, limit: int = 20, kind: str | None = None) -> list[Job]:
        """Return at most `limit` jobs, of one kind where that is given, the one started last first."""
        return jobs_table.recent(self.store, self.clock(), limit, kind)

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """Wait until a job of this process has ended, at most `timeout_s`, and return it as it then stands."""
        with self._lock:
            mine = self._mine.get(job_id)
        if mine is not None:
            mine[1].join(timeout_s)
        return self.get(job_id)

    def close(self, timeout_s: float = 5.0) -> None:
        """Ask all jobs of this process to stop and wait for each, at most `timeout_s`; none can be started after."""
        self._closed.set()
        with self._lock:
            mine, heart = list(self._mine.values()), self._heart
        for context, _ in mine:
            context.cancelled.set()
        for _, thread in mine:
            thread.join(timeout_s)
        if heart is not None:
            heart.join(timeout_s)

    # -------------------------------------------------------------------------------------------- in other threads

    def _run(self, context: JobContext, work: Work) -> None:
        outcome = _Outcome("interrupted", "The work ended its thread. Start it again.")
        try:
            work(context)
            through = context.latest.total is not None and context.latest.done >= context.latest.total
            outcome = _Outcome("cancelled" if context.cancelled.is_set() and not through else "done")
        except _Cancelled:
            outcome = _Outcome("cancelled")
        except LabError as err:
            outcome = _Outcome("failed", str(err))
        except Exception as err:  # noqa: BLE001  # the top of a thread: nobody above it could say what happened
            _log.exception("job %s failed", context.job_id)
            outcome = _Outcome("failed", f"{type(err).__name__}: {err}")
        finally:
            context.outcome = outcome
            self._finish(context, outcome)

    def _finish(self, context: JobContext, outcome: _Outcome) -> None:
        """Write how a job ended; where the database fails, the heartbeat tries again."""
        try:
            jobs_table.finish(
                self.store, self._owner, context.job_id, state=outcome.state, error=outcome.error,
                progress=context.latest, now=self.clock(),
            )  # fmt: skip
        except StoreError as err:
            _log.warning("the end of job %s is not stored yet: %s", context.job_id, err)
        else:
            with self._lock:
                self._mine.pop(context.job_id, None)

    def _beat(self, contexts: list[JobContext]) -> None:
        """Write heartbeat and progress, and hand on what was asked. A database that fails must not end the work."""
        latest = {context.job_id: context.latest for context in contexts}
        try:
            asked = jobs_table.beat(self.store, self._owner, latest, self.clock())
        except StoreError as err:
            if not self._store_failed:  # once, not every second
                _log.warning("progress of jobs is not stored: %s", err)
            self._store_failed = True
            return
        self._store_failed = False
        for context in contexts:
            if context.job_id in asked.cancel | asked.taken_over:
                context.cancelled.set()

    def _start_heart(self) -> None:
        if self._heart is None or not self._heart.is_alive():
            self._heart = threading.Thread(target=self._beat_on, name="jobs heartbeat", daemon=True)
            self._heart.start()

    def _beat_on(self) -> None:
        while not self._closed.wait(self.beat_s):
            with self._lock:
                contexts = [context for context, _ in self._mine.values()]
                if not contexts:
                    self._heart = None
                    return
            for context in contexts:
                if context.outcome is not None:
                    self._finish(context, context.outcome)
            running = [context for context in contexts if context.outcome is None]
            if running:
                self._beat(running)
