"""CLINC150 by its paper's protocol: accuracy over the 150 intents, and recall of what is out of scope (OOS).

Every training utterance is used. What can be chosen is chosen on val, counting OOS as a class of its own: the k of the
mean, whether the learned scorer learns from the 100 training OOS rows, and the one threshold. That is the highest
threshold whose accuracy on val lies less than one standard error of the paired difference below the best one's
(Breiman et al., 1984): the lab's rule that of thresholds nobody can tell apart the one that claims least is taken.
The plainly best one on val stands in its own rows: 100 OOS rows among 3,100 leave much of it to chance. The rule was
settled when test figures of both had been seen, so neither is a blind result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from lab.config import load_settings
from lab.encoders import Encoder, load_encoder
from lab.forensics.fit import fit_learned
from lab.forensics.metrics import auroc, wilson
from lab.routing.semantic import SemanticStrategy
from lab.types import NONE, Expert, RouterConfig
from tests.bench.data import SHARED
from tests.bench.report import Missing, Row

TITLE = "CLINC150, 150 intents, all training utterances, one threshold chosen on val (95 % Wilson intervals on test)"
KS = (1, 3, 5, 10, 20, 50)
PAPER = (("BERT", 96.2, 52.3), ("MLP", 93.4, 49.1), ("SVM", 88.2, 18.0))  # Larson et al., EMNLP 2019, table 2
_OOS = "oos"

Split = list[tuple[str, str]]


@dataclass(frozen=True)
class Ranked:
    """The best intent's score for in-scope prompts, whether it is the right one, and the best score of OOS prompts."""

    score: np.ndarray
    right: np.ndarray
    outside: np.ndarray

    def hits(self, threshold: float) -> np.ndarray:
        """Return which rows are right at a threshold, OOS being a class of its own; in-scope rows first."""
        return np.concatenate([self.right & (self.score >= threshold), self.outside < threshold])

    def best(self) -> tuple[float, float]:
        """Return the threshold with the most hits, the highest of equals, and its accuracy."""
        tried = np.unique(np.concatenate([self.score, self.outside]))
        hits = [int(self.hits(one).sum()) for one in tried]
        found = len(hits) - 1 - int(np.argmax(hits[::-1]))
        return float(tried[found]), hits[found] / (len(self.score) + len(self.outside))

    def cautious(self) -> float:
        """Return the highest threshold that is less than one paired standard error below the best."""
        best, _ = self.best()
        at_best = self.hits(best)
        n, chosen = len(at_best), best
        for one in np.unique(np.concatenate([self.score, self.outside])):
            if one > best:
                lost = at_best.astype(int) - self.hits(one)
                if lost.sum() <= np.sqrt(n * lost.var()):
                    chosen = float(one)
        return chosen


def rows() -> Iterator[Row]:
    """Yield accuracy and OOS recall on test: the lab's scorers, and the paper's classifiers."""
    data = _data()
    settings = load_settings()
    encoder = load_encoder("all-MiniLM-L6-v2", settings.cache_dir)
    yield from _cosine(data, encoder)
    yield from _learned(data, encoder)
    for name, accuracy, recall in PAPER:
        yield Row(f"the paper's {name}", baseline=f"accuracy {accuracy / 100:.3f}, OOS recall {recall / 100:.3f}")


def _data() -> dict[str, Split]:
    path = SHARED / "clinc150" / "data_full.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise Missing(f"CLINC150 is not at {path}; set LAB_SHARED to the folder that holds clinc150/") from err
    return {split: [(text, intent) for text, intent in rows_of] for split, rows_of in found.items()}


def _cosine(data: dict[str, Split], encoder: Encoder) -> Iterator[Row]:
    experts = tuple(
        Expert(intent, utterances=tuple(text for text, one in data["train"] if one == intent))
        for intent in sorted({intent for _, intent in data["train"]})
    )
    strategies = {
        k: SemanticStrategy(
            RouterConfig("semantic", experts, NONE, aggregate="mean_top_k", top_k=k), encoder
        ).fit()
        for k in KS
    }  # fmt: skip
    val = {k: _ranked(strategy, data, "val") for k, strategy in strategies.items()}
    k = max(KS, key=lambda one: (val[one].best()[1], float(val[one].right.mean())))
    tried = ", ".join(f"{one}: {val[one].best()[1]:.3f}" for one in KS)
    yield Row("mean of top k: best accuracy on val, OOS a class, by k", tried)
    yield from _on_test(f"mean of top {k}", val[k], _ranked(strategies[k], data, "test"), 0.915, 0.90)


def _learned(data: dict[str, Split], encoder: Encoder) -> Iterator[Row]:
    intents = sorted({intent for _, intent in data["train"]})
    inside, outside = data["train"], [(text, NONE) for text, _ in data["oos_train"]]
    found: dict[str, tuple[SemanticStrategy, Ranked]] = {}
    for name, train in (("without OOS rows", inside), ("with OOS rows as a class", inside + outside)):
        vectors = encoder.encode([text for text, _ in train])
        start = perf_counter()
        weights = fit_learned(vectors, [label for _, label in train], intents, encoder.fingerprint)
        took = perf_counter() - start
        experts = tuple(Expert(intent) for intent in intents)
        config = RouterConfig("semantic", experts, NONE, scorer="learned", learned=weights)
        strategy = SemanticStrategy(config, encoder).fit()
        found[name] = strategy, _ranked(strategy, data, "val")
        accuracy = found[name][1].best()[1]
        yield Row(f"learned {name}: fit of {weights.rows:,} rows", f"{took:.0f} s; accuracy on val {accuracy:.4f}")
    name = max(found, key=lambda one: found[one][1].best()[1])
    strategy, val = found.pop(name)
    yield from _on_test(f"learned {name}", val, _ranked(strategy, data, "test"), 0.95, 0.94)
    for other, (strategy, val) in found.items():
        yield from _on_test(f"learned {other}, not chosen", val, _ranked(strategy, data, "test"), None, None)


def _ranked(strategy: SemanticStrategy, data: dict[str, Split], split: str) -> Ranked:
    scores = strategy.score([text for text, _ in data[split]])
    names = np.array(strategy.rule.experts)
    outside = strategy.score([text for text, _ in data[f"{_OOS}_{split}"]])
    labels = np.array([intent for _, intent in data[split]])
    return Ranked(scores.max(axis=1), names[scores.argmax(axis=1)] == labels, outside.max(axis=1))


def _on_test(name: str, val: Ranked, test: Ranked, least_bare: float | None, least: float | None) -> Iterator[Row]:
    yield _share(f"{name}, without a threshold: accuracy", test.right, least_bare)
    threshold, (plain, _) = val.cautious(), val.best()
    yield from _at(f"{name}, threshold {threshold:.3f}", test, threshold, least, 0.60 if least else None)
    yield from _at(f"  plainly best on val, {plain:.3f}", test, plain, None, None)
    yield Row("  AUROC of the best score, in scope against OOS", f"{auroc(test.score, test.outside):.3f}")


def _at(name: str, test: Ranked, threshold: float, accuracy: float | None, recall: float | None) -> Iterator[Row]:
    yield _share(f"{name}: accuracy", test.right & (test.score >= threshold), accuracy)
    yield _share(f"{name}: OOS recall", test.outside < threshold, recall)


def _share(what: str, hits: np.ndarray, least: float | None) -> Row:
    found = wilson(int(hits.sum()), len(hits))
    figure = f"{found}, n = {len(hits)}"
    return Row(what, figure) if least is None else Row(what, figure, target=f"≥ {least}", reached=found.value >= least)
