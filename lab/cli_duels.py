"""`python -m lab duels generate | list`: prompts put to two experts, so that people can judge the answers.

Progress is on standard error. Exit status: 0 every answer came, 1 some failed (ask again with --resume and --retry).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from lab.cli_dataset_lines import harmless, say, say_json
from lab.errors import DuelError, NotFound

if TYPE_CHECKING:
    from lab.exchange import Exchange
    from lab.jobs import Jobs
    from lab.judging import Batch
    from lab.preferences.duels.request import Request, Settings, Source
    from lab.records import Job
    from lab.types import Expert

_POLL_S = 0.2
_SHOWN = 10
_TOKENS = 400


def add_parser(commands: Any) -> None:
    """Add the command to the subparsers of `python -m lab`."""
    duels = commands.add_parser("duels", help="answers in pairs, to be judged on the Label page")
    actions = duels.add_subparsers(required=True, metavar="action")

    generate = actions.add_parser("generate", help="ask two experts, or one at two settings, the same prompts")
    source = generate.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", metavar="NAME", help="name or id of a stored dataset; sealed rows are left out")
    source.add_argument("--events", type=int, metavar="N", help="the newest N events instead, each conversation once")
    source.add_argument("--resume", metavar="BATCH", help="go on with a batch: what is stored is not asked for again")
    generate.add_argument("--retry", action="store_true", help="with --resume: ask for failed answers again, too")
    generate.add_argument("--split", choices=["tune", "dev"], help="of the dataset; without: both")
    generate.add_argument("--experts", metavar="A,B", help="two experts of the live router; A,A with two settings")
    generate.add_argument(
        "--sample", default="random:100", metavar="RULE", help="all, random:N, or hardest:N, of which 30 %% are random"
    )
    generate.add_argument("--seed", type=int, default=0, metavar="N", help="of the sample; without: 0")
    generate.add_argument("--system", metavar="TEXT", help="system prompt of both; without: the first expert's")
    generate.add_argument(
        "--max-tokens", type=int, default=_TOKENS, metavar="N", help=f"of an answer; without: {_TOKENS}"
    )
    generate.add_argument("--temperature", metavar="T[,T]", help="of both, or of each; without: the experts' own")
    generate.add_argument("--model", metavar="M[,M]", help="of both, or of each; without: the experts' own")
    generate.add_argument("--wished", type=int, default=1, metavar="N", help="votes a duel shall get; without: 1")
    generate.add_argument("--in-flight", type=int, default=8, metavar="N", help="requests at a time; Ollama gets one")
    generate.add_argument("--name", metavar="NAME", help="of the batch; without: source and experts")
    generate.add_argument("--json", action="store_true", help="one JSON object, with every failure")
    generate.add_argument("-o", "--override", action="append", default=[], metavar="KEY=VALUE", help="a Hydra override")
    generate.set_defaults(run=run_generate)

    listing = actions.add_parser("list", help="list the batches, the newest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(run=run_list)


def run_generate(arguments: argparse.Namespace) -> int:
    """Ask, store, print what came of it, and return the exit status.

    Raises DuelError, ConfigError and NotFound for bad input, EncoderUnavailable, JobError and StoreError.
    """
    from lab.preferences.duels import generating, telling
    from lab.store import batches
    from lab.types import new_id

    if arguments.retry and not arguments.resume:
        raise DuelError("--retry needs --resume BATCH. `python -m lab duels list` names the batches.")
    with _opened(arguments.override) as (exchange, jobs):
        if arguments.resume:
            batch_id = arguments.resume
            job_id = generating.resume(jobs, exchange, batch_id, again=arguments.retry)
        else:
            batch_id, (request, source, size) = new_id(), _request(arguments, exchange)
            _aside(f"Batch {batch_id}: {telling.plan(request, source, size)}")
            job_id = generating.begin(jobs, exchange, batch_id, request)
        job = _watched(jobs, job_id)
        try:
            batch = batches.get(exchange.store, batch_id)
        except NotFound as err:  # nothing was drawn yet
            raise DuelError(job.error or "It was stopped before any prompt was drawn, so nothing was asked.") from err
        if job.error:
            _aside(job.error)
        return _told(exchange, batch, job, as_json=arguments.json)


@contextmanager
def _opened(overrides: Sequence[str]) -> Iterator[tuple[Exchange, Jobs]]:
    from lab.config import compose, load_settings
    from lab.exchange import Exchange, providers_of
    from lab.jobs import Jobs
    from lab.live import Routers
    from lab.store import open_store

    settings = load_settings()
    providers = providers_of(compose(overrides, settings.conf_dir).providers)
    with closing(open_store(settings.database_url, settings.data_dir)) as store:
        jobs = Jobs(store)
        try:
            yield Exchange(store, Routers(store, settings, overrides), providers, jobs), jobs
        finally:
            jobs.close()  # which stops the work where Ctrl+C got here


# ------------------------------------------------------------------------------------------------- what is asked for


def _request(arguments: argparse.Namespace, exchange: Exchange) -> tuple[Request, str, int]:
    """Return what is asked for, what its source is called and how many prompts that has."""
    from lab.preferences.duels.request import Request, checked, contenders
    from lab.preferences.duels.sampling import parse
    from lab.preferences.duels.sources import prompts_of

    experts = _experts(arguments.experts, exchange)
    sides = contenders(exchange, experts, _settings(arguments), arguments.max_tokens)
    source, named = _source(arguments, exchange)
    request = checked(
        Request(
            name=arguments.name or f"{named}: {sides[0].name} against {sides[1].name}",
            source=source,
            sides=sides,
            system_prompt=experts[0].system_prompt if arguments.system is None else arguments.system,
            max_tokens=arguments.max_tokens,
            sampling=parse(arguments.sample, arguments.seed),
            wished=arguments.wished,
            in_flight=arguments.in_flight,
        )
    )
    return request, named, len(prompts_of(exchange, source))


def _source(arguments: argparse.Namespace, exchange: Exchange) -> tuple[Source, str]:
    from lab.preferences.duels.request import Source
    from lab.store import datasets

    if arguments.events is not None:
        if arguments.events < 1:
            raise DuelError(f"--events is {arguments.events}; take at least one.")
        return Source("events", limit=arguments.events), "the newest events"
    dataset = datasets.find(exchange.store, arguments.dataset)
    return Source("dataset", dataset.id, arguments.split or "unsealed"), dataset.name


def _experts(given: str | None, exchange: Exchange) -> tuple[Expert, Expert]:
    config = exchange.routers.live().version.config
    names = [expert.name for expert in config.experts]
    wanted = names[:2] if given is None else [name.strip() for name in given.split(",")]
    if len(wanted) != 2 or not set(wanted) <= set(names):
        raise DuelError(f"--experts {given!r} are not two experts. Write A,B with two of: {', '.join(names[:8])}.")
    return config.expert(wanted[0]), config.expert(wanted[1])


def _settings(arguments: argparse.Namespace) -> tuple[Settings, Settings]:
    from lab.preferences.duels.request import Settings

    models = _of_each("--model", arguments.model)
    temperatures: list[float | None] = []
    for text in _of_each("--temperature", arguments.temperature):
        try:
            temperatures.append(None if text is None else float(text))
        except ValueError as err:
            raise DuelError(f"--temperature {text!r} is no number. Write 0.7, or 0.2,0.9 for each side.") from err
    first, second = (Settings(model, degrees) for model, degrees in zip(models, temperatures, strict=True))
    return first, second


def _of_each(option: str, given: str | None) -> list[str | None]:
    """Return an option's value for each side: one for both, or two."""
    if given is None:
        return [None, None]
    values = [value.strip() for value in given.split(",")]
    if len(values) > 2 or not all(values):
        raise DuelError(f"{option} {given!r} is not one value, or one for each side. Write two with a comma between.")
    return [values[0], values[-1]]


