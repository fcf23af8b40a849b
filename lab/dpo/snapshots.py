"""Frozen snapshots: votes built into rows, stored for good, written as files, compared, and written again the same.

A snapshot keeps which duels and answers it holds and what was chosen; the texts stay in the database, stored once. So
votes that change later change nothing in it, a text that is deleted on request is gone from it too, and its files can
be written anew at any time, the same to the byte as long as no text of it was deleted.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, TypeVar

from lab.dpo import report as reporting
from lab.dpo import spec as specs
from lab.dpo.build import Check, Progress, build, kept_likes, kept_rows
from lab.dpo.cards import card_of
from lab.dpo.clusters import Encode
from lab.dpo.formats.card import Card
from lab.dpo.formats.packing import zipped
from lab.dpo.formats.registry import Choice, checked
from lab.dpo.formats.writing import TRACE, Written, nothing_fits, write
from lab.dpo.frozen import likes, pairs
from lab.dpo.pairs import sides_of
from lab.dpo.report import Report
from lab.dpo.rows import LikedRow, Row
from lab.dpo.spec import Spec
from lab.dpo.verdicts import Verdict
from lab.dpo.wording import why
from lab.errors import ExportError, LabError
from lab.exported import (
    DISLIKES_REJECTED,
    LIKES_CHOSEN,
    ExportSplit,
    JudgedDuel,
    LikedAnswer,
    NewFrozenRow,
    Snapshot,
)
from lab.store import Store, conversations, exports_shelf, snapshot_rows
from lab.store import snapshots as stored
from lab.store.judged import moment
from lab.store.text import DELETED

_AT_ONCE = 2_000
_LEFT_BEHIND = timedelta(hours=6)
_T = TypeVar("_T")


def freeze(
    store: Store,
    spec: Spec,
    *,
    snapshot_id: str,
    name: str,
    licence: str = "",
    choices: Sequence[Choice] = (),
    progress: Progress | None = None,
    check: Check | None = None,
    encode: Encode | None = None,
) -> Snapshot:
    """Build pairs from the votes as they are now, store them as a snapshot and return it.

    `choices` are the formats that it is frozen for, if that is known: with none that holds a row of it, nothing is
    frozen. Nothing of it is left behind by what stops it. Raises ExportError where there is nothing to export and for
    choices that cannot be, and what `build` raises; StoreError.
    """
    specs.checked(spec)
    fitting = _Fitting(choices)
    now = datetime.now(UTC)
    stored.drop_building(store, now - _LEFT_BEHIND)
    begun = stored.begin(
        store, snapshot_id, name=name, family=spec.family, spec=specs.to_json(spec), spec_hash=spec.hash
    )
    if begun.state == "frozen":
        return begun
    try:
        return _frozen(store, spec, begun, licence, now, fitting, progress, check, encode)
    except BaseException:
        with suppress(LabError):  # what stopped it is what has to be said; what stays is dropped by the next one
            stored.drop(store, snapshot_id)
        raise


def _frozen(
    store: Store,
    spec: Spec,
    begun: Snapshot,
    licence: str,
    now: datetime,
    fitting: _Fitting,
    progress: Progress | None,
    check: Check | None,
    encode: Encode | None,
) -> Snapshot:
    digest = hashlib.sha256()
    sides: dict[str, ExportSplit] = {}
    with moment(store) as at:
        built = build(store, at, spec, progress=progress, check=check, encode=encode)
        found = reporting.report(built)
        if not found.ready:
            raise ExportError(nothing(found))
        total = found.kept + found.likes
        places = count()
        made = chain(
            _new_pairs(kept_rows(built, at), places, sides, fitting),
            _new_likes(store, kept_likes(built, at), places, sides, fitting),
        )
        for some in _portions(made):
            if check is not None:
                check()
            snapshot_rows.add(store, begun.id, some)
            for row in some:
                digest.update(f"{row.split}\t{row.row_hash}\n".encode())
            if progress is not None:
                progress(some[-1].place + 1, total, "freezing the pairs")
    fitting.refuse_none()
    kept = {
        "doctor": reporting.to_json(found), "name": begun.name, "licence": licence, "created": now.isoformat(),
        "formats": {choice.format: choice.container for choice in fitting.choices},
    }  # fmt: skip
    return stored.freeze(
        store, begun.id, report=kept, content_hash=digest.hexdigest(), sides=sides, seen=built.seen_sides
    )


class _Fitting:
    """Whether one row at least can stand in one of some formats; without any format every row can."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self.choices = choices
        self._forms = forms = [form for form, _ in checked(choices)] if choices else []
        self._seen, self._fits = 0, not forms

    def look(self, row: Row | LikedRow) -> None:
        """Look at a row."""
        self._seen += 1
        self._fits = self._fits or any(form.objects(row) for form in self._forms)

    def refuse_none(self) -> None:
        """Raise ExportError where no row fits."""
        if not self._fits:
            raise ExportError(nothing_fits(self._seen, self._forms))


def nothing(found: Report) -> str:
    """Return why there is nothing to export, and what to do."""
    if not found.judged:
        return "Nobody has judged a duel yet, so there is nothing to export. Judge duels on the Label page first."
    most = max((one for one in found.counts if one != "kept"), key=lambda one: found.counts[one])
    return (
        f"None of the {found.judged:,} judged duels makes a pair that can be exported; most of them: {why(most)} "
        f"({found.counts[most]:,}). The Export page lists every reason with its duels."
    )


