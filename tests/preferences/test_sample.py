"""The sample workspace: what its file holds, how it gets into a store, and that it does not come back by itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import empty_database
import pytest

from lab.errors import DatasetError
from lab.judging import NewDuel, Side
from lab.messages import Message
from lab.preferences import sample
from lab.preferences.sample import SampleDuel, SampleVote
from lab.preferences.tags import MEANINGS, TAGS
from lab.store import Store, annotators, ballots, batches, duels, open_store, votes

ADA, BEN = "Ada (sample)", "Ben (sample)"
DATA = sample.FILE.parents[1]
NO_CHOICE = {"equally_good", "both_bad", "skip"}
DUEL_FIELDS = {"conversation", "system_prompt", "query_type", "answers", "votes"}
VOTE_FIELDS = {"annotator", "verdict", "left", "strength", "tags", "note", "at", "took_ms", "round"}


@pytest.fixture(scope="module")
def lines() -> list[SampleDuel]:
    return sample.read()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def verdicts(lines: list[SampleDuel], name: str, round_: int = 1) -> dict[int, SampleVote]:
    """The votes of one annotator in one round, by the number of the duel."""
    given = [(n, vote) for n, line in enumerate(lines) for vote in line.votes]
    mine = [(n, vote) for n, vote in given if (vote.annotator, vote.round) == (name, round_)]
    assert len(dict(mine)) == len(mine), "nobody votes twice in a round"
    return dict(mine)


def a_duel() -> NewDuel:
    first, second = Side("r1", "Two divisors.", "professor", "mock", "m"), Side("r2", "No idea", "zoomer", "mock", "m")
    return NewDuel((Message("user", "What is a prime?"),), "", first, second, origin="bulk", rule="all")


# --------------------------------------------------------------------------------------------------------- the file


def test_the_file_lies_with_what_the_lab_ships_and_every_line_has_its_fields():
    assert sample.FILE.relative_to(DATA) == Path("sample/duels.jsonl")
    rows = rows_of(sample.FILE)
    assert len(rows) == 60
    for row in rows:
        assert set(row) == DUEL_FIELDS
        assert [answer["expert"] for answer in row["answers"]] == ["professor", "zoomer"]
        assert all(set(answer) == {"expert", "text"} for answer in row["answers"])
        assert all(set(vote) == VOTE_FIELDS for vote in row["votes"])


def test_texts_are_clean_and_no_answer_is_a_wall(lines):
    for line in lines:
        texts = [line.system_prompt, *(turn.content for turn in line.conversation), *line.answers.values()]
        assert all(text == text.strip() and text and "\0" not in text for text in texts)
        assert all(len(text.split()) <= 220 for text in line.answers.values())
        assert all(text.count("```") % 2 == 0 for text in texts)
        first, second = line.answers.values()
        assert not duels.same_answer(first, second)


def test_prompts_are_of_the_kinds_that_the_router_knows_and_stand_nowhere_else(lines):
    prompts = [line.conversation[-1].content.casefold() for line in lines]
    assert len(set(prompts)) == 60
    shipped, heldout = (rows_of(DATA / "prompts" / name) for name in ("benchmark.jsonl", "heldout.jsonl"))
    assert not set(prompts) & {row["prompt"].casefold() for row in shipped + heldout}
    kinds = Counter(line.query_type for line in lines)
    assert kinds.keys() <= {row["query_type"] for row in shipped}
    assert kinds["other-language"] == 2
    assert min(kinds[kind] for kind in ("code", "maths", "science", "how-to", "factual", "chat", "feelings")) >= 5


def test_all_stand_under_one_system_prompt_and_three_have_several_turns(lines):
    assert len({line.system_prompt for line in lines}) == 1
    assert sorted(len(line.conversation) for line in lines) == [1] * 57 + [3] * 3
    assert all(line.conversation[-1].role == "user" for line in lines)
    assert all("system" not in {turn.role for turn in line.conversation} for line in lines)


def test_two_answers_name_a_model_and_one_of_them_waits_for_the_first_visitor(lines):
    named = [
        (model[0], bool(line.votes))
        for line in lines
        for text in line.answers.values()
        if (model := re.search(r"\b(Qwen|Llama|GPT|Claude|Gemini|Mistral|Phi|Gemma)\b", text))
    ]
    assert named == [("Qwen", True), ("Llama", False)]


def test_the_readme_says_what_the_tags_mean(lines):
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{tag}` | {meaning} |" in readme for tag, meaning in MEANINGS.items())
    assert {tag for line in lines for vote in line.votes for tag in vote.tags} == set(TAGS)


@pytest.mark.parametrize("damage", ["{", "{}", '{"conversation": 1}', "[]"])
def test_a_damaged_line_is_named(tmp_path, damage):
    whole = sample.FILE.read_text(encoding="utf-8").split("\n")[0]
    (tmp_path / "duels.jsonl").write_text(f"{whole}\n{damage}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"duels\.jsonl, line 2"):
        sample.read(tmp_path / "duels.jsonl")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"cannot be read from .*duels\.jsonl.*repository"):
        sample.read(tmp_path / "duels.jsonl")


# -------------------------------------------------------------------------------------------------- votes of the file


def test_two_annotators_judged_most_of_it_and_a_fifth_waits(lines):
    ada, ben = verdicts(lines, ADA), verdicts(lines, BEN)
    assert (len(ada), len(ben), len(ada.keys() & ben.keys()), 60 - len(ada.keys() | ben.keys())) == (43, 38, 33, 12)
    assert {vote.annotator for line in lines for vote in line.votes} == {ADA, BEN}
    assert not verdicts(lines, BEN, 2)
    # the counts that data/README.md gives
    assert Counter(vote.verdict for vote in ada.values()) == Counter(
        professor=20, zoomer=17, equally_good=3, both_bad=2, skip=1
    )
    assert Counter(vote.verdict for vote in ben.values()) == Counter(
        professor=17, zoomer=12, equally_good=5, both_bad=2, skip=2
    )


def test_they_agree_on_three_of_four_and_say_why_where_they_do_not(lines):
    ada, ben = verdicts(lines, ADA), verdicts(lines, BEN)
    judged = [n for n in ada.keys() & ben.keys() if "skip" not in (ada[n].verdict, ben[n].verdict)]
    apart = [n for n in judged if ada[n].verdict != ben[n].verdict]
    assert (len(judged), len(apart)) == (30, 7)  # 23 of 30 are 77 %
    assert all(ada[n].note and ben[n].note for n in apart)


def test_sides_are_shuffled(lines):
    for name, chosen_left, decided in ((ADA, 20, 37), (BEN, 14, 29)):
        mine = verdicts(lines, name).values()
        left = Counter(vote.left for vote in mine)
        assert abs(left["professor"] - left["zoomer"]) <= 1
        choices = [vote.left == vote.verdict for vote in mine if vote.verdict not in NO_CHOICE]
        assert (sum(choices), len(choices)) == (chosen_left, decided)


def test_repeats_come_hours_later_with_swapped_sides_and_one_of_eight_differs(lines):
    first, again = verdicts(lines, ADA), verdicts(lines, ADA, 2)
    assert len(again) == 8
    assert all(again[n].left != first[n].left for n in again)
    assert all(again[n].at - first[n].at > 4 * 60 for n in again)
    assert [first[n].verdict == again[n].verdict for n in again].count(False) == 1


def test_what_a_vote_says_fits_its_verdict(lines):
    for vote in (vote for line in lines for vote in line.votes):
        assert vote.verdict in {"professor", "zoomer"} | NO_CHOICE
        assert vote.left in {"professor", "zoomer"}
        assert (vote.strength is None) == (vote.verdict in NO_CHOICE)
        assert vote.strength in (None, 1, 2, 3)
        assert len(set(vote.tags)) == len(vote.tags)
        assert 3_000 <= vote.took_ms <= 120_000
        assert vote.verdict != "skip" or vote.note


def test_nobody_votes_faster_than_the_clock(lines):
    for name in (ADA, BEN):
        mine = sorted(
            (vote for line in lines for vote in line.votes if vote.annotator == name), key=lambda vote: vote.at
        )
        for before, vote in pairwise(mine):
            assert vote.at - before.at >= vote.took_ms / 60_000 - 0.01  # the file rounds to hundredths of a minute


# ----------------------------------------------------------------------------------------------------- in the store


def test_all_of_it_is_stored_and_marked(store, lines):
    batch = sample.add(store)
    assert (batch.kind, batch.report) == ("sample", {"duels": 60, "votes": 89})
    stored = duels.recent(store, 100)
    assert len(stored) == 60
    assert {(duel.origin, duel.rule, duel.batch_id, duel.wished) for duel in stored} == {
        ("sample", "random", "sample", 2)
    }
    assert {(side.provider, side.model) for duel in stored for side in (duel.first, duel.second)} == {
        ("sample", "sample")
    }
    assert {(one.name, one.kind, one.has_pin, one.has_link) for one in annotators.listed(store)} == {
        (ADA, "sample", False, False),
        (BEN, "sample", False, False),
    }
    by_prompt = {duel.conversation: duel for duel in stored}
    for line in lines:
        duel = by_prompt[line.conversation]
        assert {side.expert: side.text for side in (duel.first, duel.second)} == line.answers
        counted = [vote for vote in line.votes if vote.round == 1 and vote.verdict != "skip"]
        assert duel.votes == len(counted)
    assert sum(duel.votes == 0 for duel in stored) == 12


def test_votes_are_stored_as_the_file_has_them_and_in_the_order_of_time(store, lines):
    sample.add(store)
    found = ballots.listed(store)
    assert [one.created_at for one in found] == sorted(one.created_at for one in found)
    assert all(one.annotator_kind == "sample" and one.by_chance and not one.unblinded for one in found)
    experts = {side.response_id: side.expert for duel in duels.recent(store, 100) for side in (duel.first, duel.second)}
    names = {one.id: one.name for one in annotators.listed(store)}
    said = Counter(
        (names[one.annotator_id], one.round, experts.get(one.choice, one.choice), experts[one.left_id], one.took_ms,
         one.strength, one.created_at - sample.DAY)
        for one in found
    )  # fmt: skip
    assert said == Counter(
        (vote.annotator, vote.round, vote.verdict, vote.left, vote.took_ms, vote.strength, timedelta(minutes=vote.at))
        for line in lines
        for vote in line.votes
    )
    kept = [votes.get(store, one.vote_id) for one in found]
    assert Counter((vote.note, vote.tags) for vote in kept) == Counter(
        (vote.note, vote.tags) for line in lines for vote in line.votes
    )
    assert [event.kind for event in votes.history(store, found[0].vote_id)] == ["cast"]


def test_adding_it_again_changes_nothing(store):
    batch = sample.add(store)
    before = ballots.newest(store)
    assert sample.add(store) == batch
    assert ballots.newest(store) == before
    assert (len(duels.recent(store, 100)), len(ballots.listed(store))) == (60, 89)


def test_a_first_run_gets_it_once(store):
    assert not sample.present(store)
    assert sample.ensure_first_run(store)
    assert sample.present(store)
    assert not sample.ensure_first_run(store)
    assert len(duels.recent(store, 100)) == 60


def test_a_store_that_has_a_duel_does_not_get_it_unasked(store):
    duels.add(store, [a_duel()])
    assert not sample.ensure_first_run(store)
    assert not sample.present(store)
    sample.add(store)
    assert sample.present(store)


def test_once_removed_it_comes_back_only_when_asked_for(store):
    sample.ensure_first_run(store)
    sample.remove(store)
    assert not sample.present(store)
    assert not sample.ensure_first_run(store)
    assert duels.recent(store) == []
    assert sample.add(store).report == {"duels": 60, "votes": 89}
    assert len(ballots.listed(store)) == 89


@pytest.mark.parametrize("removed_before", [False, True])
def test_what_a_kill_left_unfinished_is_finished(store, monkeypatch, removed_before):
    if removed_before:
        sample.add(store)
        sample.remove(store)

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sample.given_votes, "record_many", killed)
        with pytest.raises(KeyboardInterrupt):
            sample.add(store)
    assert len(duels.recent(store, 100)) == 60
    assert ballots.listed(store) == []
    assert sample.ensure_first_run(store)
    assert len(ballots.listed(store)) == 89


def test_a_store_for_reading_is_left_alone(store, tmp_path):
    reading = open_store(data_dir=tmp_path, read_only=True)
    assert not sample.ensure_first_run(reading)
    reading.close()
    assert batches.listed(store) == []


def test_a_person_of_the_same_name_gets_none_of_its_votes(store):
    person = annotators.add(store, "p1", "ada (SAMPLE)", pin_hash=None, link_hash=None)
    sample.add(store)
    assert {one.name for one in annotators.listed(store)} == {"ada (SAMPLE)", "Ada (sample) 2", BEN}
    assert ballots.of_annotator(store, person.id) == []
    sample.remove(store)
    assert [one.name for one in annotators.listed(store)] == ["ada (SAMPLE)"]


def test_votes_on_a_duel_that_was_there_before_find_its_answers(store, lines):
    line = next(line for line in lines if line.query_type == "joke" and line.votes)
    theirs = [Side(f"their-{expert}", text.upper(), "x", "mock", "m") for expert, text in line.answers.items()]
    imported = NewDuel(line.conversation, line.system_prompt, theirs[1], theirs[0], origin="import", rule="all")
    duel_id = duels.add(store, [imported])[0].duel_id
    sample.add(store)
    cast = [one for one in ballots.listed(store) if one.duel_id == duel_id]
    assert Counter(one.chosen_id for one in cast) == Counter(f"their-{vote.verdict}" for vote in line.votes)
    assert sample.would_remove(store).duels == 59
    sample.remove(store)
    assert [(one.id, one.votes, one.origin) for one in duels.recent(store)] == [(duel_id, 0, "import")]
