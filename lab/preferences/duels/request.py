"""What is asked for in bulk: values that say it, and their JSON, so that another process can go on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from lab.errors import DuelError
from lab.exchange import Exchange
from lab.judging import Batch, SampleRule
from lab.preferences.duels.sampling import Sampling
from lab.types import Expert

SplitChoice = Literal["unsealed", "tune", "dev"]
SPLITS: tuple[SplitChoice, ...] = ("unsealed", "tune", "dev")
"""Of a dataset; "unsealed" is all of it but the sealed rows, which stay unread until a router is adopted."""

MOST_TOKENS = 32_768
MOST_IN_FLIGHT = 64
MOST_SYSTEM_CHARS = 32_000


@dataclass(frozen=True, slots=True)
class Source:
    """Where the prompts come from: a dataset by its id, or the events before now, `limit` of them at most."""

    kind: Literal["dataset", "events"]
    dataset_id: str = ""
    split: SplitChoice = "unsealed"
    limit: int = 500  # of events


@dataclass(frozen=True, slots=True)
class Contender:
    """One side: who answers and how. `name` is what its answers are stored under.

    `provider` is settled (ollama, openai or mock), so that nobody stands in when it goes away half way.
    """

    name: str
    expert: str
    model: str
    provider: str
    options: Mapping[str, Any]

    def as_expert(self, system_prompt: str) -> Expert:
        """Return the expert to ask, under a batch's system prompt."""
        return Expert(self.name, self.model, self.provider, system_prompt, options=self.options)


@dataclass(frozen=True, slots=True)
class Request:
    """One batch as a person asks for it. `max_tokens` is the length limit of both sides, unless one has its own."""

    name: str
    source: Source
    sides: tuple[Contender, Contender]
    system_prompt: str
    max_tokens: int
    sampling: Sampling
    wished: int = 1  # votes a duel
    in_flight: int = 8  # requests at a time, where the server does not hold one model


@dataclass(frozen=True, slots=True)
class Item:
    """One prompt of a batch: a row of the dataset or the id of an event, and how it was drawn."""

    key: int | str
    rule: SampleRule
    probability: float
    hardness: float | None
    query_type: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set for one side beside its expert; None leaves the expert's own."""

    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None  # None: the batch's length limit

    def told(self) -> str:
        """Return the settings in words, empty without any."""
        said = asdict(self).items()
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in said if value is not None)


def contenders(
    exchange: Exchange, experts: tuple[Expert, Expert], settings: tuple[Settings, Settings], max_tokens: int
) -> tuple[Contender, Contender]:
    """Return the two sides, with the providers that answer for them now.

    Raises DuelError for settings that cannot work or a model that the server lacks, ConfigError for a provider that is
    not set up.
    """
    names = [expert.name for expert in experts]
    if names[0] == names[1]:
        names = [
            f"{one.name}, {told}" if (told := set_.told()) else one.name
            for one, set_ in zip(experts, settings, strict=True)
        ]
        if names[0] == names[1]:
            names[1] = f"{names[1]}, again"
    first, second = (
        _contender(exchange, name, *of_side, max_tokens)
        for name, of_side in zip(names, zip(experts, settings, strict=True), strict=True)
    )
    return first, second


def _contender(exchange: Exchange, name: str, expert: Expert, own: Settings, max_tokens: int) -> Contender:
    expert = exchange.routers.with_settings(expert)
    limit = max_tokens if own.max_tokens is None else own.max_tokens
    options = dict(expert.options) | {"max_tokens": checked_tokens(limit)}
    if own.temperature is not None:
        if not 0 <= own.temperature <= 2:
            raise DuelError(f"The temperature of {name} is {own.temperature}; it must lie between 0 and 2.")
        options["temperature"] = own.temperature
    expert = replace(expert, model=expert.model if own.model is None else own.model.strip())
    choice = exchange.chosen(expert)
    if choice.missing_model and choice.provider.name != "mock":
        raise DuelError(f"Ollama does not have {choice.missing_model}, so {name} cannot answer. Pull it first.")
    return Contender(name, expert.name, expert.model, choice.provider.name, MappingProxyType(options))


def checked_tokens(limit: int) -> int:
    """Return a length limit. Raises DuelError for one that no answer can keep."""
    if not 1 <= limit <= MOST_TOKENS:
        raise DuelError(f"The length limit is {limit} tokens; it must lie between 1 and {MOST_TOKENS:,}.")
    return limit


def checked(request: Request) -> Request:
    """Return a request that can be tried. Raises DuelError with what is wrong."""
    checked_tokens(request.max_tokens)
    if not 1 <= request.in_flight <= MOST_IN_FLIGHT:
        raise DuelError(f"{request.in_flight} requests at a time cannot be; take 1 to {MOST_IN_FLIGHT}.")
    if request.wished < 1:
        raise DuelError(f"A duel needs at least one vote; {request.wished} was asked for.")
    if request.sampling.n is not None and request.sampling.n < 1:
        raise DuelError(f"The sample has {request.sampling.n} prompts; take at least one.")
    if len(request.system_prompt) > MOST_SYSTEM_CHARS:
        size = len(request.system_prompt)
        raise DuelError(f"The system prompt has {size:,} characters; the limit is {MOST_SYSTEM_CHARS:,}.")
    return request


# ------------------------------------------------------------------------------------------------------------ as JSON


def to_json(request: Request, size: int, items: Sequence[Item]) -> dict[str, Any]:
    """Return what a batch stores: the request, the size of its source, and what was drawn, a column a field."""
    sides = [asdict(replace(side, options={})) | {"options": dict(side.options)} for side in request.sides]
    columns = {name: [getattr(item, name) for item in items] for name in Item.__dataclass_fields__}
    return asdict(replace(request, sides=())) | {"sides": sides, "size": size, "items": columns}  # type: ignore[arg-type]


def from_json(batch: Batch) -> tuple[Request, int, list[Item]]:
    """Return what `to_json` made. Raises DuelError for a batch that was not asked for in bulk."""
    try:
        said = dict(batch.spec)
        size, columns = int(said.pop("size")), said.pop("items")
        sides = tuple(Contender(**side) for side in said.pop("sides"))
        source, sampling = Source(**said.pop("source")), Sampling(**said.pop("sampling"))
        request = Request(**said, source=source, sampling=sampling, sides=(sides[0], sides[1]))
        fields = zip(*(columns[name] for name in Item.__dataclass_fields__), strict=True)
        return request, size, [Item(*values) for values in fields]
    except (KeyError, TypeError, ValueError, IndexError) as err:
        raise DuelError(
            f"The batch {batch.name!r} was not asked for in bulk, so there is nothing to go on with."
        ) from err