def _new_pairs(
    rows: Iterable[tuple[JudgedDuel, Row, Verdict]],
    places: Iterator[int],
    sides: dict[str, ExportSplit],
    fitting: _Fitting,
) -> Iterator[NewFrozenRow]:
    for duel, row, found in rows:
        fitting.look(row)
        sides[duel.conversation_id] = row.split
        chosen, rejected = sides_of(duel, found)
        yield NewFrozenRow(
            next(places), duel.id, chosen.id, rejected.id, row.split, row.hash,
            emits=LIKES_CHOSEN * row.likes_chosen + DISLIKES_REJECTED * row.dislikes_rejected,
            votes=row.votes, agreeing=row.agreeing, strength=row.strength, adjudicated=row.adjudicated,
            vote_ids=tuple(one.vote_id for one in found.votes),
        )  # fmt: skip


def _new_likes(
    store: Store,
    rows: Iterable[tuple[LikedAnswer, LikedRow]],
    places: Iterator[int],
    sides: dict[str, ExportSplit],
    fitting: _Fitting,
) -> Iterator[NewFrozenRow]:
    for some in _portions(rows):
        ids = conversations.put_many(store, [like.turns for like, _ in some])  # a routed prompt has none of its own
        for conversation_id, (like, row) in zip(ids, some, strict=True):
            fitting.look(row)
            sides[conversation_id] = row.split
            up, down = (like.answer.id, None) if row.liked else (None, like.answer.id)
            yield NewFrozenRow(next(places), None, up, down, row.split, row.hash)


def _portions(rows: Iterable[_T]) -> Iterator[list[_T]]:
    left = iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        yield some


# ----------------------------------------------------------------------------------------------------------- files


def spec_of(snapshot: Snapshot) -> Spec:
    """Return what a snapshot was asked for. Raises ExportError where this lab cannot read it."""
    return specs.from_json(snapshot.spec)


def report_of(snapshot: Snapshot) -> Report:
    """Return what the doctor said when a snapshot was frozen."""
    return reporting.from_json(snapshot.report["doctor"])


def card(snapshot: Snapshot) -> Card:
    """Return the card of a snapshot, as it was when it was frozen, with how many of its rows are gone since."""
    kept = snapshot.report
    made = card_of(
        spec_of(snapshot), report_of(snapshot), name=kept["name"], licence=kept["licence"],
        created=datetime.fromisoformat(kept["created"]), content_hash=snapshot.content_hash or "",
        snapshot_id=snapshot.id,
    )  # fmt: skip
    return replace(made, rows=snapshot.rows, gone=snapshot.gone)


def write_files(
    store: Store,
    snapshot: Snapshot,
    choices: Sequence[Choice],
    folder: Path,
    *,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Written:
    """Write a snapshot in some formats to a new folder, and return what is in it. Raises as `formats.writing.write`."""
    total = snapshot.rows - snapshot.gone

    def told(done: int) -> None:
        if progress is not None:
            progress(done, total, "writing the files")

    if DELETED in spec_of(snapshot).system_text:
        raise ExportError(
            "The system prompt of this snapshot was deleted on request, so it cannot be written again. Freeze another."
        )
    written = write(
        pairs(store, snapshot), likes(store, snapshot) if snapshot.liked else (), choices, folder, card(snapshot),
        progress=told, check=check,
    )  # fmt: skip
    _refuse_deleted(store, snapshot, [folder])
    return written


def _refuse_deleted(store: Store, snapshot: Snapshot, places: Sequence[Path]) -> None:
    """Take files away again, and raise ExportError, where text was deleted on request since the rows were asked for."""
    if stored.get(store, snapshot.id).gone != snapshot.gone:
        for place in places:
            shutil.rmtree(place, ignore_errors=True)
        raise ExportError("Text of this snapshot was deleted on request while it was written. Write the files again.")


def shelve(
    store: Store,
    snapshot: Snapshot,
    choices: Sequence[Choice],
    data_dir: Path,
    *,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Snapshot:
    """Write a snapshot to its place among the lab's exports, as a folder and as one zip, and note its files.

    What stood there before is replaced when all of it is written. Raises as `write_files`, KeepingError.
    """
    name = exports_shelf.folder_for(data_dir, snapshot.id, snapshot.name).name
    with exports_shelf.making(data_dir) as place:
        written = write_files(store, snapshot, choices, place / name, progress=progress, check=check)
        packed = zipped(place / name, place / f"{name}.zip", check=check)
        exports_shelf.replace(data_dir, snapshot.id, [place / name, packed])
    try:
        _refuse_deleted(store, snapshot, [])
    except ExportError:
        exports_shelf.delete(data_dir, [snapshot.id])
        raise
    return note(store, snapshot, written)


def note(store: Store, snapshot: Snapshot, written: Written) -> Snapshot:
    """Remember the files that were written of a snapshot, so that they can be compared, and return it.

    A format that was written before, in whatever container, is replaced; other formats stay. The trace says where a row
    stands in the formats beside it, so it is remembered with their names. Raises StoreError.
    """
    files: dict[str, dict[str, Any]] = {path: asdict(made) for path, made in written.files.items()}
    files[TRACE]["formats"] = sorted({path.split("/", 1)[0] for path in files if "/" in path})
    return stored.files(store, snapshot.id, files)
