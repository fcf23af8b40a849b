"""From an event of the Route page to a duel: which two answers, and which expert is asked for the other one.

Both answers of a duel stand under one system prompt. The reference is an answer that is there; the other expert is
asked under the reference's system prompt and length limit, unless it has answered so before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID, uuid5

import numpy as np

from lab.errors import ConfigError, DuelError, EncoderUnavailable
from lab.exchange import Exchange, Routed
from lab.forensics.evidence import Evidence
from lab.forensics.hardest import hardness
from lab.jobs import JobContext, Jobs
from lab.judging import AddedDuel, Duel, DuelOrigin, NewDuel
from lab.preferences.duels.asking import Patience, Server
from lab.preferences.duels.sides import refusal, side_of
from lab.records import Response
from lab.store import Store, answers, duels
from lab.types import NONE, Expert, ExpertScore, RouterConfig

KIND = "duel"
"""The kind of the jobs that ask one expert for one duel."""

_LIMIT = "max_tokens"


@dataclass(frozen=True, slots=True)
class Pairing:
    """A reference and the expert to set beside it. `ready` is its answer where one that fits is stored.

    `response_id` is that of the answer to ask for; `failed` the newest one that was asked for so and came to nothing.
    """

    routed: Routed
    reference: Response
    other: Expert
    ready: Response | None
    response_id: str
    failed: Response | None

    @property
    def key(self) -> str:
        """What the work on it is known by: event, reference and expert."""
        return f"{self.routed.event.id} {self.reference.id} {self.other.name}"

    @property
    def equal(self) -> bool:
        """Whether both answers say the same, which makes no duel."""
        return self.ready is not None and duels.same_answer(self.reference.text, self.ready.text)


def is_own(config: RouterConfig, response: Response) -> bool:
    """Tell whether an expert answered as itself, and not under another's system prompt for a duel."""
    own = next((expert for expert in config.experts if expert.name == response.expert), None)
    return own is not None and own.system_prompt == response.system_prompt


def own_answers(routed: Routed, responses: Iterable[Response]) -> dict[str, Response]:
    """Return the newest whole answer of each expert that answered as itself, in the order of the experts."""
    found = {one.expert: one for one in responses if is_own(routed.version.config, one) and refusal(one) is None}
    return {one.name: found[one.name] for one in routed.version.config.experts if one.name in found}


def reference_of(routed: Routed, responses: Sequence[Response]) -> Response:
    """Return the answer of the expert that the prompt was routed to, or the first one where that is nobody.

    Raises DuelError, which says why, where there is none that can stand in a duel.
    """
    name, whole = routed.event.decision.expert, own_answers(routed, responses)
    if name in whole:
        return whole[name]
    if name == NONE and whole:
        return next(iter(whole.values()))
    tried = [one for one in responses if one.expert == name and is_own(routed.version.config, one)]
    reason = refusal(tried[-1]) if tried else None
    if reason:
        raise DuelError(reason[1])
    who = "No expert has" if name == NONE else f"{name} has not"
    raise DuelError(f"{who} answered this prompt, so there is nothing to compare with. Ask every expert.")


def runner_up(config: RouterConfig, scores: Sequence[ExpertScore], beside: str) -> str | None:
    """Return who is asked where the answer of `beside` is thought bad; None where there is no other expert.

    The best scored other expert, which is the second-best one of a prompt that layer 2 decided; without scores the
    fallback, or else the first other expert.
    """
    others = [expert.name for expert in config.experts if expert.name != beside]
    scored = {one.expert: one.score for one in scores if one.score is not None and one.expert in others}
    if scored:
        return max(others, key=lambda name: scored.get(name, -np.inf))
    return config.fallback if config.fallback in others else next(iter(others), None)


