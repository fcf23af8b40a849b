"""Runs an asynchronous stream on a thread of its own, and hands its items to ordinary code.

A thread that is blocked in a read cannot be interrupted; an asyncio task can, at any point: while it looks up a host,
waits for a first token or sits in a stall. So every talk with a model server is a task. Cancelling the task closes the
connection, which is what makes the server stop generating.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")

POLL_S = 0.05  # how long a set `cancelled` may go unseen
JOIN_S = 2.0  # how long to wait for the connection to close; the thread is a daemon, so it never holds up an exit


class _End:
    """Says in the inbox that nothing follows."""


def iterate(
    start: Callable[[], AsyncGenerator[T, None]], cancelled: threading.Event | None = None
) -> Generator[T, None, None]:
    """Yield what the generator made by `start` yields; raise what it raises.

    Ends early, without an error, within about POLL_S seconds of `cancelled` being set. However it ends, and also when
    this iterator is closed half way, the generator is cancelled and has run its clean-up by then. Items are taken from
    the generator as they come, not as they are asked for, so its clock does not depend on the speed of the reader.
    """
    inbox: queue.SimpleQueue[T | _End] = queue.SimpleQueue()

    async def pump() -> None:
        async with contextlib.aclosing(start()) as items:
            async for item in items:
                inbox.put(item)

    loop = asyncio.new_event_loop()
    task = loop.create_task(pump())
    thread = threading.Thread(target=_run, args=(loop, task, inbox), name="lab-provider", daemon=True)
    thread.start()
    try:
        while cancelled is None or not cancelled.is_set():
            try:
                item = inbox.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                task.result()
                return
            yield item
    finally:
        with contextlib.suppress(RuntimeError):  # the loop is closed: there is nothing left to stop
            loop.call_soon_threadsafe(task.cancel)
        thread.join(JOIN_S)


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None], inbox: queue.SimpleQueue[Any]) -> None:
    try:
        loop.run_until_complete(asyncio.wait({task}))
        loop.run_until_complete(loop.shutdown_asyncgens())
        if not task.cancelled():
            task.exception()  # looked at here, or asyncio logs it when a reader that has left never asks
    finally:
        inbox.put(_End())
        loop.close()


def complete(start: Callable[[], Coroutine[Any, Any, T]], timeout_s: float) -> T:
    """Return what the coroutine made by `start` returns; TimeoutError when it takes longer than `timeout_s` seconds."""

    async def once() -> AsyncGenerator[T, None]:
        async with asyncio.timeout(timeout_s):
            result = await start()
        yield result

    with contextlib.closing(iterate(once)) as results:
        return next(results)
