"""`python -m lab check PROBES`: run a file of probes against the router that is live, in a CI for example.

Exit status: 0 all probes passed, 1 a miss, 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import DatasetError, NotFound
from lab.one_line import one_line
from lab.types import NONE

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.forensics.probes import Probe, ProbeReport, ProbeResult
    from lab.records import RouterVersion
    from lab.store import Store
    from lab.types import RouterConfig

_SHOWN_CHARS = 80
_NAMED = 6  # experts in a sentence


def add_parser(commands: Any) -> None:
    """Add the command to the subparsers of `python -m lab`."""
    check = commands.add_parser("check", help="run a file of probes; exit 1 on a miss")
    check.add_argument("probes", metavar="PROBES", help="JSON Lines with `prompt` and `expert`; - for stdin")
    check.add_argument("--json", action="store_true", help="one JSON object")
    check.add_argument("-o", "--override", action="append", default=[], metavar="KEY=VALUE", help="a Hydra override")
    check.set_defaults(run=run_check)


def run_check(arguments: argparse.Namespace) -> int:
    """Route every probe, print the misses and a summary by tag, and return the exit status.

    Raises ConfigError and PromptError for bad input, EncoderUnavailable and StoreError where the lab cannot work.
    """
    from lab.config import load_settings
    from lab.forensics import probes
    from lab.live import Routers

    try:
        wanted = probes.read(sys.stdin.buffer.read() if arguments.probes == "-" else Path(arguments.probes))
    except DatasetError as err:
        reason = " ".join(str(err).split())
        sys.stderr.write(f"lab: {reason if arguments.probes in reason else f'{arguments.probes}: {reason}'}\n")
        return 2
    settings = load_settings()
    store = _store(settings, arguments)
    live = Routers(store, settings, arguments.override).live()
    unknown = _unknown(store, live.version.config, wanted)
    if unknown:
        sys.stderr.write(f"lab: {arguments.probes}: {unknown}\n")
        return 2
    report = probes.run(live.strategy, wanted)
    said = json.dumps(_json(report, live.version), ensure_ascii=False) if arguments.json else "\n".join(_lines(report))
    sys.stdout.write(said + "\n")
    sys.stdout.flush()  # here, where a reader that has gone away is still understood
    return 1 if report.failed else 0


def _store(settings: Settings, arguments: argparse.Namespace) -> Store | None:
    """The database, to learn which router is live; None where overrides say it, or nothing was ever stored."""
    if any(not override.startswith("providers.") for override in arguments.override):
        return None
    from lab.store import open_store

    try:
        return open_store(settings.database_url, settings.data_dir, read_only=True)
    except NotFound:
        return None


def _unknown(store: Store | None, config: RouterConfig, wanted: Sequence[Probe]) -> str | None:
    """Return what is to be said where a probe wants an expert that no version ever had: it could never pass."""
    from lab.store import versions

    names = {NONE, *(expert.name for expert in config.experts)}
    if store is not None and any(probe.expert not in names for probe in wanted):
        names |= {expert.name for version in versions.recent(store) for expert in version.config.experts}
    number, name = next(((at, one.expert) for at, one in enumerate(wanted, 1) if one.expert not in names), (0, ""))
    if not number:
        return None
    had = ", ".join(_shown(expert.name) for expert in config.experts[:_NAMED])
    more = ", …" if len(config.experts) > _NAMED else ""
    return (
        f"Probe {number} wants {_shown(name)!r}, and there is no expert of that name in this router ({had}{more}) or "
        "in an earlier version. Correct the name."
    )


def _lines(report: ProbeReport) -> list[str]:
    lines = [f"miss: {_shown(one.probe.prompt)}: {one.wrong}{_about(one)}" for one in report.failed]
    if set(report.by_tag) != {""}:
        lines += [f"{_shown(tag) or 'untagged'}: {of.passed} of {of.n} passed" for tag, of in report.by_tag.items()]
    return [*lines, f"{report.tally.passed} of {report.tally.n} probes passed"]


def _about(result: ProbeResult) -> str:
    tags = ", ".join(_shown(tag) for tag in result.probe.tags)
    return (f" [{tags}]" if tags else "") + (f" ({_shown(result.probe.note)})" if result.probe.note else "")


def _shown(text: str) -> str:
    return one_line(text, _SHOWN_CHARS)


def _json(report: ProbeReport, version: RouterVersion) -> dict[str, Any]:
    return {
        "passed": report.tally.passed,
        "n": report.tally.n,
        "by_tag": {tag: tally._asdict() for tag, tally in report.by_tag.items()},
        "probes": [
            {
                "prompt": one.probe.prompt,
                "wanted": one.probe.expert,
                "wanted_layer": one.probe.layer and one.probe.layer.value,
                "expert": one.expert,
                "layer": one.layer.value,
                "passed": one.passed,
                "wrong": one.wrong,
                "tags": list(one.probe.tags),
                "note": one.probe.note,
            }
            for one in report.results
        ],
        "router_version": {
            "number": version.number,
            "name": version.name,
            "origin": version.origin,
            "content_hash": version.content_hash,
        },
    }
