"""The doctor's rules about one pair: each with a pair that has the fault, and with a near miss that has not."""

from __future__ import annotations

import pytest
from judged_duels import GOOD, POOR, answer, ballots, judged, liked

from lab.dpo.checks import of_pair
from lab.dpo.checks.catalogue import BIT, BLOCKS, OF_ROWS, RULES
from lab.dpo.checks.names import names_its_model
from lab.dpo.checks.of_pair import fold
from lab.dpo.pairs import digest_of_like, digests, liked_row_of, row_of, sides_of
from lab.dpo.spec import Spec
from lab.dpo.verdicts import verdict
from lab.messages import Message


def blocked(duel, spec=None, *, mock=False):
    spec = spec or Spec()
    found = verdict(duel, spec)
    row = row_of(duel, found, spec)
    return of_pair.block(row, of_pair.fold(row), *sides_of(duel, found), mock=mock)


def warned(duel, spec=None):
    spec = spec or Spec()
    found = verdict(duel, spec)
    row = row_of(duel, found, spec)
    bits = of_pair.flags(duel, row, of_pair.fold(row), found)
    return {rule for rule in OF_ROWS if bits & BIT[rule]}


def turns(*said):
    return tuple(Message(role, text) for role, text in said)


def test_a_sound_pair_has_no_fault():
    assert blocked(judged()) is None
    assert warned(judged()) == set()
    assert blocked(judged("s")) is None


@pytest.mark.parametrize(
    ("rule", "duel", "miss"),
    [
        ("empty", judged(rejected=" \n\u200b"), judged(rejected="42")),
        ("empty", judged(chosen=""), judged(chosen="👍")),
        ("empty", judged(chosen="\u200f\u200e"), judged(chosen="\u200fשלום")),
        ("equal", judged(rejected=f"  {GOOD.upper()}\n"), judged(rejected=GOOD.replace("blue", "red"))),
        ("equal", judged(chosen="Café", rejected="Cafe\u0301"), judged(chosen="Café", rejected="Cafe")),
        ("equal", judged(chosen="Straße", rejected="STRASSE"), judged(chosen="Straße", rejected="Strasze")),
        ("no_user_turn", judged(turns=()), judged(turns=turns(("user", "Hi")))),
        ("no_user_turn", judged(turns=turns(("user", "Hi"), ("assistant", "Hello"))),
         judged(turns=turns(("user", "Hi"), ("assistant", "Hello"), ("user", "Why?")))),
        ("no_user_turn", judged(prompt="\u200b "), judged(prompt="?")),
        ("prompt_repeated", judged(chosen=f"Why is the sky blue? {GOOD}"), judged(chosen=f"The sky is blue? {GOOD}")),
        ("prompt_repeated", judged(rejected="why is  the sky BLUE?"), judged(rejected="Why is the sky blu")),
        ("error_text", judged(rejected="Error: connection refused"), judged(rejected="No error: it is light.")),
        ("error_text", judged(second=answer("two", POOR, error_kind="timeout")), judged()),
        ("unfinished", judged(second=answer("two", POOR, finish_reason="length")),
         judged(second=answer("two", POOR, finish_reason="stop"))),
        ("unfinished", judged(first=answer("one", GOOD, finish_reason="max_tokens", event_id=None)), judged()),
        ("unfinished", judged(first=answer("one", GOOD, finish_reason=None)),
         judged(first=answer("one", GOOD, finish_reason=None, event_id=None))),  # from a file: nobody knows
        ("placeholder", judged(rejected="N/A"), judged(rejected="Nay")),
        ("placeholder", judged(chosen="[your answer here]"), judged(chosen="[1] your answer")),
    ],
)  # fmt: skip
def test_what_blocks(rule, duel, miss):
    assert blocked(duel) == rule
    assert blocked(miss) is None
    assert rule in BLOCKS


