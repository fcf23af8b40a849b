"""Entries of a file stored: a pair as a duel with the file's vote, an answer with a thumb as a response with feedback.

Every id is made of what it stands for, so that whatever is stored twice is stored once: the same file again, the rows
before a kill, a pair that another file holds too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from lab.errors import DatasetError, NotFound
from lab.judging import Annotator, Batch, NewDuel, NewThumb, NewVote, Side
from lab.messages import Message
from lab.one_line import one_line, steers
from lab.preferences.imports.entries import Entry, LikedAnswer, PreferencePair
from lab.preferences.imports.report import Report
from lab.preferences.imports.sifting import Sifted
from lab.store import Store, annotators, batches, duels, given_thumbs, given_votes
from lab.store.conversations import conversation_id

CHUNK = 500
"""Entries that are stored in one transaction of each kind, between two looks at whether to stop."""

MAX_NAME = 120
"""Characters that the name of an import may have."""

_PROVIDER = "import"
_VOTES_BEFORE = "votes that this name gave before"


@dataclass(frozen=True, slots=True)
class Counts:
    """What went in of a file. Of `known` ones another import or a bulk job had brought the same before."""

    through: int = 0  # entries that are stored
    duels: int = 0
    known_duels: int = 0
    votes: int = 0
    known_votes: int = 0  # the vote that a file of this name gave first stands
    thumbs: int = 0
    known_thumbs: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that was taken in."""

    batch: Batch
    counts: Counts
    known: bool  # it was there already, so nothing was changed

    def sentence(self) -> str:
        """Return what went in."""
        if self.known:
            when = f"{self.batch.created_at:%Y-%m-%d %H:%M}"
            return f"This file went in as {self.batch.name!r} on {when} UTC, so nothing was changed."
        counts = self.counts
        said = [
            _counted(counts.duels, "duel", "is new", "are new"),
            _counted(counts.known_duels, "duel", "was there already", "were there already"),
            _counted(counts.votes, "vote", "was added", "were added"),
            _counted(counts.known_votes, "vote that this name gave before", "stands", "stand", _VOTES_BEFORE),
            _counted(counts.thumbs, "answer with a thumb", "is new", "are new", "answers with a thumb"),
            _counted(counts.known_thumbs, "thumb", "was there already", "were there already"),
        ]  # fmt: skip
        return f"{self.batch.name!r} is in: {', '.join(filter(None, said)) or 'nothing is new'}."


def batch_id_of(sifted: Sifted) -> str:
    """Return the id of a file's batch, whatever the file is called."""
    return f"import-{sifted.content_hash[:32]}"


def taken_in(store: Store, sifted: Sifted) -> Imported | None:
    """Return what came of this file where it was taken in whole, None where it was not, or not to its end."""
    batch = _batch(store, sifted)
    return None if batch is None or not batch.report.get("whole") else Imported(batch, _counts(batch), known=True)


