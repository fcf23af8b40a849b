"""The prompts of a source, and how hard they are for the live router."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import DuelError, NotFound
from lab.exchange import Exchange
from lab.forensics.datasets import load
from lab.forensics.datasets.work import CHUNK
from lab.forensics.evidence import Evidence
from lab.forensics.hardest import hardest_first, hardness
from lab.forensics.stored_figures import UNASKED
from lab.messages import Message
from lab.preferences.duels.request import Item, Request, Source
from lab.preferences.duels.sampling import draw
from lab.store import conversations, events
from lab.types import RouterConfig

Turns = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Prompts:
    """The conversations of a source, in its order, each ending with the user's prompt; columns of equal length."""

    keys: tuple[int | str, ...]  # rows of the dataset, or ids of events
    turns: tuple[Turns, ...]
    query_types: tuple[str | None, ...]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.keys)


def prompts_of(exchange: Exchange, source: Source) -> Prompts:
    """Return the prompts that can be drawn: the rows of a split, or the newest events, each conversation once.

    Events of bulk work are no traffic and left out. Raises NotFound for a dataset that is gone, DatasetOutOfReach.
    """
    if source.kind == "events":
        return _of_events(exchange, source.limit)
    rows = load(exchange.store, exchange.routers.settings.data_dir, source.dataset_id)
    wanted = ("tune", "dev") if source.split == "unsealed" else (source.split,)
    places = [row for row, split in enumerate(rows.splits) if split in wanted]
    return Prompts(
        tuple(places),
        tuple((Message("user", rows.prompts[row]),) for row in places),
        tuple(rows.query_types[row] for row in places),
    )


def _of_events(exchange: Exchange, limit: int) -> Prompts:
    found: dict[str, tuple[str, Turns]] = {}
    for event in events.recent(exchange.store, limit, without=UNASKED):
        turns = _without_system(event.conversation)
        if turns and turns[-1].role == "user" and turns[-1].content.strip():
            found.setdefault(conversations.conversation_id(turns), (event.id, turns))
    ids, turns_of_each = (tuple(column) for column in zip(*found.values(), strict=True)) if found else ((), ())
    return Prompts(ids, turns_of_each, (None,) * len(found))


def _without_system(conversation: Sequence[Message]) -> Turns:
    return tuple(message for message in conversation if message.role != "system")


def turns_of(exchange: Exchange, source: Source, items: Sequence[Item]) -> list[Turns]:
    """Return the conversations of what was drawn. Raises DuelError where the dataset or an event is gone."""
    try:
        if source.kind == "events":
            return [_without_system(events.get(exchange.store, str(item.key)).conversation) for item in items]
        rows = load(exchange.store, exchange.routers.settings.data_dir, source.dataset_id)
        return [(Message("user", rows.prompts[int(item.key)]),) for item in items]
    except (NotFound, IndexError) as err:
        raise DuelError(f"The prompts of this batch are not here any more, so it cannot go on. {err}") from err


def drawn(exchange: Exchange, request: Request, said: Callable[[int, int, str], None]) -> tuple[int, list[Item]]:
    """Return the size of the source and what is drawn from it, with how hard each prompt is for the live router.

    `said` is told how many prompts of how many are encoded; what it raises stops the work. Raises DuelError where the
    source is empty, EncoderUnavailable.
    """
    prompts = prompts_of(exchange, request.source)
    texts = [turns[-1].content for turns in prompts.turns]
    order: list[int] = []
    if request.sampling.rule == "hardest":
        evidence, config = _evidence(exchange, texts, said)
        every = np.arange(len(texts))
        order = hardest_first(evidence, config, every).tolist()
    sample = draw(request.sampling, len(prompts), order)
    evidence, config = _evidence(exchange, [texts[one.place] for one in sample], said)
    hard = hardness(evidence, config, np.arange(len(sample))).tolist()
    items = [
        Item(prompts.keys[one.place], one.rule, one.probability, hard[at], prompts.query_types[one.place])
        for at, one in enumerate(sample)
    ]
    return len(prompts), items


def _evidence(
    exchange: Exchange, texts: Sequence[str], said: Callable[[int, int, str], None]
) -> tuple[Evidence, RouterConfig]:
    live = exchange.routers.live()
    if live.version.config.strategy != "keyword":
        for start in range(0, len(texts), CHUNK):
            said(start, len(texts), "encoding the prompts")
            live.encoder.encode(texts[start : start + CHUNK])  # the encoder remembers
    return Evidence(texts, live.encoder), live.version.config
