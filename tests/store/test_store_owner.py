"""Whether a process still lives."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from lab.store.owner import Process, is_gone, this_process


def test_this_process_lives_and_a_collected_one_is_gone() -> None:
    assert not is_gone(this_process())
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert is_gone(replace(this_process(), pid=child.pid))


def test_a_process_that_ended_and_was_not_collected_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()  # until it has closed its end, that is, ended or about to
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    gone = is_gone(replace(this_process(), pid=child.pid))
    child.wait()
    child.stdout.close()
    assert gone or not Path("/proc").exists()


def test_a_process_of_another_host_may_live() -> None:
    assert not is_gone(Process("another-host", 2**22 + 1, ""))


def test_without_a_start_time_the_pid_decides() -> None:
    assert not is_gone(replace(this_process(), start=""))
    assert is_gone(replace(this_process(), pid=2**22 + 1, start=""))