def take_in(
    store: Store,
    sifted: Sifted,
    *,
    name: str,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Imported:
    """Store the good rows of a file as `import:<name>` and return what went in; the same file again changes nothing.

    `progress` gets how many entries of how many are through; `check` may raise to stop between two chunks: what is
    stored by then stays, and the next call goes on there. Raises DatasetError for a name that cannot be taken and where
    no row is left, StoreError.
    """
    before = _batch(store, sifted)
    if before is not None and before.report.get("whole"):
        return Imported(before, _counts(before), known=True)
    _refuse_nothing(sifted.report)
    name = check_name(name) if before is None else before.name  # an import that goes on keeps its annotator
    annotator = _annotator(store, name)
    batch = batches.begin(
        store, batch_id_of(sifted), kind="import", name=name, content_hash=sifted.content_hash,
        spec={"file": sifted.file_name, "annotator": annotator.id},
    )  # fmt: skip
    counts, total = _begun(batch, sifted.report), sifted.report.good
    entries = islice(sifted.entries(), counts.through, None)
    while True:
        if check is not None:
            check()
        if progress is not None:
            progress(counts.through, total)
        chunk = list(islice(entries, CHUNK))
        if not chunk:
            break
        counts = _store(store, chunk, annotator, batch, now, counts)
        batches.report(store, batch.id, _said(sifted.report, counts, whole=False))
    batches.report(store, batch.id, _said(sifted.report, counts, whole=True))
    return Imported(batches.get(store, batch.id), counts, known=False)


def check_name(name: str) -> str:
    """Return the name of an import as it is stored. Raises DatasetError for one that cannot be taken."""
    at = steers(name)
    if at is not None:
        raise DatasetError(f"The name holds a character that is not seen (U+{ord(name[at]):04X}). Type it again.")
    if not name.strip() or len(name.strip()) > MAX_NAME:
        raise DatasetError(f"The name has {len(name.strip()):,} characters; give it 1 to {MAX_NAME}.")
    return name.strip()


def name_of(file_name: str) -> str:
    """Return the name that an import has without another word: its file's."""
    return one_line(file_name, MAX_NAME) or "file"


# ----------------------------------------------------------------------------------------------------------- storing


def _batch(store: Store, sifted: Sifted) -> Batch | None:
    try:
        return batches.get(store, batch_id_of(sifted))
    except NotFound:
        return None


def _annotator(store: Store, name: str) -> Annotator:
    called = f"import:{name}"
    annotator_id = f"import-{_digest(annotators.name_key(called))}"
    found = annotators.ensure(store, annotator_id, called, "import")
    if found.kind != "import":
        raise DatasetError(
            f"Somebody here is called {called!r}, whose votes these are not. Give the file another name."
        )
    return found


def _store(
    store: Store, chunk: Sequence[Entry], annotator: Annotator, batch: Batch, now: datetime, counts: Counts
) -> Counts:
    pairs = [entry for entry in chunk if isinstance(entry, PreferencePair)]
    liked = [entry for entry in chunk if isinstance(entry, LikedAnswer)]
    new_duels, votes = _store_pairs(store, pairs, annotator, batch, now) if pairs else (0, 0)
    thumbs = given_thumbs.record_many(store, [_thumb(entry, annotator, now) for entry in liked]) if liked else 0
    return replace(
        counts,
        through=counts.through + len(chunk),
        duels=counts.duels + new_duels,
        known_duels=counts.known_duels + len(pairs) - new_duels,
        votes=counts.votes + votes,
        known_votes=counts.known_votes + len(pairs) - votes,
        thumbs=counts.thumbs + thumbs,
        known_thumbs=counts.known_thumbs + len(liked) - thumbs,
    )


def _store_pairs(
    store: Store, pairs: Sequence[PreferencePair], annotator: Annotator, batch: Batch, now: datetime
) -> tuple[int, int]:
    """Store pairs as duels with their votes, and return how many of each are new."""
    given = [_duel(pair, batch) for pair in pairs]
    added = duels.add(store, [duel for duel, _ in given])
    votes = []
    for one, (_, chosen_first) in zip(added, given, strict=True):
        assert one.duel_id is not None  # equal answers are left out before
        vote = _digest(annotator.id, one.duel_id)
        left = one.first_id if int(vote, 16) % 2 else one.second_id  # by chance, and the same again
        chosen = one.first_id if chosen_first else one.second_id
        votes.append(NewVote(f"vote-{vote}", one.duel_id, annotator.id, "better", chosen, left, now))
    return sum(one.is_new for one in added), given_votes.record_many(store, votes)


def _duel(pair: PreferencePair, batch: Batch) -> tuple[NewDuel, bool]:
    """Return a pair as a duel whose first side is first by its id, and whether that is the chosen one."""
    chosen = _side(pair.conversation, pair.system_prompt, pair.chosen, pair.chosen_by)
    rejected = _side(pair.conversation, pair.system_prompt, pair.rejected, pair.rejected_by)
    first, second = sorted((chosen, rejected), key=lambda side: side.response_id)
    duel = NewDuel(
        pair.conversation, pair.system_prompt, first, second, origin="import", rule="picked", batch_id=batch.id
    )
    return duel, first is chosen


def _thumb(entry: LikedAnswer, annotator: Annotator, now: datetime) -> NewThumb:
    answer = _side(entry.conversation, entry.system_prompt, entry.answer, entry.by)
    value: Literal["up", "down"] = "up" if entry.liked else "down"
    thumb = f"thumb-{_digest(annotator.id, answer.response_id, value)}"
    return NewThumb(thumb, entry.conversation, entry.system_prompt, answer, value, now)


def _side(conversation: tuple[Message, ...], system_prompt: str, text: str, by: str) -> Side:
    response_id = f"answer-{_digest(conversation_id(conversation), system_prompt, by, text)}"
    return Side(response_id, text, expert="", provider=_PROVIDER, model=by)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]


# ------------------------------------------------------------------------------------------------------ what is said


def _refuse_nothing(report: Report) -> None:
    if not report.good:
        why = ", ".join(f"{count:,} {reason}" for reason, count in report.by_reason.items())
        raise DatasetError(f"No row of {report.file_name} can be used: {why}. Correct the file first.")


def _said(report: Report, counts: Counts, *, whole: bool) -> dict[str, Any]:
    """Return what the batch keeps of its report."""
    return {
        "whole": whole,
        "rows": report.rows,
        "pairs": report.pairs,
        "liked": report.liked,
        "schemas": dict(report.schemas),
        "left_out": dict(report.by_reason),
        "notes": list(report.notes),
        "counts": asdict(counts),
    }


def _counts(batch: Batch) -> Counts:
    said: Mapping[str, Any] = batch.report.get("counts", {})
    return Counts(**{name: int(said.get(name, 0)) for name in Counts.__dataclass_fields__})


def _begun(batch: Batch, report: Report) -> Counts:
    """Return how far an import came that was stopped; from the beginning where its rows were other ones."""
    same = (batch.report.get("pairs"), batch.report.get("liked")) == (report.pairs, report.liked)
    return _counts(batch) if same else Counts()


def _counted(count: int, one: str, is_so: str, are_so: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or f'{one}s'} {is_so if count == 1 else are_so}" if count else ""
