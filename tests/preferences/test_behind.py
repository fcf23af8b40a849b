"""The ballots behind a number are those that the number counts."""

from __future__ import annotations

import pytest
from ballot_box import ballot, said_by
from hypothesis import given
from hypothesis import strategies as st

from lab.preferences.behind import CHANCE, ballots_behind, pool_name
from lab.preferences.report import report

verdicts = st.text("fsebk.", min_size=1, max_size=12)


@given(verdicts, verdicts, verdicts)
def test_every_number_opens_as_many_ballots_as_it_says(one, two, again):
    votes = said_by("ann", one) + said_by("ben", two) + said_by("ann", again, round=2, left="second")
    votes += [ballot("d0", "import:f", "first", annotator_kind="import"), ballot("x", "cleo", "second", rule="hardest")]
    found = report(votes)

    def behind(kind, *about):
        return ballots_behind(votes, kind, *about)

    assert len(behind("votes")) == found.votes
    assert len({vote.duel_id for vote in behind("twice")}) == found.agreement.twice
    for left, right, leaning in (("left", "right", found.bias.left), ("longer", "shorter", found.bias.longer)):
        assert (len(behind(left)), len(behind(left)) + len(behind(right))) == (leaning.hits, leaning.n)
    for verdict, share in found.mix.items():
        assert len(behind("verdict", verdict)) == round((share.value.value if share.value else 0) * share.n)
    for line in found.annotators:
        mine = line.annotator_id
        assert len(behind("votes", mine)) == line.votes
        assert len(behind("left", mine)) == (line.bias.left.hits if line.bias else 0)
        if line.consistency:
            repeats = [vote for vote in behind("repeats", mine) if vote.round > 1]
            assert len(repeats) == line.consistency.share.n
        rest = [vote for vote in behind("rest", mine) if vote.annotator_id == mine]
        assert len(rest) == (line.rest.share.n + line.rest.split if line.rest else 0)
    for both in found.agreement.each_two:
        assert len(behind("two", both.first, both.second)) == 2 * both.duels
    for name, class_ in found.bias.by_ratio.items():
        assert len(behind("ratio", name)) == class_.n
    assert len(behind("rated", CHANCE)) == found.by_chance.votes
    for contender in found.by_chance.contenders:
        duels = {vote.duel_id for vote in behind("rated", CHANCE, "", contender.name)}
        assert len(duels) == contender.duels
    for (origin, rule), rated in found.by_origin.items():
        assert len(behind("rated", pool_name(origin, rule))) == rated.votes


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(KeyError):
        ballots_behind([], "nonsense")


def test_a_pair_of_names_and_a_query_type():
    votes = [*said_by("ann", "fs", query_type="maths"), ballot("x", "ann", "first", second_name="other")]
    assert len(ballots_behind(votes, "rated", CHANCE, "", "professor", "zoomer")) == 2
    assert len(ballots_behind(votes, "rated", CHANCE, "maths")) == 2
    assert len(ballots_behind(votes, "rated", CHANCE, "", "other")) == 1
    assert ballots_behind(votes, "rated", "import/all") == []