@pytest.mark.parametrize(
    ("rule", "duel", "miss"),
    [
        ("names_model", judged(chosen="I am Claude, and light scatters."),
         judged(chosen="I am Claudia, and light scatters.")),
        ("names_model", judged(rejected="Ich bin ChatGPT und weiß es nicht."),
         judged(rejected="ChatGPT ist ein Modell.")),
        ("names_model", judged(rejected="我是通义千问 Qwen，天空是蓝的。"), judged(rejected="天空是蓝的。")),
        ("names_model", judged(chosen="Zephyr says: light scatters.", first=answer("one",
         "Zephyr says: it scatters.", model="zephyr:7b")),
         judged(first=answer("one", "A zephyrlike wind.", model="zephyr:7b"))),
        ("refusal", judged(rejected="I'm sorry, but I can't help with that."),
         judged(rejected="I can't help but look up.")),
        ("refusal", judged(rejected="很抱歉，我无法提供帮助。"), judged(rejected="很抱歉听到这个消息。")),
        ("personal", judged(rejected="Ask ann@firma.de."), judged(rejected="Ask user@host.")),
        ("personal", judged(prompt="Call +49 30 1234567 for me"), judged(prompt="Add +49 and 30 for me")),
        ("personal", judged(turns=turns(("user", "I am ann@firma.de"), ("assistant", "Hello"), ("user", "Why?"))),
         judged(turns=turns(("user", "I am @ann"), ("assistant", "Hello"), ("user", "Why?")))),
        ("markers", judged(chosen=f"{GOOD}<|im_end|>"), judged(chosen=f"{GOOD} a <|> b")),
        ("markers", judged(prompt="[INST] Why? [/INST]"), judged(prompt="[INSTALL] Why?")),
        ("out_of_turn", judged(turns=turns(("user", "Hello"), ("user", "Why is the sky blue?"))),
         judged(turns=turns(("user", "Hello"), ("assistant", "Hi"), ("user", "Why is the sky blue?")))),
        ("out_of_turn", judged(turns=turns(("assistant", "Hello"), ("user", "Why is the sky blue?"))), judged()),
        ("looks_cut", judged(chosen=f"{GOOD} {GOOD} And then the"), judged(chosen=f"{GOOD} {GOOD} And then they")),
        ("settings", judged(first=answer("one", GOOD, options={"temperature": 1})),
         judged(first=answer("one", GOOD, options={"temperature": 0.2, "seed": 7}))),
        ("settings", judged(first=answer("one", GOOD, options={"temperature": 0.2, "max_tokens": 9})),
         judged(first=answer("one", GOOD, options={}))),  # of an answer from a file nobody knows
        ("unblinded", judged(ballots("f", unblinded=True)), judged(ballots("ff") + ballots("s", "c", unblinded=True))),
        ("unblinded", judged(ballots("f") + ballots("f", "b", unblinded=True)),
         judged(ballots("f", unblinded=True), origin="edit")),  # who writes an answer knows that it is their own
    ],
)  # fmt: skip
def test_what_warns(rule, duel, miss):
    assert rule in warned(duel)
    assert rule not in warned(miss)
    assert blocked(duel) is None


def test_a_name_that_was_asked_about_is_no_fault_and_one_inside_a_word_is_none():
    assert names_its_model("Phi is small.", "phi is small.", ("phi",), "who are you?")
    assert not names_its_model("Phi is small.", "phi is small.", ("phi",), "is phi a letter?")
    assert names_its_model("Phi is small.", "phi is small.", ("phi",), "what is philosophy?")
    assert not names_its_model("Philosophy, graphics.", "philosophy, graphics.", ("phi",), "name two subjects")
    assert names_its_model("philosophy by phi", "philosophy by phi", ("phi",), "")
    assert names_its_model("我叫phi。", "我叫phi。", ("phi",), "")


def test_the_mock_is_a_placeholder_that_may_be_asked_for():
    duel = judged(rejected="test", second=answer("two", "test", provider="mock"))
    assert blocked(duel) == "placeholder"
    assert blocked(duel, mock=True) is None
    assert blocked(judged(rejected="test"), mock=True) == "placeholder"


def test_masking_covers_every_text_and_can_make_answers_equal():
    spec = Spec(mask=True, system="replaced", system_text="Mail boss@firma.de.")
    duel = judged(
        chosen="Ask ann@firma.de.", rejected="Ask bob@firma.de.",
        turns=turns(("user", "I am +49 30 1234567"), ("assistant", "Hi eve@firma.de"), ("user", "Whom?")),
    )  # fmt: skip
    row = row_of(duel, verdict(duel, spec), spec)
    assert (row.chosen, row.rejected) == ("Ask [e-mail].", "Ask [e-mail].")
    assert [turn.content for turn in row.turns] == ["I am [phone]", "Hi [e-mail]", "Whom?"]
    assert row.system_prompt == "Mail [e-mail]."
    assert blocked(duel, spec) == "equal"
    assert blocked(duel) is None
    assert "personal" in warned(duel)
    assert "personal" not in warned(judged(chosen="Ask ann@firma.de."), spec)


