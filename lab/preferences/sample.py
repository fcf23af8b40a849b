"""The removable sample workspace: answers, duels, annotators and votes that the lab brings, marked "sample"."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.config import REPOSITORY
from lab.errors import DatasetError
from lab.judging import AddedDuel, Annotator, Batch, NewDuel, NewVote, Side
from lab.messages import Message
from lab.store import Store, annotators, batches, duels, given_votes, sample_rows
from lab.store.sample_rows import KIND, SampleRows

FILE = REPOSITORY / "data" / "sample" / "duels.jsonl"
DAY = datetime(2026, 9, 14, tzinfo=UTC)
"""The midnight from which the minutes of the votes in the file count."""

BATCH = "sample"
WISHED = 2
"""The votes that each sample duel wishes for, so that there is an overlap to look at."""

_AGAIN = "Take that file from the repository again."


@dataclass(frozen=True, slots=True)
class SampleVote:
    """A vote of the file; `verdict` and `left` name experts, `at` is minutes since `DAY`."""

    annotator: str
    verdict: str
    left: str
    strength: int | None
    tags: tuple[str, ...]
    note: str
    at: float
    took_ms: int
    round: int


@dataclass(frozen=True, slots=True)
class SampleDuel:
    """A line of the file."""

    conversation: tuple[Message, ...]
    system_prompt: str
    query_type: str
    answers: Mapping[str, str]  # text by expert, two of them
    votes: tuple[SampleVote, ...]


def read(path: Path = FILE) -> list[SampleDuel]:
    """Return the duels of the file. Raises DatasetError for one that is missing or damaged, naming the line."""
    try:
        with path.open(encoding="utf-8") as lines:
            return [_duel(text, f"{path}, line {number}") for number, text in enumerate(lines, start=1)]
    except (OSError, UnicodeDecodeError) as err:
        raise DatasetError(f"The sample workspace cannot be read from {path}: {err}. {_AGAIN}") from err


def present(store: Store) -> bool:
    """Tell whether any of the sample workspace is in the store. Raises StoreError."""
    return sample_rows.is_there(store)


def add(store: Store) -> Batch:
    """Store the sample workspace and return its batch; what is there already stays as it is.

    Raises DatasetError for a file that cannot be read, StoreError.
    """
    lines = read()
    spec = {"file": FILE.relative_to(REPOSITORY).as_posix(), "wished": WISHED}
    batch = batches.begin(store, BATCH, kind="sample", name="Sample workspace", spec=spec)
    if batch.report.get("removed"):
        batches.report(store, batch.id, {})  # unfinished from here on: a kill leaves what a next start finishes
    added = duels.add(store, [_new_duel(line, batch.id) for line in lines])
    people = {name: _annotator(store, name) for name in sorted({vote.annotator for one in lines for vote in one.votes})}
    given = [
        _new_vote(vote, line, sides, people[vote.annotator])
        for line, sides in zip(lines, added, strict=True)
        for vote in line.votes
    ]
    given_votes.record_many(store, sorted(given, key=lambda vote: vote.created_at))
    batches.report(store, batch.id, {"duels": len(added), "votes": len(given)})
    return batches.get(store, batch.id)


def would_remove(store: Store) -> SampleRows:
    """Return what `remove` would take, the votes and answers of people among it. Raises StoreError."""
    return sample_rows.counts(store)


def remove(store: Store) -> SampleRows:
    """Delete the sample workspace with everything on it and return how much that was; the store keeps only that it was.

    Raises StoreError; then nothing was deleted.
    """
    return sample_rows.remove(store, {"removed": True})


def ensure_first_run(store: Store) -> bool:
    """Add the sample workspace to a store that never held a duel, and tell whether it was added.

    It does not come back once it was removed. One that a killed process left unfinished is finished. Raises
    DatasetError, StoreError.
    """
    if store.read_only:
        return False
    known = batches.listed(store, "sample")
    unfinished = bool(known) and not known[0].report
    if unfinished or (not known and sample_rows.no_duel(store)):
        add(store)
        return True
    return False


# ------------------------------------------------------------------------------------------------- from the file


def _duel(text: str, place: str) -> SampleDuel:
    try:
        line = json.loads(text)
        return SampleDuel(
            conversation=tuple(Message(turn["role"], turn["content"]) for turn in line["conversation"]),
            system_prompt=line["system_prompt"],
            query_type=line["query_type"],
            answers={answer["expert"]: answer["text"] for answer in line["answers"]},
            votes=tuple(SampleVote(**{**vote, "tags": tuple(vote["tags"])}) for vote in line["votes"]),
        )
    except (ValueError, KeyError, TypeError) as err:
        raise DatasetError(f"The sample workspace is damaged at {place}: {err}. {_AGAIN}") from err


def _new_duel(line: SampleDuel, batch_id: str) -> NewDuel:
    first, second = (
        Side(_response_id(line, expert), text, expert=expert, provider=KIND, model=KIND)
        for expert, text in line.answers.items()
    )
    return NewDuel(
        conversation=line.conversation, system_prompt=line.system_prompt, first=first, second=second, origin="sample",
        rule="random", query_type=line.query_type, batch_id=batch_id, wished=WISHED,
    )  # fmt: skip


def _response_id(line: SampleDuel, expert: str) -> str:
    """Return an id that the same answer has every time, and another one hardly ever."""
    said = [*(turn.content for turn in line.conversation), line.system_prompt, expert, line.answers[expert]]
    return f"sample-{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]}"


def _annotator(store: Store, name: str) -> Annotator:
    """Return the sample's annotator of this name. A person who has the name keeps it, and gets none of these votes."""
    annotator_id = f"sample-{name.split()[0].casefold()}"
    for taken in itertools.count(1):
        found = annotators.ensure(store, annotator_id, name if taken == 1 else f"{name} {taken}", "sample")
        if found.kind == "sample":
            return found
    raise AssertionError  # the count has no end


def _new_vote(vote: SampleVote, line: SampleDuel, added: AddedDuel, annotator: Annotator) -> NewVote:
    assert added.duel_id is not None  # a test keeps the two answers apart
    ids = dict(zip(line.answers, (added.first_id, added.second_id), strict=True))
    chosen_id = ids.get(vote.verdict)
    return NewVote(
        id=f"{added.duel_id}:{annotator.id}:{vote.round}",
        duel_id=added.duel_id,
        annotator_id=annotator.id,
        verdict="better" if chosen_id is not None else vote.verdict,  # type: ignore[arg-type]  # the store checks it
        chosen_id=chosen_id,
        left_id=ids[vote.left],
        created_at=DAY + timedelta(minutes=vote.at),
        strength=vote.strength,
        tags=vote.tags,
        note=vote.note,
        took_ms=vote.took_ms,
        round=vote.round,
    )
