"""Our own exports come back: each format that can hold pairs, in each container, through the lab's own import."""

from __future__ import annotations

from dataclasses import replace

import pytest
from export_rows import CARD, LIKED, PLAIN, ROWS, any_row, many
from hypothesis import assume, given

from lab.dpo.formats import FORMATS, Choice, named, preview, write
from lab.dpo.rows import LikedRow, Row
from lab.preferences.imports import LikedAnswer, PreferencePair, sift_bytes, sift_file
from lab.store.duels import same_answer

ALL = [(form.name, container) for form in FORMATS.values() for container in form.containers]
PAIRS = [(name, container) for name, container in ALL if named(name).holds_pairs]
KTO = [(name, container) for name, container in ALL if name == "kto"]


def told(row):
    """What a row says, whoever wrote it down."""
    if isinstance(row, Row):
        return row.turns, row.system_prompt, row.chosen, row.rejected
    return row.conversation, row.system_prompt, row.chosen, row.rejected


def liked(row, answer=None, label=None):
    if isinstance(row, LikedAnswer):
        return row.conversation, row.system_prompt, row.answer, row.liked
    return row.turns, row.system_prompt, answer, label


@pytest.mark.parametrize(("name", "container"), PAIRS)
def test_pairs_come_back_as_they_were(tmp_path, name, container):
    rows = [replace(row, split="train") for row in [*ROWS, *many(30)]]
    written = write(rows, [LIKED], [Choice(name, container)], tmp_path / "out", CARD)
    (path,) = [path for path in written.files if "train" in path]
    found = sift_file(written.folder / path)
    assert (found.report.pairs, found.report.liked, found.report.bad) == (len(rows), 0, ())
    assert list(map(told, found.entries())) == list(map(told, rows))


def test_the_hub_brings_the_models_back_too(tmp_path):
    written = write(ROWS, [], [Choice("hf", "parquet")], tmp_path / "out", CARD)
    found = sift_file(written.folder / "hf/data/train-00000-of-00001.parquet")
    models = [(pair.chosen_by, pair.rejected_by) for pair in found.entries()]
    assert models == [(row.chosen_model, row.rejected_model) for row in ROWS]


@pytest.mark.parametrize(("name", "container"), KTO)
def test_kto_comes_back_as_liked_answers(tmp_path, name, container):
    written = write(ROWS, [LIKED], [Choice(name, container)], tmp_path / "out", CARD)
    found = sift_file(written.folder / f"kto/train.{container}")
    expected = [liked(row, text, label) for row in ROWS for text, label in
                ((row.chosen, True), (row.rejected, False)) if not label or row.likes_chosen]  # fmt: skip
    assert list(map(liked, found.entries())) == [*expected, liked(LIKED, LIKED.answer, True)]
    assert found.report.pairs == 0


@pytest.mark.parametrize(("name", "container"), [*PAIRS, *KTO])
def test_a_file_of_one_row_comes_back(tmp_path, name, container):
    written = write([PLAIN], [], [Choice(name, container)], tmp_path / "out", CARD)
    (path,) = [path for path in written.files if "train" in path]
    found = sift_file(written.folder / path).report
    assert (found.rows, found.good) == ((2, 2) if name == "kto" else (1, 1))


@given(any_row())
def test_any_pair_comes_back(row):
    assume(not same_answer(row.chosen, row.rejected))  # which make no duel
    assume("\x00" not in "".join((row.chosen, row.rejected, row.system_prompt, *(turn.content for turn in row.turns))))
    for name, container in PAIRS:
        if container != "parquet":
            data = preview(name, container, [row]).encode()
            (found,) = sift_bytes(data, f"train.{container}").entries()
            stripped = replace(row, chosen=row.chosen.strip(), rejected=row.rejected.strip())
            assert told(found) == told(stripped if name == "axolotl" else row)


# ---------------------------------------------------------------------------------------------------- what others made


def as_row(number, entry):
    if isinstance(entry, PreferencePair):
        return Row(
            f"duel-{number}", "train", entry.conversation, entry.system_prompt, entry.chosen, entry.rejected,
            entry.chosen_by, entry.rejected_by, entry.chosen_by, entry.rejected_by, None, "import", 1, 1, None, False,
        )  # fmt: skip
    return LikedRow(
        f"answer-{number}", "train", entry.conversation, entry.system_prompt, entry.answer, entry.liked, entry.by,
        entry.by,
    )  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["dpo_en_demo.json", "dpo_zh_demo.json", "kto_en_demo.json", "v1_dpo_demo.jsonl"])
def test_real_files_come_back_after_an_export(tmp_path, shared_file, name):
    entries = list(sift_file(shared_file(f"preferences/{name}")).entries())
    rows = [as_row(number, entry) for number, entry in enumerate(entries)]
    pairs = [row for row in rows if isinstance(row, Row)]
    thumbs = [row for row in rows if isinstance(row, LikedRow)]
    for form, container in PAIRS if pairs else KTO:
        out = tmp_path / f"{form}-{container}"
        written = write(pairs, thumbs, [Choice(form, container)], out, CARD)
        (path,) = [path for path in written.files if "train" in path]
        found = list(sift_file(out / path).entries())
        if pairs:
            left_out = [row for row in pairs if not named(form).objects(row)]
            kept = [row for row in pairs if row not in left_out]
            if form == "axolotl":
                kept = [replace(row, chosen=row.chosen.strip(), rejected=row.rejected.strip()) for row in kept]
            assert list(map(told, found)) == list(map(told, kept))
            assert written.left_out.get(form, 0) == len(left_out) == 0
        else:
            assert list(map(liked, found)) == [liked(row, row.answer, row.liked) for row in thumbs]
