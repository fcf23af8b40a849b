"""Duels in bulk from a server on loopback that fails 20 % and stalls 5 %: several requests at a time against one.

By the shell face of the lab, in a process of its own, which is killed half way and started again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from lab.config import REPOSITORY, load_settings
from lab.preferences.duels.standing import Standing, failures, standing
from lab.store import batches, duels, open_store
from tests.bench.clock import Sample, duration
from tests.bench.data import made_words
from tests.bench.peers import prepared_data
from tests.bench.report import Missing, Row, times

DUELS, FEW, ROUNDS, IN_FLIGHT = 1_000, 40, 3, 8
FAILS, STALLS, DELAY_S, STALL_TIMEOUT_S = 0.2, 0.05, 0.1, 1.0
LEAST = 3.0
TITLE = (
    f"Duels in bulk: a server that takes {DELAY_S * 1000:.0f} ms, fails {FAILS:.0%} (500, 429, dropped) and stalls "
    f"{STALLS:.0%} ({STALL_TIMEOUT_S:g} s until that shows); baseline: one request at a time"
)
_SERVER = REPOSITORY / "tests" / "preferences" / "duels" / "flaky_server.py"
_PATIENCE_S = 900.0


def rows() -> Iterator[Row]:
    """Yield what became of a thousand duels and a kill, then the speed."""
    with prepared_data() as data, _server() as url:
        for name, n in (("many", DUELS), *((f"few-{number}", FEW) for number in range(2 * ROUNDS))):
            _add(data, name, n)
        yield from _killed(data, url)
        spent: dict[int, list[int]] = {IN_FLIGHT: [], 1: []}
        for number in range(2 * ROUNDS):
            width = (IN_FLIGHT, 1)[(number + number // 2) % 2]  # in turn, and who is first changes
            start = time.perf_counter_ns()
            _generate(data, url, "--dataset", f"few-{number}", "--in-flight", str(width)).wait(_PATIENCE_S)
            spent[width].append(time.perf_counter_ns() - start)
    mine, one = Sample(spent[IN_FLIGHT]), Sample(spent[1])
    ratio = one.p50 / mine.p50
    what = f"{FEW} duels, {IN_FLIGHT} requests at a time, with starting the process"
    yield Row(what, mine.text(), one.text(), times(ratio), f"≥ {LEAST:g}×", ratio >= LEAST)


def _killed(data: Path, url: str) -> Iterator[Row]:
    start = time.perf_counter_ns()
    process = _generate(data, url, "--dataset", "many")
    while len(_asked(url)) < DUELS and process.poll() is None:
        time.sleep(0.2)
    process.kill()
    process.wait()
    batch_id, before, _ = _stands(data)
    asked = len(_asked(url))
    stored = _stored(before)
    _generate(data, url, "--resume", batch_id).wait(_PATIENCE_S)
    took = time.perf_counter_ns() - start
    _, after, listed = _stands(data)
    twice = stored & {(prompt, model) for prompt, model in _asked(url)[asked:]}
    whole = after.answered + listed == after.asked == 2 * DUELS and after.duels == _duels(data, batch_id)
    told = f"{after.answered:,} of {after.asked:,} answered, {listed} listed as failed, {after.duels} duels"
    yield Row(f"{DUELS:,} duels, kill -9 after {len(stored):,} answers", told, "", "", "none left out", whole)
    yield Row("asked again although stored", str(len(twice)), "", "", "0", not twice)
    each = duration(took / after.asked)
    yield Row(f"{DUELS:,} duels with the kill", f"{took / 1e9:.0f} s, {each} an answer (n={after.asked:,})")


def _stored(found: Standing) -> set[tuple[str, str]]:
    prompts = _prompts(DUELS)
    return {(prompts[int(found.items[place].key)], found.request.sides[side].model) for place, side in found.replies}


def _stands(data: Path) -> tuple[str, Standing, int]:
    settings = load_settings({"LAB_DATA_DIR": str(data)})
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        batch = batches.listed(store, "bulk")[-1]
        found = standing(store, batch)
        return batch.id, found, len(list(failures(found, batch.report)))


def _duels(data: Path, batch_id: str) -> int:
    settings = load_settings({"LAB_DATA_DIR": str(data)})
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        made = Counter(duel.conversation for duel in duels.recent(store, 10 * DUELS, batch_id=batch_id))
    return len(made) if set(made.values()) == {1} else -1


def _prompts(n: int) -> list[str]:
    return [f"what is a {word}" for word in made_words(n)]


def _add(data: Path, name: str, n: int) -> None:
    file = data / f"{name}.jsonl"
    prompts = _prompts(n) if name == "many" else [f"{prompt}, {name}" for prompt in _prompts(n)]
    file.write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts))
    _lab(data, "dataset", "add", str(file), "--name", name).wait(_PATIENCE_S)


def _generate(data: Path, url: str, *what: str) -> subprocess.Popen[bytes]:
    settings = {
        "providers.openai_base_url": url,
        "providers.stall_timeout_s": STALL_TIMEOUT_S,
        "experts.professor.provider": "openai",
        "experts.zoomer.provider": "openai",
    }
    overrides = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    sample = () if what[0] == "--resume" else ("--sample", "all")
    return _lab(data, "duels", "generate", *what, *sample, *overrides)


def _lab(data: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "lab", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "LAB_DATA_DIR": str(data), "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _asked(url: str) -> list[tuple[str, str]]:
    with urlopen(url) as reply:
        told: dict[str, Any] = json.load(reply)
    return [(prompt, model) for prompt, model in told["asked"]]


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, str(_SERVER), str(FAILS), str(STALLS), str(DELAY_S)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise Missing("the server on loopback did not start")
        yield url
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