def pairing(exchange: Exchange, routed: Routed, reference: Response, other: str) -> Pairing:
    """Return what a duel of a stored answer and another expert takes.

    Raises DuelError where the reference failed or is unfinished, or the other expert is the same one, StoreError.
    """
    reason = refusal(reference)
    if reason is not None:
        raise DuelError(reason[1])
    if other == reference.expert:
        raise DuelError(f"A duel takes two experts, and both would be {other}. Name another one.")
    expert = _under(exchange.routers.with_settings(routed.version.config.expert(other)), reference)
    mine, attempt = uuid5(UUID(routed.event.id), f"duel/{reference.id}/{other}"), 0
    ready = failed = None
    for one in answers.responses(exchange.store, routed.event.id):
        if one.expert == other and _alike(one, expert) and refusal(one) is None:
            ready = one
    while found := answers.by_ids(exchange.store, [str(uuid5(mine, str(attempt)))]):
        attempt, failed = attempt + 1, next(iter(found.values()))
        if refusal(failed) is None:
            break
    return Pairing(routed, reference, expert, ready, str(uuid5(mine, str(attempt))), None if ready else failed)


def _under(expert: Expert, reference: Response) -> Expert:
    """Return the expert as it is asked: under the reference's system prompt and length limit."""
    options = {name: value for name, value in expert.options.items() if name != _LIMIT}
    if _LIMIT in reference.options:
        options[_LIMIT] = reference.options[_LIMIT]
    return replace(expert, system_prompt=reference.system_prompt, options=MappingProxyType(options))


def _alike(response: Response, expert: Expert) -> bool:
    same_limit = response.options.get(_LIMIT) == expert.options.get(_LIMIT)
    return same_limit and response.system_prompt == expert.system_prompt


# ------------------------------------------------------------------------------------------------------------ the duel


def duel_of(pair: Pairing, answer: Response, origin: DuelOrigin, hardness: float | None = None) -> NewDuel:
    """Return the duel of the reference and an answer: picked by a person, so nothing tells how likely that was."""
    event = pair.routed.event
    return NewDuel(
        conversation=tuple(message for message in event.conversation if message.role != "system"),
        system_prompt=pair.reference.system_prompt,
        first=side_of(pair.reference),
        second=side_of(answer),
        origin=origin,
        rule="picked",
        hardness=hardness,
        event_id=event.id,
    )


def in_labelling(store: Store, pair: Pairing) -> Duel | None:
    """Return the duel of a pairing where it is stored, whoever brought it; None without. Raises StoreError."""
    duel_id = None if pair.ready is None else duels.id_of(duel_of(pair, pair.ready, "route"))
    return None if duel_id is None else duels.by_ids(store, [duel_id]).get(duel_id)


def _hardness(exchange: Exchange, routed: Routed) -> float | None:
    try:
        live = exchange.routers.of(routed.version)
        evidence = Evidence([routed.event.decision.prompt], live.encoder)
        return float(hardness(evidence, live.version.config, np.zeros(1, dtype=np.int64))[0])
    except (ConfigError, EncoderUnavailable):
        return None  # a version that cannot route any more says nothing of how hard it was


def make(exchange: Exchange, pair: Pairing, origin: DuelOrigin) -> AddedDuel:
    """Store the duel of two answers that are there; equal ones make none. Raises DuelError, StoreError."""
    if pair.ready is None:
        raise DuelError(f"{pair.other.name} has not answered under this system prompt yet. Ask it first.")
    return duels.add(exchange.store, [duel_of(pair, pair.ready, origin, _hardness(exchange, pair.routed))])[0]


def ask(jobs: Jobs, exchange: Exchange, pair: Pairing, origin: DuelOrigin, *, patience: Patience | None = None) -> str:
    """Start asking the other expert, as a job that then makes the duel, and return the job's id.

    One that runs already is not started twice, and an answer that was stored is not asked for again. The job fails with
    the sentence that says why there is no duel. Raises JobError, StoreError.
    """

    def work(job: JobContext) -> None:
        job.progress(0, 1, f"under the system prompt of {pair.reference.expert}")
        server = Server(patience or Patience(), job.cancelled)
        with server.slot():
            answer = pair.ready or exchange.answer_as(
                pair.routed.event, pair.other, pair.response_id, job.cancelled, server.one_answer(0)
            )
        job.check()
        reason = refusal(answer) if answer is not None else ("", "It was stopped.")
        if answer is None or reason is not None:
            raise DuelError(f"{reason[1] if reason else ''} No duel was made.")
        duels.add(exchange.store, [duel_of(pair, answer, origin, _hardness(exchange, pair.routed))])
        job.progress(1, 1)

    return jobs.start(KIND, f"Ask {pair.other.name} for a duel", work, key=pair.key)
