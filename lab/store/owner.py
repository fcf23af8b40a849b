"""Which process does a job, and whether it still lives."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A process of some host. `start` tells it from a later one with the same pid; empty where that cannot be told."""

    host: str
    pid: int
    start: str


def this_process() -> Process:
    """Return the process that runs this."""
    return Process(socket.gethostname(), os.getpid(), _start(os.getpid()) or "")


def is_gone(process: Process) -> bool:
    """Tell whether `process` has certainly ended; False for another host, where it cannot be known."""
    if process.host != socket.gethostname():
        return False
    start = _start(process.pid)
    if start is not None and process.start:
        return start != process.start
    if os.name != "posix":  # on Windows, signal 0 would end the process
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, under another user
        return False
    return False


def _start(pid: int) -> str | None:
    """Return when `pid` started, as ticks since a named boot; None where there is no /proc, or no such process in it.

    A process that has ended and was not collected by its parent yet has the start "ended".
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        # The name, in parentheses, may itself hold spaces and parentheses; state is field 3, start time field 22.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return "ended" if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    except (OSError, IndexError):
        return None
