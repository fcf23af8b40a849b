"""Settings: composition, overrides, text that is taken literally, and the sentences for what cannot work."""

from __future__ import annotations

import re
import shutil
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab.config import CONF_DIR, MAX_PROMPT_CHARS, compose, is_loopback, load_settings
from lab.errors import ConfigError
from lab.routing.check import check_config

CONFIG = """\
defaults:
  - router: hybrid
  - experts: [a, b]
  - _self_
encoder: all-MiniLM-L6-v2
providers:
  stall_timeout_s: 30
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return make_conf(tmp_path / "conf")


def make_conf(folder: Path) -> Path:
    """Write a small configuration with the experts a and b."""
    (folder / "experts").mkdir(parents=True)
    shutil.copytree(CONF_DIR / "router", folder / "router")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "router" / "hybrid.yaml").write_text("strategy: hybrid\nfallback: a\nthreshold: 0.45\n")
    write_expert(folder, "a", "patterns: [lol]\nutterances: [hello]\nsystem_prompt: be kind\nthreshold: null\n")
    write_expert(folder, "b", "patterns: [sql]\nthreshold: 0.3\n")
    return folder


def write_expert(conf: Path, name: str, body: str, *, file: str | None = None) -> Path:
    path = conf / "experts" / f"{file or name}.yaml"
    path.write_text(f"# @package experts.{name}\n{body}", encoding="utf-8")
    return path


def refusal(*overrides: str, conf: Path = CONF_DIR) -> str:
    """Return the one sentence that a composition is refused with."""
    with pytest.raises(ConfigError) as caught:
        compose(overrides, conf)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------- what is shipped


@pytest.mark.parametrize("strategy", ["keyword", "semantic", "hybrid"])
def test_every_shipped_router_can_be_built(strategy):
    router = compose([f"router={strategy}"]).router
    assert router.strategy == strategy
    assert [expert.name for expert in router.experts] == ["professor", "zoomer"]
    for expert in router.experts:
        assert all([expert.model, expert.system_prompt, expert.patterns, expert.utterances])
    check_config(router)


def test_shipped_text_is_what_the_files_say():
    import yaml

    for expert in compose().router.experts:
        written = yaml.safe_load((CONF_DIR / "experts" / f"{expert.name}.yaml").read_text(encoding="utf-8"))
        assert list(expert.patterns) == written["patterns"]
        assert list(expert.utterances) == written["utterances"]
        assert expert.system_prompt == written["system_prompt"]


def test_composing_is_repeatable():
    assert compose() == compose()


# ------------------------------------------------------------------------------------------------------ overrides


def test_overrides_change_group_value_and_list(conf):
    overrides = ["router=semantic", "router.threshold=0.85", "experts=[b,a]", "encoder=x/y"]
    config = compose([*overrides, "providers.stall_timeout_s=5"], conf)
    router = config.router
    assert (router.strategy, router.threshold, router.encoder) == ("semantic", 0.85, "x/y")
    assert [expert.name for expert in router.experts] == ["b", "a"]
    assert config.providers.stall_timeout_s == 5.0


def test_an_override_of_one_expert_leaves_the_others(conf):
    router = compose(["experts.a.threshold=0.9", "experts.b.patterns=[x, 'a, b', 're: y+']"], conf).router
    assert [expert.threshold for expert in router.experts] == [0.9, 0.3]
    assert router.expert("b").patterns == ("x", "a, b", "re: y+")
    assert router.expert("a").patterns == ("lol",)


def test_a_router_without_experts_is_refused_when_it_is_built():
    with pytest.raises(ConfigError, match="has no experts"):
        check_config(compose(["experts=[]"]).router)


def test_an_expert_can_be_left_out_and_added(conf):
    assert [expert.name for expert in compose(["experts=[a]"], conf).router.experts] == ["a"]
    write_expert(conf, "c", "patterns: [x]\nprice: {input: 1, output: 2.5}\noptions: {seed: 3, nested: {deep: true}}\n")
    added = compose(["experts=[a,b,c]"], conf).router.expert("c")
    assert (added.price.input, added.price.output) == (1.0, 2.5)
    assert added.options == {"seed": 3, "nested": {"deep": True}}


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("router.threshold=abc", ["The setting router.threshold cannot be used", "'abc'"]),
        ("router.top_k=2.5", ["The setting router.top_k cannot be used", "2.5"]),
        ("router.threshold=null", ["The setting router.threshold cannot be used"]),
        ("experts.professor.threshold=high", ["The setting experts.professor.threshold cannot be used", "'high'"]),
        ("experts.professor.price.input=free", ["The setting experts.professor.price.input cannot be used", "'free'"]),
        ("providers.stall_timeout_s=soon", ["The setting providers.stall_timeout_s cannot be used", "'soon'"]),
        ("experts.professor.utterances=null", ["utterances", "professor", "None"]),
        ("experts.professor.patterns=[1.10]", ["patterns", "professor", "1.1"]),
        ("experts.professor.patterns=[true]", ["patterns", "professor", "True"]),
        ("router.treshold=0.3", ["router.treshold"]),
        ("+router.treshold=0.3", ["treshold"]),
        ("+experts.professor.patern=[x]", ["patern"]),
        ("nonsense=1", ["nonsense"]),
        ("router=hybird", ["hybird", "hybrid keyword semantic"]),
        ("experts=[professor,nobody]", ["nobody"]),
        ("experts=[zoomer,professor,zoomer]", ["Expert 'zoomer' stands twice"]),
        ("experts=[ zoomer , zoomer ]", ["Expert 'zoomer' stands twice"]),
        ("router.threshold", ["router.threshold"]),
        ("router.threshold=0.1,0.2", ["router.threshold=0.1,0.2"]),
        ("--help", ["--help"]),
        ("=3", ["=3"]),
        ("router=null", ["router=null"]),
        ("router=7", ["router=7"]),
        ("experts=null", ["experts=null"]),
        ("experts.professor.system_prompt=${x}", ["${x}"]),
    ],
)
def test_an_override_that_cannot_work_is_named_in_one_sentence(override, parts):
    sentence = refusal(override)
    assert [part for part in parts if part not in sentence] == [], sentence
    assert "/tmp" not in sentence  # where it was composed means nothing to a person


# --------------------------------------------------------------------------------------------- text stays literal

LITERAL = ["${x}", "${", "a ${unclosed", r"\${x}", r"\\${x}", "${oc.env:HOME}", "$x {y} $${z}", "\ue000", "\ue001"]
LITERAL += ["\ue000\ue001", "\ue000\ue000\ue001", "\ue000${", "$\ue000{", "a 'b' \"c\"", "${a:${b}}"]
LITERAL += ["é\u2028😀", "a: b #c"]


@pytest.mark.parametrize("as_characters", [True, False])
@pytest.mark.parametrize("text", LITERAL)
def test_prompts_patterns_and_utterances_are_taken_as_they_are(text, as_characters, conf):
    import yaml

    written = {"system_prompt": text, "patterns": [text], "utterances": [text], "options": {"stop": text}}
    write_expert(conf, "a", yaml.safe_dump(written, allow_unicode=as_characters))
    expert = compose((), conf).router.expert("a")
    assert (expert.system_prompt, expert.patterns, expert.utterances) == (text, (text,), (text,))
    assert expert.options == {"stop": text}


def test_three_question_marks_are_a_pattern_like_another(conf):
    # to OmegaConf they are a missing value
    write_expert(conf, "a", "patterns: ['???']\nutterances: ['???']\n")
    expert = compose((), conf).router.expert("a")
    assert (expert.patterns, expert.utterances) == (("???",), ("???",))


@pytest.mark.parametrize("text", ["${x}", "${", r"\${x}", "\ue000\ue001", "\ue000", "\ue000${"])
def test_a_quoted_override_is_taken_as_it_is(text, conf):
    overrides = [f"experts.a.system_prompt='{text}'", f"experts.a.patterns=['{text}']"]
    expert = compose(overrides, conf).router.expert("a")
    assert (expert.system_prompt, expert.patterns) == (text, (text,))


@settings(max_examples=25)
@given(st.lists(st.text(st.sampled_from("${}\\\ue000\ue001a: '\n"), min_size=1, max_size=8), min_size=1, max_size=8))
@example(["\ue000\ue000\ue001${"])
def test_any_text_comes_through_a_file(tmp_path_factory, texts):
    import yaml

    conf = make_conf(tmp_path_factory.mktemp("literal") / "conf")
    write_expert(conf, "a", yaml.safe_dump({"utterances": texts}))
    assert list(compose((), conf).router.expert("a").utterances) == texts


@pytest.mark.parametrize("word", ["no", "yes", "off", "null", "~", "1.10", "0x10", "1_000", "12:30", "42"])
def test_a_bare_word_that_yaml_takes_for_something_else_is_refused(word, conf):
    # YAML reads `no` as false: a pattern that becomes the text "False" would be a silent substitution
    file = write_expert(conf, "a", f"patterns: [lol, {word}]\nutterances: [hi]\n")
    assert refusal(conf=conf).startswith(f"{file}: YAML reads one of the patterns as ")
    write_expert(conf, "a", f"patterns: [lol, '{word}']\nutterances: [hi]\n")
    assert compose((), conf).router.expert("a").patterns == ("lol", word)


# ------------------------------------------------------------------------------------------------- broken files


def test_yaml_that_does_not_parse_names_file_and_line(conf):
    file = write_expert(conf, "a", "patterns: [lol\nutterances: [x]\n")
    sentence = refusal(conf=conf)
    assert sentence.startswith(f"{file}, line 3 is not YAML: ")
    assert sentence.endswith(". Correct it, then start again.")


def test_a_file_that_holds_no_mapping_is_named(conf):
    file = write_expert(conf, "a", "- just\n- a list\n")
    assert "a" in refusal(conf=conf)
    assert str(file.name) in refusal(conf=conf)


def test_yaml_of_control_characters_names_the_file(conf):
    file = write_expert(conf, "a", "system_prompt: 'a\x07b'\n")
    assert refusal(conf=conf).startswith(f"{file} is not YAML")


def test_a_key_that_stands_twice_names_file_line_and_key(conf):
    file = write_expert(conf, "a", "patterns: [lol]\nmodel: x\npatterns: [rofl]\n")
    assert refusal(conf=conf) == f"{file}, line 2: 'patterns' stands there twice. Remove or rename one."


def test_a_key_that_stands_twice_deeper_down_is_found_too(conf):
    file = write_expert(conf, "a", "price:\n  input: 1\n  input: 2\n")
    assert refusal(conf=conf).startswith(f"{file}, line 3: 'input' stands there twice")


def test_two_files_for_one_expert_are_named(conf):
    other = write_expert(conf, "a", "patterns: [x]\n", file="again")
    assert refusal(conf=conf) == (
        f"Expert 'a' is defined twice: in {conf / 'experts' / 'a.yaml'} and in {other}. Rename one."
    )


def test_an_expert_file_without_its_header_is_named(conf):
    file = conf / "experts" / "a.yaml"
    file.write_text("patterns: [x]\n")
    assert refusal(conf=conf) == f"{file} must begin with the line `# @package experts.NAME`, which names the expert."


def test_a_file_that_is_not_utf_8_is_named(conf):
    file = conf / "experts" / "a.yaml"
    file.write_bytes("# @package experts.a\nsystem_prompt: caf\xe9\n".encode("latin-1"))
    assert refusal(conf=conf).startswith(f"{file} cannot be read as UTF-8 text")


def test_a_folder_without_config_yaml_is_named(tmp_path):
    assert refusal(conf=tmp_path) == (
        f"{tmp_path} holds no config.yaml. Set LAB_CONF_DIR to a folder laid out like lab/conf."
    )
    assert "nowhere" in refusal(conf=tmp_path / "nowhere")


def test_an_unknown_key_in_a_file_is_named(conf):
    write_expert(conf, "a", "patern: [lol]\n")
    assert "patern" in refusal(conf=conf)


def test_a_setting_of_the_wrong_kind_in_a_file_is_named(conf):
    write_expert(conf, "a", "patterns: lol\n")
    sentence = refusal(conf=conf)
    assert [part for part in ("experts.a.patterns", "'lol'") if part not in sentence] == []


# ------------------------------------------------------------------------------------------------ one process


@pytest.mark.slow
def test_many_threads_compose_at_once(conf):
    thresholds: list[float] = []

    def work(number: int) -> None:
        thresholds.append(compose([f"router.threshold={number / 1000}"], conf).router.threshold)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(thresholds) == [number / 1000 for number in range(40)]


def test_a_failed_composition_leaves_the_next_one_alone(conf):
    for override in ("router=hybird", "router.threshold=abc", "=3"):
        with pytest.raises(ConfigError):
            compose([override], conf)
    assert compose((), conf).router.threshold == 0.45


def test_overrides_never_come_from_argv(conf, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest", "router.threshold=0.99", "--multirun"])
    assert compose((), conf).router.threshold == 0.45


# ---------------------------------------------------------------------------------------------- the environment


def test_without_variables_the_settings_are_the_repositorys():
    settings_ = load_settings({})
    assert settings_.max_prompt_chars == MAX_PROMPT_CHARS == 32_000
    assert settings_.data_dir == Path(__file__).parents[1] / "data"
    assert settings_.cache_dir == settings_.data_dir / "cache"
    assert settings_.conf_dir == CONF_DIR
    assert (settings_.database_url, settings_.access_key) == (None, None)


def test_every_variable_is_read(tmp_path):
    settings_ = load_settings(
        {
            "LAB_DATA_DIR": str(tmp_path / "d"),
            "LAB_DATABASE_URL": "sqlite:///x.db",
            "LAB_MAX_PROMPT_CHARS": "5",
            "LAB_CONF_DIR": str(tmp_path),
            "LAB_ACCESS_KEY": "a long secret",
        }
    )
    assert (settings_.data_dir, settings_.conf_dir) == (tmp_path / "d", tmp_path)
    assert (settings_.database_url, settings_.max_prompt_chars, settings_.access_key) == (
        "sqlite:///x.db",
        5,
        "a long secret",
    )


def test_an_empty_variable_is_no_variable():
    names = ["LAB_MAX_PROMPT_CHARS", "LAB_DATA_DIR", "LAB_CONF_DIR", "LAB_DATABASE_URL", "LAB_ACCESS_KEY"]
    assert load_settings(dict.fromkeys(names, "")) == load_settings({})


@pytest.mark.parametrize("value", ["abc", "0", "-1", "1.5", "32,000", "1e3", " 5", "²"])
def test_a_limit_that_is_no_whole_number_above_zero_is_refused(value):
    with pytest.raises(ConfigError, match=re.escape(f"LAB_MAX_PROMPT_CHARS is {value!r}; it must be a whole number")):
        load_settings({"LAB_MAX_PROMPT_CHARS": value})


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *[("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True)],
        *[("0.0.0.0", False), ("::", False), ("192.168.1.2", False), ("example.com", False), ("", False)],
    ],
)
def test_loopback_is_told_from_the_rest(host, expected):
    assert is_loopback(host) is expected