# ------------------------------------------------------------------------------------------------- what came of it


def _watched(jobs: Jobs, job_id: str) -> Job:
    """Wait for the job and say how far it is, whichever process does it."""
    job = jobs.wait(job_id, _POLL_S)
    while job.state in ("queued", "running"):
        if sys.stderr.isatty():
            share = f"{job.done / job.total:.0%}, " if job.total else ""
            left = "" if job.eta_s is None else f", about {job.eta_s:.0f} s to go"
            sys.stderr.write(f"\r\033[K{share}{harmless(job.note)}{left}")
            sys.stderr.flush()
        time.sleep(_POLL_S)
        job = jobs.get(job_id)
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    return job


def _told(exchange: Exchange, batch: Batch, job: Job, *, as_json: bool) -> int:
    from lab.preferences.duels import telling
    from lab.preferences.duels.sources import turns_of
    from lab.preferences.duels.standing import failures, standing

    found = standing(exchange.store, batch)
    missing = list(failures(found, batch.report))
    turns = turns_of(exchange, found.request.source, found.items) if missing else []
    listed = [
        {"prompt": turns[one.place][-1].content, "expert": one.expert, "kind": one.kind, "reason": one.sentence}
        for one in missing
    ]
    if as_json:
        said = {name: batch.report.get(name) for name in ("asked", "answered", "equal", "duels", "mock", "retried")}
        say_json({"batch": batch.id, "state": job.state, **said, "failed": len(missing), "failures": listed})
        return 1 if missing else 0
    say(f"{telling.outcome(dict(batch.report) | {'failed': len(missing)})} Judge them on the Label page.")
    for one in listed[:_SHOWN]:
        say(f"  {one['expert']}, {one['kind']}: {one['reason']} Prompt: {' '.join(one['prompt'].split())[:80]}")
    if missing:
        more = f"{len(missing) - _SHOWN:,} more. " if len(missing) > _SHOWN else ""
        say(f"{more}Ask again: python -m lab duels generate --resume {batch.id} --retry")
    return 1 if missing else 0


def run_list(arguments: argparse.Namespace) -> int:
    """Print the batches that were asked for in bulk. Raises StoreError."""
    from lab.preferences.duels import telling
    from lab.store import batches

    with _opened(()) as (exchange, _):
        found = batches.listed(exchange.store, "bulk")
    for batch in found:
        if arguments.json:
            at = batch.created_at.isoformat()
            say_json({"batch": batch.id, "name": batch.name, "created_at": at, "report": dict(batch.report)})
        else:
            say(f"{batch.id}  {batch.created_at:%Y-%m-%d %H:%M}  {batch.name}: {telling.outcome(batch.report)}")
    if not found and not arguments.json:
        say("No duels were asked for in bulk yet: python -m lab duels generate --dataset NAME")
    return 0


def _aside(line: str) -> None:
    sys.stderr.write(f"{harmless(line)}\n")
