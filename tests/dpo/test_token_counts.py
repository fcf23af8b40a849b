"""Tokens by the policy's own tokenizer, by estimate, and folders that hold none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_policy
from pair_rows import pair

from lab.dpo.rows import LikedRow
from lab.dpo.spec import Policy
from lab.dpo.tokens import Estimate, FolderTokenizer, counter, estimated
from lab.errors import ExportError
from lab.messages import Message

LAB = Path(__file__).parents[2] / "lab"
ROWS = [
    pair(),
    pair("Name an animal.", "A fox.", "A stone.", system_prompt="You are a helpful assistant."),
    pair("Schreib «größer» 你好 🦊", "größer", "kleiner\u2028"),
    pair(
        turns=(Message("user", "Hello"), Message("assistant", "Hello, and?"), Message("user", "Go on <|im_end|>")),
        chosen="With pleasure.",
        rejected="No.",
    ),
]


def liked(row) -> LikedRow:
    return LikedRow("response", "train", row.turns, row.system_prompt, row.chosen, True, row.chosen_by, "")


def ids(folder: Path, conversation: list[dict[str, str]], *, opening: bool) -> list[int]:
    """Return what transformers makes of one conversation, on the way that trainers take."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    return tokenizer.apply_chat_template(conversation, add_generation_prompt=opening, tokenize=True)["input_ids"]


def conversation(row) -> list[dict[str, str]]:
    system = [{"role": "system", "content": row.system_prompt}] if row.system_prompt else []
    return system + [{"role": turn.role, "content": turn.content} for turn in row.turns]


# -------------------------------------------------------------------------------------------------- by tokenizer


def test_each_row_is_counted_as_if_it_were_alone(policy_tokenizer):
    pairs = FolderTokenizer.load(policy_tokenizer).pairs(ROWS)
    for number, row in enumerate(ROWS):
        asked = conversation(row)
        assert pairs.chosen.prompt[number] == len(ids(policy_tokenizer, asked, opening=True))
        for side, text in ((pairs.chosen, row.chosen), (pairs.rejected, row.rejected)):
            said = [*asked, {"role": "assistant", "content": text}]
            assert side.whole[number] == len(ids(policy_tokenizer, said, opening=False))


def test_a_liked_answer_counts_like_the_chosen_one_of_a_pair(policy_tokenizer):
    for count in (FolderTokenizer.load(policy_tokenizer), Estimate()):
        pairs, alone = count.pairs(ROWS), count.liked([liked(row) for row in ROWS])
        assert alone.whole.tolist() == pairs.chosen.whole.tolist()
        assert alone.prompt.tolist() == pairs.chosen.prompt.tolist()


def test_a_prompt_ends_where_opened_prompt_and_whole_part_ways(tmp_path):
    """The template opens with a thought that it leaves out before an answer: those tokens are no prompt."""
    folder = tiny_policy.save_tokenizer(tmp_path, tiny_policy.THINKING)
    opened = ids(folder, conversation(ROWS[0]), opening=True)
    whole = ids(folder, [*conversation(ROWS[0]), {"role": "assistant", "content": ROWS[0].chosen}], opening=False)
    shared = next(place for place, (one, other) in enumerate(zip(opened, whole, strict=False)) if one != other)
    assert FolderTokenizer.load(folder).pairs(ROWS[:1]).chosen.prompt.tolist() == [shared]
    assert shared < len(opened)


def test_more_rows_than_a_block_are_counted_in_their_order(policy_tokenizer):
    rows = [pair("Name " + "a number " * (number % 7), "x " * (number % 5 + 1)) for number in range(1_100)]
    count = FolderTokenizer.load(policy_tokenizer)
    together, last = count.pairs(rows), count.pairs(rows[-1:])
    assert len(together.chosen.whole) == 1_100
    assert together.chosen.whole[-1] == last.chosen.whole[0]
    assert together.prompt[7] == together.prompt[0] != together.prompt[1]


def test_a_tokenizer_that_is_all_python_counts_the_same(policy_tokenizer):
    class Slow:
        """What transformers offers of a tokenizer without a part in Rust."""

        def __init__(self, tokenizer):
            self.apply_chat_template, self._call = tokenizer.apply_chat_template, tokenizer

        def __call__(self, texts, **options):
            return self._call(texts, **options)

    count = FolderTokenizer.load(policy_tokenizer)
    slow = FolderTokenizer(policy_tokenizer, Slow(count.tokenizer))
    assert slow.pairs(ROWS).longest.tolist() == count.pairs(ROWS).longest.tolist()


