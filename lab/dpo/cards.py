"""The card of a dataset, from what its snapshot keeps: written again, it is the same to the byte."""

from __future__ import annotations

from datetime import datetime

from lab.dpo import wording
from lab.dpo.formats.card import Card, Source
from lab.dpo.report import Report
from lab.dpo.spec import Spec, to_json


def card_of(
    spec: Spec, report: Report, *, name: str, licence: str, created: datetime, content_hash: str, snapshot_id: str
) -> Card:
    """Return the card of a snapshot."""
    return Card(
        name=name,
        licence=licence,
        created=created,
        hash=content_hash,
        snapshot_id=snapshot_id,
        spec=to_json(spec),
        asked=wording.asked(spec),
        agreement=wording.agreement(report),
        biases=wording.biases(report),
        sources=tuple(
            Source(
                one.by,
                one.model,
                one.chosen,
                one.rejected,
                bool(spec.policy.model) and spec.policy.model in (one.by, one.model),
            )
            for one in report.authors
        ),
        policy=wording.policy(report, spec),
        losses=wording.losses(report),
        findings=tuple(wording.finding(one) for one in report.findings if one.severity == "warn"),
        system_prompt=wording.system_prompt(spec),
        split=wording.split(spec, report),
        counts={},
    )
