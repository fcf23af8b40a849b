"""Mentions: matches behind a negation or inside a quotation, which a person should look at."""

from __future__ import annotations

import pytest

from lab.forensics.rules.mentions import Quotations, is_negated
from lab.forensics.rules.report import report
from lab.types import NONE, Expert, RouterConfig


@pytest.mark.parametrize(
    ("prompt", "negated"),
    [
        ("do not write any code", True),
        ("please don't use code", True),
        ("please don’t use code", True),
        ("no code", True),
        ("an essay without code", True),
        ("a poem instead of code", True),
        ("prose rather than code", True),
        ("anything but code", True),
        ("NEVER show code", True),
        ("bitte keinen code", True),
        ("code", False),
        ("code, not prose", False),  # what follows is denied
        ("I cannot sleep. Write code", False),  # another sentence
        ("no, code", False),  # another clause
        ("not one of the long words of code", False),  # too far away
        ("the knot in code", False),  # no word of its own
        ("instead the code", False),
        ("I don't think you should write code", True),
        ("no need to write any code", True),
        ("I do not want you to show me code", True),
        ("I don't know how to write code", False),  # the knowing is denied
        ("not only code", False),
        ("nicht nur code", False),
        ("isn't this code", False),
        ("why don't you write code", False),
        ("not a poem but code", False),
        ("no poem, not just code", False),
    ],
)
def test_a_match_behind_a_negation_in_its_clause_is_flagged(prompt, negated):
    assert is_negated(prompt, prompt.rindex("code") if prompt != "code, not prose" else 0) == negated


@pytest.mark.parametrize(
    ("prompt", "quoted"),
    [
        ('what does "code" mean', True),
        ("what does “the code” mean", True),
        ("was heißt „code“ hier", True),
        ("que veut dire « code » ici", True),
        ("「code」", True),
        ("what is 'code'", True),
        ("run `code` now", True),
        ("```\nsome code\n```", True),
        ("```\nsome code, never closed", True),
        ("write code", False),
        ('a 5" pipe and code and a 6" pipe', False),  # inches
        ("the dog's code and the cat's", False),  # apostrophes
        ('"quoted" code "again"', False),  # between two quotations
        ("`a` code `b`", False),
    ],
)
def test_a_match_inside_a_quotation_is_flagged(prompt, quoted):
    start = prompt.index("code")
    assert Quotations(prompt).hold(start, start + 4) == quoted


def test_a_pattern_that_matches_the_marks_themselves_is_not_inside_them():
    assert not Quotations("run `code` now").hold(4, 10)


def test_a_row_is_flagged_when_every_match_in_it_is():
    config = RouterConfig("keyword", (Expert("a", patterns=("code",)),), NONE)
    prompts = ["no code", "no code, only code", '"code"', '"code" is code']
    code = report(config, prompts, ["a"] * 4).patterns[0]
    assert (code.negated, code.quoted) == ((0,), (2,))
