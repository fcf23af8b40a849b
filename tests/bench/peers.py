"""Starts the sides of a comparison, each in its own process, and asks them in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from lab.config import REPOSITORY
from lab.types import RouterConfig
from tests.bench.clock import Sample
from tests.bench.data import shipped
from tests.bench.report import Missing

BENCH_PYTHON = REPOSITORY / ".venv-bench" / "bin" / "python"
_PATIENCE_S = 180.0
_QUIET_S = 0.05  # threads of the side that was asked before go to sleep


class Peer:
    """A side in its own process. Raises Missing when it cannot start or ends before it answers."""

    def __init__(self, kind: str, python: Path, setup: Mapping[str, Any]) -> None:
        if not python.exists():
            raise Missing(f"{kind} needs {python}; run `python3 lab/install.py --bench`")
        self.kind = kind
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._process = subprocess.Popen(
            [str(python), "-m", "tests.bench.peer", kind],
            cwd=REPOSITORY,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._say(setup)

    def ask(self, do: str, texts: Sequence[str], patience_s: float = _PATIENCE_S, **more: Any) -> dict[str, Any]:
        """Return what the side answers: `ns`, and with decisions `experts`. `more` is what it asks for besides."""
        return self._say({"do": do, "texts": list(texts), **more}, patience_s)

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _say(self, message: Mapping[str, Any], patience_s: float = _PATIENCE_S) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        alarm = threading.Timer(patience_s, self._process.kill)
        alarm.start()
        try:
            print(json.dumps(message), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            alarm.cancel()
        if not line:
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip().splitlines()
            raise Missing(f"{self.kind} ended: {said[-1] if said else 'it said nothing'}")
        reply: dict[str, Any] = json.loads(line)
        return reply


@contextmanager
def lab_peer(strategy: str, cache_dir: Path) -> Iterator[Peer]:
    """The lab with one of its shipped strategies."""
    peer = Peer("lab", Path(sys.executable), {"strategy": strategy, "cache_dir": str(cache_dir)})
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def other_peer(kind: str, config: RouterConfig | None = None) -> Iterator[Peer]:
    """A peer from .venv-bench with the utterances and the settings of a router, the shipped semantic one without."""
    config = config or shipped("semantic")
    experts = [
        {name: getattr(expert, name) for name in ("name", "utterances", "threshold")} for expert in config.experts
    ]
    router = {field.name: getattr(config, field.name) for field in fields(config) if field.name != "experts"}
    peer = Peer(kind, BENCH_PYTHON, {"experts": experts, "router": router})
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def prepared_data() -> Iterator[Path]:
    """A data folder of its own, whose `cache` holds the prepared encoder and no vectors."""
    from lab.encoders.minilm import prepare

    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        prepare(Path(folder) / "cache")
        yield Path(folder)


def in_turn(peers: Sequence[Peer], texts: Sequence[str], *, turn: int) -> list[tuple[Sample, list[str]]]:
    """Let every peer decide each text once, `turn` at a time; return the times and the experts of each peer."""
    samples, experts = [Sample(()) for _ in peers], [list[str]() for _ in peers]
    for number, start in enumerate(range(0, len(texts), turn)):
        order = list(range(len(peers)))
        for index in order if number % 2 == 0 else order[::-1]:
            time.sleep(_QUIET_S)
            reply = peers[index].ask("decide", texts[start : start + turn])
            samples[index] += Sample(reply["ns"])
            experts[index] += reply["experts"]
    return list(zip(samples, experts, strict=True))


@contextmanager
def as_many_as_start(kinds: Sequence[str]) -> Iterator[tuple[list[Peer], list[tuple[str, Missing]]]]:
    """The peers that can be started, and the ones that cannot with the reason."""
    with ExitStack() as stack:
        started, absent = [], []
        for kind in kinds:
            try:
                started.append(stack.enter_context(other_peer(kind)))
            except Missing as err:
                absent.append((kind, err))
        yield started, absent
