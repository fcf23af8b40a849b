"""What became of every answer of a batch, read off what is stored: true also after a kill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from lab.judging import Batch
from lab.preferences.duels.request import Item, Request, from_json
from lab.preferences.duels.sides import refusal
from lab.records import Response
from lab.store import Store, answers
from lab.store.duels import same_answer

_AT_ONCE = 250  # prompts whose answers are in memory at a time

Place = tuple[int, int]  # of an item, and the side: 0 or 1


def event_id_of(batch_id: str, key: int | str) -> str:
    """Return the id of the event that a prompt of a batch is routed as."""
    return str(uuid5(UUID(batch_id), f"event/{key}"))


def response_id_of(batch_id: str, key: int | str, side: int, attempt: int) -> str:
    """Return the id of an answer, which is its own for each batch, prompt, side and attempt."""
    return _response_id(event_id_of(batch_id, key), side, attempt)


def bulk_ids(event_id: str, attempts: int) -> set[str]:
    """Return the ids that the answers of bulk work to an event have, up to so many attempts."""
    return {_response_id(event_id, side, attempt) for side in (0, 1) for attempt in range(attempts)}


def _response_id(event_id: str, side: int, attempt: int) -> str:
    return str(uuid5(UUID(event_id), f"{side}/{attempt}"))


@dataclass(frozen=True, slots=True)
class Reply:
    """The newest attempt at one answer; `kind` and `sentence` are None where it can stand in a duel."""

    response_id: str
    attempt: int
    provider: str
    kind: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that did not come, or cannot stand in a duel."""

    place: int
    side: int
    expert: str
    kind: str  # as in `lab.errors`, or truncated, unfinished, prompt, not_asked
    sentence: str
    attempts: int


NOT_ASKED = "It was not asked: the work was stopped before. Resume it."


@dataclass(frozen=True, slots=True)
class Standing:
    """How a batch stands. `replies` lack what was never stored; `equal` holds the items whose answers say the same."""

    request: Request
    size: int  # of the source
    items: tuple[Item, ...]
    replies: Mapping[Place, Reply]
    equal: frozenset[int]

    @property
    def asked(self) -> int:
        """How many answers there shall be."""
        return 2 * len(self.items)

    @property
    def answered(self) -> int:
        """How many can stand in a duel."""
        return sum(reply.kind is None for reply in self.replies.values())

    @property
    def failed(self) -> int:
        """How many were tried and cannot."""
        return len(self.replies) - self.answered

    @property
    def duels(self) -> int:
        """How many pairs of different answers there are."""
        return len(self.pairs()) - len(self.equal)

    def pairs(self) -> list[int]:
        """Return the items both of whose answers are good."""
        return [place for place in range(len(self.items)) if self.good(place)]

    def good(self, place: int) -> bool:
        """Tell whether both answers to an item can stand in a duel."""
        found = [self.replies.get((place, side)) for side in (0, 1)]
        return all(reply is not None and reply.kind is None for reply in found)

    @property
    def mock(self) -> int:
        """How many answers are the mock's."""
        return sum(reply.kind is None and reply.provider == "mock" for reply in self.replies.values())


def standing(store: Store, batch: Batch) -> Standing:
    """Return how a batch stands. Raises DuelError for one that was not asked for in bulk, StoreError."""
    request, size, items = from_json(batch)
    replies: dict[Place, Reply] = {}
    equal: set[int] = set()
    for start in range(0, len(items), _AT_ONCE):
        places = range(start, min(start + _AT_ONCE, len(items)))
        newest = _newest(store, batch.id, items, places)
        for (place, side), (attempt, response) in newest.items():
            kind, sentence = refusal(response) or (None, None)
            replies[place, side] = Reply(response.id, attempt, response.provider, kind, sentence)
        for place in places:
            texts = [newest[place, side][1].text for side in (0, 1) if _good(replies.get((place, side)))]
            if len(texts) == 2 and same_answer(*texts):
                equal.add(place)
    return Standing(request, size, tuple(items), replies, frozenset(equal))


def _good(reply: Reply | None) -> bool:
    return reply is not None and reply.kind is None


def _newest(
    store: Store, batch_id: str, items: Sequence[Item], places: Sequence[int]
) -> dict[Place, tuple[int, Response]]:
    """Return the newest attempt of each answer that was stored; a later attempt is made only where one failed."""
    found: dict[Place, tuple[int, Response]] = {}
    open_: list[Place] = [(place, side) for place in places for side in (0, 1)]
    attempt = 0
    while open_:
        ids = {response_id_of(batch_id, items[place].key, side, attempt): (place, side) for place, side in open_}
        stored = answers.by_ids(store, list(ids))
        found |= {ids[response_id]: (attempt, response) for response_id, response in stored.items()}
        open_ = [ids[response_id] for response_id, response in stored.items() if refusal(response)]
        attempt += 1
    return found


def failures(found: Standing, report: Mapping[str, object], *, running: bool = False) -> Iterator[Failure]:
    """Yield every answer that is missing, and why; what waits for its turn while the batch is running is not.

    `report` is the batch's: it says why a server was given up, and which prompts cannot be routed.
    """
    given_up, refused = _sentences(report, "given_up"), _sentences(report, "refused")
    for place in range(len(found.items)):
        for side, contender in enumerate(found.request.sides):
            reply = found.replies.get((place, side))
            if reply is not None and reply.kind is not None:
                sentence = reply.sentence or ""
                yield Failure(place, side, contender.name, reply.kind, sentence, reply.attempt + 1)
            elif reply is None and str(place) in refused:
                yield Failure(place, side, contender.name, "prompt", refused[str(place)], 0)
            elif reply is None and not running:
                yield Failure(place, side, contender.name, "not_asked", given_up.get(str(side), NOT_ASKED), 0)


def _sentences(report: Mapping[str, object], name: str) -> dict[str, str]:
    said = report.get(name)
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, Mapping) else {}