def test_a_tokenizer_that_was_saved_with_a_limit_counts_beyond_it(tmp_path):
    folder = tiny_policy.save_tokenizer(tmp_path)
    saved = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    saved["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    (folder / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    counted = FolderTokenizer.load(folder).pairs(ROWS)
    assert counted.prompt[0] == len(ids(folder, conversation(ROWS[0]), opening=True)) > 4


def test_no_rows_are_no_tokens(policy_tokenizer):
    for count in (FolderTokenizer.load(policy_tokenizer), Estimate()):
        assert count.pairs([]).prompt.shape == (0,)
        assert count.liked([]).whole.shape == (0,)


def test_a_policy_with_a_folder_is_counted_exactly_and_one_without_is_estimated(policy_tokenizer):
    assert counter(Policy(tokenizer=str(policy_tokenizer))).exact
    assert not counter(Policy()).exact


# -------------------------------------------------------------------------------------------------- no tokenizer


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ExportError, match=r"There is no folder .*absent.* estimated"):
        counter(Policy(tokenizer=str(tmp_path / "absent")))


def test_a_name_on_the_hub_is_no_folder():
    with pytest.raises(ExportError, match=r"There is no folder 'meta-llama/Llama-3.2-1B'"):
        counter(Policy(tokenizer="meta-llama/Llama-3.2-1B"))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"notes.txt": "nothing of the kind"},
        {"tokenizer.json": "{"},
        {"tokenizer.json": '{"model": {"type": "BPE"}}', "tokenizer_config.json": "{}"},
        {"tokenizer.json": "[]", "tokenizer_config.json": '{"tokenizer_class": "PreTrainedTokenizerFast"}'},
        {
            "tokenizer_config.json": '{"auto_map": {"AutoTokenizer": ["code.Mine", null]}}',
            "code.py": "raise SystemExit",
        },
    ],
    ids=["empty", "other files", "half a file", "no vocabulary", "a list", "code of its own"],
)
def test_a_folder_without_a_tokenizer_says_what_it_needs(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ExportError, match="no tokenizer that can be read"):
        FolderTokenizer.load(tmp_path)


def test_a_folder_without_a_tokenizer_says_which_file_it_lacks(tmp_path):
    with pytest.raises(ExportError, match=r"it has no tokenizer.json and no tokenizer_config.json\. Name the folder"):
        FolderTokenizer.load(tmp_path)


def test_a_file_in_place_of_the_folder_is_no_folder(tmp_path):
    file = tmp_path / "tokenizer.json"
    file.write_text("{}")
    with pytest.raises(ExportError, match="There is no folder"):
        FolderTokenizer.load(file)


def test_a_tokenizer_without_a_chat_template_is_refused_as_trainers_refuse_it(tmp_path):
    with pytest.raises(ExportError, match="no chat template, so TRL cannot train"):
        FolderTokenizer.load(tiny_policy.save_tokenizer(tmp_path, None))


def test_a_template_that_takes_no_system_prompt_says_so(tmp_path):
    count = FolderTokenizer.load(tiny_policy.save_tokenizer(tmp_path, tiny_policy.NO_SYSTEM))
    assert count.pairs(ROWS[:1]).prompt.shape == (1,)
    with pytest.raises(ExportError, match=r"roles system, user: no system role.* Export without system prompts"):
        count.pairs(ROWS[1:2])


# -------------------------------------------------------------------------------------------------- by estimate


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a" * 390 + " \n" * 5, 80),  # a fifth each
        ("f(x)=1", 3),  # two letters; four signs and digits, .7 each: 3.2
        ("你好世界", 4),
        ("Привет", 3),  # six letters, half a token each
        ("abcde你好", 3),
        ("🦊🦊", 2),
    ],
)
def test_an_estimate_goes_by_script(text, tokens):
    assert estimated(text) == tokens


def test_an_estimate_adds_what_a_template_puts_around():
    # two messages of 7 and 2 tokens with 5 around each, 3 for the opening; then 2 to end an answer of 20
    row = pair("a" * 10, "b" * 100, "c" * 100, system_prompt="d" * 35)
    pairs = Estimate().pairs([row])
    assert pairs.prompt.tolist() == [7 + 5 + 2 + 5 + 3]
    assert pairs.chosen.whole.tolist() == [22 + 20 + 2]


@pytest.mark.real_data
@pytest.mark.parametrize("file", ["dpo_en_demo.json", "dpo_zh_demo.json"])
def test_the_estimate_of_real_answers_is_near_a_real_tokenizer(shared_file, encoder_cache, file):
    rows = json.loads(shared_file(f"preferences/{file}").read_text(encoding="utf-8"))
    texts = [row[side]["value"] for row in rows for side in ("chosen", "rejected")]
    assert sum(map(estimated, texts)) == pytest.approx(pieces(encoder_cache, texts), rel=0.12)


def test_the_estimate_of_code_is_near_a_real_tokenizer(encoder_cache):
    texts = [path.read_text(encoding="utf-8") for path in sorted((LAB / "routing").glob("*.py"))]
    assert sum(map(estimated, texts)) == pytest.approx(pieces(encoder_cache, texts), rel=0.12)


def pieces(encoder_cache: Path, texts: list[str]) -> int:
    """Return how many tokens the WordPiece of MiniLM makes of these."""
    from tokenizers import Tokenizer

    wordpiece = Tokenizer.from_file(str(next(encoder_cache.rglob("tokenizer.json"))))
    wordpiece.no_truncation()
    return sum(len(one.ids) for one in wordpiece.encode_batch_fast(texts, add_special_tokens=False))
