"""Layer 2: the decision on a prompt that was never seen, against the same on other encoders, and on a repeated one."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.clock import Sample, duration
from tests.bench.data import clinc
from tests.bench.peers import as_many_as_start, in_turn, lab_peer, prepared_data
from tests.bench.report import Row, times

PROMPTS, WARM_UP, TURN = 300, 30, 10
TITLE = f"Layer 2 decision, {PROMPTS} CLINC150 prompts, each side in its own process, in turns of {TURN}"
LEAST = {"sentence-transformers": 2.5, "semantic-router": 4.0}


def rows() -> Iterator[Row]:
    """Yield the figures of layer 2."""
    prompts, warm_up = clinc("test")[:PROMPTS], clinc("val")[:WARM_UP]
    with (
        prepared_data() as data,
        lab_peer("semantic", data / "cache") as lab,
        as_many_as_start(list(LEAST)) as (others, absent),
    ):
        for peer in (lab, *others):
            peer.ask("decide", warm_up)
        (new, decided), *measured = in_turn([lab, *others], prompts, turn=TURN)
        for peer, (baseline, experts) in zip(others, measured, strict=True):
            yield _against(peer.kind, new, baseline, sum(a == b for a, b in zip(decided, experts, strict=True)))
        for kind, reason in absent:
            yield Row(f"new prompt, against {kind}", new.text(p99=True), target=_target(kind), missing=str(reason))
        repeated = Sample(lab.ask("decide", prompts)["ns"])
    ratio = new.p50 / repeated.p50
    yield Row(
        "repeated prompt", repeated.text(p99=True), f"new {duration(new.p50)}", times(ratio), "≥ 100×", ratio >= 100
    )


def _against(kind: str, lab: Sample, baseline: Sample, same: int) -> Row:
    ratio = baseline.p50 / lab.p50
    what = f"new prompt, against {kind} ({same} of {lab.n} alike)"
    baseline_text = baseline.text(p99=True)
    return Row(what, lab.text(p99=True), baseline_text, times(ratio), _target(kind), ratio >= LEAST[kind])


def _target(kind: str) -> str:
    return f"≥ {LEAST[kind]:g}×" + (", aim 3×" if kind == "sentence-transformers" else "")
