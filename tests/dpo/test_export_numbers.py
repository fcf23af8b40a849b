"""Every number of the report opens as many duels as it says, whatever people voted."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from export_store import built, duel, opened, side, thumb, vote
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.dpo.behind import duels_behind, thumbs_behind
from lab.dpo.built import REASONS
from lab.dpo.checks import of_set
from lab.dpo.checks.catalogue import BIT, BY_ID
from lab.dpo.report import from_json, report, to_json, win_rates
from lab.dpo.rows import SPLITS
from lab.dpo.spec import Filters, Policy, Spec
from lab.dpo.wording import agreement, asked, biases, finding, losses, policy, split, system_prompt
from lab.store import resolutions
from lab.types import new_id

TEXTS = (
    "Short.", "A longer answer that says a little more.", "I can't help you with that.", "Error: connection refused",
    "N/A", "Ask ann@firma.de about it.", "I am Claude, and I say so.", "```\nopen block", " \u200b.", "Yes<|im_end|>",
    "word " * 90,
)  # fmt: skip
JUDGED = st.fixed_dictionaries(
    {
        "place": st.integers(0, 12),
        "chosen": st.sampled_from(TEXTS),
        "rejected": st.sampled_from(TEXTS),
        "system": st.sampled_from(["", "Be brief.", "Be kind."]),
        "query_type": st.sampled_from([None, "chat", "code"]),
        "origin": st.sampled_from(["bulk", "bulk", "import", "import", "sample"]),
        "provider": st.sampled_from([*["ollama"] * 5, "mock"]),
        "votes": st.lists(st.tuples(st.sampled_from("fffffsebk"), st.sampled_from("fs")), min_size=1, max_size=3),
        "resolved": st.sampled_from([*[None] * 8, "dropped", "contested"]),
    }
)
SPECS = st.builds(
    Spec,
    policy=st.builds(Policy, st.sampled_from(["dpo", "reward", "kto", "sft"]), st.sampled_from(["", "m-zoomer"]),
                     max_length=st.sampled_from([16, 64, 1_024])),
    rule=st.sampled_from(["majority", "majority", "unanimous", "adjudicated"]),
    min_votes=st.sampled_from([1, 1, 2]),
    filters=st.builds(
        Filters, query_types=st.sampled_from([(), (), ("chat",)]), mock=st.booleans(), sample=st.booleans()
    ),
    system=st.sampled_from(["own", "none"]),
    exclude=st.sampled_from([(), ("refusal", "names_model"), ("near_duplicate",)]),
    mask=st.booleans(),
)  # fmt: skip


THUMBS = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.integers(0, 12), st.sampled_from(["up", "down"])), min_size=2, max_size=12
)


def stored(store, all_judged, all_thumbs):
    for said, place, value in all_thumbs:
        thumb(store, said, place, value)
    for one in all_judged:
        if one["chosen"] == one["rejected"]:
            continue
        made = duel(
            store, one["place"], one["chosen"], second=side(one["rejected"], "zoomer", provider=one["provider"]),
            system_prompt=one["system"], query_type=one["query_type"], origin=one["origin"],
        )  # fmt: skip
        for who, (said, left) in zip(("ann", "bob", "eve"), one["votes"], strict=False):
            vote(store, made, said, who, left=left)
        if one["resolved"]:
            resolutions.give(store, new_id(), duel_id=made.id, kind=one["resolved"])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(JUDGED, min_size=8, max_size=24), THUMBS, st.lists(SPECS, min_size=2, max_size=4))
def test_every_number_opens_its_duels_and_thumbs(empty_database, all_judged, all_thumbs, specs):
    with tempfile.TemporaryDirectory() as folder:
        store = opened(empty_database, Path(folder))
        stored(store, all_judged, all_thumbs)
        for spec in specs:
            made = built(store, spec)
            found = report(made)
            check(made, found)
            check_thumbs(made, found, len(all_thumbs))
        store.close()


def check(made, found):
    def opens(*what):
        seqs = duels_behind(made, *what)
        assert list(seqs) == sorted(set(seqs.tolist()))
        return len(seqs)

    assert opens("judged") == found.judged == sum(found.counts.values())
    assert opens("wanted") == found.wanted
    assert opens("pairs") == found.pairs
    assert opens("kept") == found.kept == sum(found.splits.values())
    assert {reason: opens("reason", reason) for reason in found.counts} == found.counts
    assert sum(opens("reason", reason) for reason in REASONS) == found.judged
    assert {name: opens("split", name) for name in SPLITS} == found.splits
    assert {name: opens("type", name) for name in found.query_types} == found.query_types
    assert sum(found.query_types.values()) == found.kept
    for author in found.authors:
        assert opens("won", author.by, author.model) == author.chosen
        assert opens("author", author.by, author.model) == author.chosen + author.rejected
    for name, leaning in win_rates(made).items():
        assert opens("ratio", name) == leaning.n
    assert sum(leaning.n for leaning in win_rates(made).values()) == found.longer.n
    assert opens("tokens", "0", "1000000000") == found.kept
    assert opens("tokens", "0", "64") + opens("tokens", "64", "1000000000") == found.kept
    for one in found.findings:
        duels_there = opens("rule", one.rule)
        if one.rule in ("left", "one_annotator", "system_prompts", "policy"):  # of votes, prompts and answers
            assert duels_there <= found.kept
        else:
            assert duels_there == one.count
        assert finding(one).startswith(BY_ID[one.rule].title[0].upper())
    assert found.annotators == sum(opens("voice", who) > 0 for who in made.annotators.all)
    assert from_json(to_json(found)) == found
    told = (*asked(made.spec), *agreement(found), *biases(found), policy(found, made.spec), split(made.spec, found))
    assert all(sentence.endswith(".") for sentence in (*told, system_prompt(made.spec)))
    assert sum(losses(found).values()) == found.judged - found.kept


def check_thumbs(made, found, many):
    def opens(*what):
        seqs = thumbs_behind(made, *what).tolist()
        assert seqs == sorted(set(seqs))
        return len(seqs)

    assert opens("thumbs") == many
    assert opens("thumbs_kept") == found.likes == sum(map(sum, found.examples.values())) - of_pairs(made)
    assert opens("thumbs_left_out") == sum(found.likes_left_out.values()) == many - found.likes
    assert {reason: opens("thumbs_reason", reason) for reason in found.likes_left_out} == found.likes_left_out
    assert sum(opens("thumbs_reason", reason) for reason in REASONS) == many
    for one in found.findings:
        if one.rule in BIT:
            assert one.thumbs <= opens("thumbs_rule", one.rule)
            said = opens("thumbs_rule", one.rule)
            assert (f"{said:,} answer{'' if said == 1 else 's'} with a thumb" in one.says) == (said > 0)


def of_pairs(made):
    """The liked and disliked answers that pairs give to KTO."""
    return sum(int(np.count_nonzero(some)) for some in of_set.emitted(made))


def test_the_numbers_of_an_empty_store(lab_store):
    made = built(lab_store)
    check(made, report(made))
    check_thumbs(made, report(made), 0)