@pytest.mark.parametrize(
    ("system", "expected"),
    [(Spec(), "Own."), (Spec(system="none"), ""), (Spec(system="replaced", system_text="New."), "New.")],
)
def test_a_pair_has_one_system_prompt(system, expected):
    duel = judged(system_prompt="Own.")
    assert row_of(duel, verdict(duel, system), system).system_prompt == expected


@pytest.mark.parametrize(
    ("like", "reason"),
    [
        (liked(), None), (liked(" \u200b"), "empty"), (liked(turns=turns(("assistant", "Hi"))), "no_user_turn"),
        (liked("Error: connection refused"), "error_text"), (liked("N/A"), "placeholder"),
        (liked(answer=answer("one", GOOD, finish_reason="length")), "unfinished"),
        (liked(f"Why is the sky blue? {GOOD}"), "prompt_repeated"),
    ],
)  # fmt: skip
def test_what_keeps_a_liked_answer_out(like, reason):
    assert of_pair.block_like(liked_row_of(like, Spec()), like.answer, mock=False) == reason


def test_a_pair_and_its_contrary_are_told_by_their_digests():
    def of(duel, spec=None):
        row = row_of(duel, verdict(duel, spec or Spec()), spec or Spec())
        return digests(row, fold(row))

    one, other = of(judged("f")), of(judged("s"))
    assert one == (other.rejected, other.chosen)
    assert not {*one} & {*of(judged(prompt="Else?"))}
    assert not {*one} & {*of(judged(system_prompt="Be brief."))}
    assert of(judged(system_prompt="Be brief."), Spec(system="none")) == one
    assert digest_of_like(liked_row_of(liked(), Spec())) == one.chosen
    assert digest_of_like(liked_row_of(liked(f" {GOOD.upper()}"), Spec())) == one.chosen
    assert (
        of(judged(turns=turns(("user", "a"), ("assistant", "b"), ("user", "c")))).chosen
        != of(judged(turns=turns(("user", "a"), ("assistant", "b c"), ("user", "")))).chosen
    )


HONEST = [
    "An error in code is called a bug. **Fixing** it means: read, think, change.",
    "| a | b |\n|---|---|\n| `[INST]` is not here | 978-3-16-148410-0 |".replace("`[INST]` is not here", "INST"),
    "# Title\n\n1. One\n2. Two\n\n> quote\n\n```python\nops = [INST, DATA]\nprint(ops[0] < 3)\n```",
    "Roses are red\nViolets are blue\nSugar is sweet\nAnd the rest is for you to write on a quiet night in May",
    "Version 3.11.7 of 2026-11-23 costs $1,234.50; sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 at 192.168.100.254.",
    "To refuse politely, thank the person first and give a reason.",
    "Language models such as these predict the next word.",
    "Wer krank ist, ruft an. Leider kann man das Wetter nicht vorhersagen.",
    "Le ciel est bleu : la lumière se diffuse.",
    "El cielo es azul porque la luz se dispersa.", "天空是蓝色的。", "空が青いのは光が散乱するからです。",
    "السماء زرقاء لأن الضوء يتشتت.", "Небо голубое, потому что свет рассеивается.", "하늘은 빛이 산란되어 파랗다.",
    "आकाश नीला है क्योंकि प्रकाश बिखरता है।", "ท้องฟ้าเป็นสีฟ้าเพราะแสงกระเจิง", "\u200fהשמיים כחולים\u200f", "42",
    "Yes", "Blue.",
]  # fmt: skip


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_answer_has_no_fault(text):
    assert blocked(judged(chosen=text)) is None
    assert blocked(judged(rejected=text)) is None
    assert warned(judged(chosen=text)) == set()


def test_the_catalogue_has_every_rule_once():
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.title and rule.why.endswith(".") and rule.then.endswith(".") for rule in RULES)
    assert len(set(BIT.values())) == len(OF_ROWS) <= 32
