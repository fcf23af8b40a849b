"""Run a command and print its wall time and peak memory: `python -S stopwatch.py COMMAND…`. Standard library only.

A process of its own, and a small one: Linux counts the peak memory of the process that starts another as that one's.
"""

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "mib": usage.ru_maxrss / 1024, "status": process.returncode}))
