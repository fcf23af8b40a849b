"""Patience with a model server: what is asked again, after how long, and when a server counts as gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.errors import (
    AccessDenied,
    BrokenStream,
    ModelNotFound,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    ServerFault,
)

_TRANSIENT = (ServerFault, ProviderTimeout, BrokenStream, ProviderUnavailable)
_SILENT = (ProviderTimeout, ProviderUnavailable)  # what a server that is gone looks like; one that fails is there
_BELIEVED = 5  # times in a row that a server's own "again in … s" is taken at its word; pauses stop growing there too
_HOPELESS = (ModelNotFound, AccessDenied)  # the next prompt would meet the same


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to bear with a server; times in seconds."""

    retries: int = 3  # after a fault that may pass
    pause_s: float = 1.0  # before the first retry; each further one waits twice as long
    rate_limit_s: float = 300.0  # waited in all for one answer, where the server asks to wait
    gone_after: int = 6  # refused or silent tries in a row, but at least three for each request at a time


class Server:
    """One model server, as all requests of a run to it see it; shared by their threads.

    At most `in_flight` requests are under way; each is made in a `slot`. When the server asks to wait, all wait. `stop`
    ends every wait at once.
    """

    def __init__(
        self,
        patience: Patience,
        stop: threading.Event,
        in_flight: int = 1,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.patience, self.stop = patience, stop
        self.retried = 0
        self._gone_after = max(patience.gone_after, 3 * in_flight)
        self._monotonic = monotonic
        self._slots = threading.Semaphore(in_flight)
        self._lock = threading.Lock()
        self._silent = 0
        self._free_at = float("-inf")
        self._gone: str | None = None
        self._hopeless: dict[int, str] = {}

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a place among the requests under way, and hold it while the block runs."""
        with self._slots:
            yield

    def given_up(self, side: int) -> str | None:
        """Return why nothing more is asked for this side, or None."""
        return self._gone or self._hopeless.get(side)

    def ready(self) -> bool:
        """Wait until the server takes requests again; tell whether it does, and nobody asked to stop."""
        while True:
            with self._lock:
                wait_s = self._free_at - self._monotonic()
            if self.stop.is_set() or self._gone is not None:
                return False
            if wait_s <= 0:
                return True
            self.stop.wait(wait_s)

    def one_answer(self, side: int) -> Callable[[ProviderError], bool]:
        """Return what says of each fault of one answer, asked for in a slot, whether to ask once more.

        It waits before it says so, and gives the slot to others meanwhile.
        """
        faults, waits, waited_s = 0, 0, 0.0

        def again(fault: ProviderError) -> bool:
            nonlocal faults, waits, waited_s
            if isinstance(fault, _HOPELESS):
                self._hopeless[side] = str(fault)
                return False
            if isinstance(fault, RateLimited):
                self.answered()
                asked_s = fault.retry_after_s or 0.0
                pause_s = asked_s if asked_s and waits < _BELIEVED else max(asked_s, self._growing(waits))
                waits, waited_s = waits + 1, waited_s + pause_s
                if waited_s > self.patience.rate_limit_s:
                    return False
                self._hold(pause_s)
                return self._once_more(0.0)
            if not isinstance(fault, _TRANSIENT) or _refused(fault):
                self.answered()
                return False
            self._count(fault)
            faults += 1
            return faults <= self.patience.retries and self._once_more(self._growing(faults - 1))

        return again

    def answered(self) -> None:
        """Note that the server is there."""
        with self._lock:
            self._silent = 0

    def _growing(self, times: int) -> float:
        return float(self.patience.pause_s * 2 ** min(times, _BELIEVED))

    def _once_more(self, pause_s: float) -> bool:
        """Wait without a slot; tell whether to ask once more after it."""
        self._slots.release()
        try:
            waited = not self.stop.wait(pause_s) and self.ready()
        finally:
            self._slots.acquire()  # soon free: a request ends when all is stopped
        if waited and not self.stop.is_set():
            with self._lock:
                self.retried += 1
            return True
        return False

    def _hold(self, seconds: float) -> None:
        with self._lock:
            self._free_at = max(self._free_at, self._monotonic() + seconds)

    def _count(self, fault: ProviderError) -> None:
        with self._lock:
            self._silent = self._silent + 1 if isinstance(fault, _SILENT) else 0
            if self._silent >= self._gone_after and self._gone is None:
                self._gone = str(fault)


def _refused(fault: ProviderError) -> bool:
    """Tell whether the server refuses the request itself, which it would do again."""
    from lab.providers.model_server import RequestRefused  # imports httpx

    return isinstance(fault, RequestRefused)
