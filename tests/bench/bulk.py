"""Bulk encoding: a whole data set at once, against SentenceTransformer.encode."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.clock import Sample
from tests.bench.data import clinc
from tests.bench.peers import lab_peer, other_peer, prepared_data
from tests.bench.report import Row, times

PROMPTS, ROUNDS, LEAST = 4_500, 3, 1.2
TITLE = f"Bulk encoding, {PROMPTS:,} CLINC150 prompts in batches of 64, {ROUNDS} rounds in turn"


def rows() -> Iterator[Row]:
    """Yield the figure of bulk encoding."""
    prompts = clinc("test")[:PROMPTS]
    with (
        prepared_data() as data,
        lab_peer("semantic", data / "cache") as lab,
        other_peer("sentence-transformers") as other,
    ):
        spent: dict[str, list[int]] = {lab.kind: [], other.kind: []}
        for peer in (lab, other):
            peer.ask("encode", clinc("val")[:128])
        for number in range(ROUNDS):
            for peer in (lab, other) if number % 2 == 0 else (other, lab):
                time.sleep(0.2)
                spent[peer.kind] += peer.ask("encode", prompts)["ns"]
    mine, theirs = Sample(spent[lab.kind]), Sample(spent[other.kind])
    ratio = theirs.p50 / mine.p50
    lab_speed, their_speed = (
        f"{len(prompts) / sample.p50 * 1e9:,.0f} prompts/s, {sample.text()}" for sample in (mine, theirs)
    )
    what = "encoded, against SentenceTransformer.encode"
    yield Row(what, lab_speed, their_speed, times(ratio), f"≥ {LEAST}×", ratio >= LEAST)
