"""Routers as YAML files and back: the same router to the bit, and a sentence for every file that is none."""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import replace
from types import MappingProxyType

import pytest
from doubles import two_experts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab import conf_files, conf_in
from lab.conf_out import from_files, from_zip, to_files, to_zip
from lab.config import CONF_DIR, compose
from lab.errors import ConfigError
from lab.types import Calibration, Calibrator, Expert, LearnedWeights, Price, RouterConfig

WEIGHTS = LearnedWeights(
    ("professor", "none"), 2, base64.b64encode(bytes(16)).decode(), base64.b64encode(bytes(8)).decode(), "words-1", 450
)
CALIBRATOR = Calibrator(
    "scoring hash",
    keyword=Calibration("share", (), (0.97,), 300),
    semantic=Calibration("isotonic", (0.1, 0.1 + 0.2, 1e-7), (0.0, 1 / 3, 1.0), 1200),
)

# ------------------------------------------------------------------------------------------------- round trips

_AWKWARD = ["${", "${x}", "???", "a: b", "# no", "'", '"', "\n", "\n\n", " ", "  x", "\t", "é", "\u2028", "\x85", "😀"]
_AWKWARD += [
    "- a",
    "no",
    "null",
    "1.10",
    "[",
    "{}",
    "\\",
    "%",
    "@",
    "\ufeff",
    "\r",
    "\x07",
    "\ue000",
    "\ue002",
    "re: \\b",
]
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.lists(st.sampled_from([*_AWKWARD, "a", "word"]), max_size=5).map("".join),
)
numbers = st.floats(-1, 1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts.filter(bool), inner, max_size=2),
    max_leaves=4,
)
experts = st.builds(
    Expert,
    name=texts,
    model=texts,
    provider=st.sampled_from(["auto", "ollama", "openai", "mock"]),
    system_prompt=texts,
    patterns=st.lists(texts, max_size=3).map(tuple),
    utterances=st.lists(texts, max_size=3).map(tuple),
    threshold=st.none() | numbers,
    price=st.builds(Price, numbers, numbers),
    options=st.dictionaries(st.sampled_from(["temperature", "stop", "seed"]), values, max_size=2).map(MappingProxyType),
)
calibrations = st.none() | st.builds(
    Calibration,
    method=st.sampled_from(["share", "platt", "isotonic"]),
    scores=st.lists(numbers, max_size=3).map(tuple),
    probabilities=st.lists(numbers, max_size=3).map(tuple),
    rows=st.integers(0, 10**6),
)
routers = st.builds(
    RouterConfig,
    strategy=st.sampled_from(["keyword", "semantic", "hybrid"]),
    experts=st.lists(experts, max_size=3, unique_by=lambda expert: expert.name).map(tuple),
    fallback=texts,
    threshold=numbers,
    min_margin=numbers,
    aggregate=st.sampled_from(["max", "mean_top_k", "centroid"]),
    top_k=st.integers(1, 9),
    on_conflict=st.sampled_from(["defer", "priority"]),
    encoder=texts,
    scorer=st.sampled_from(["cosine", "learned"]),
    learned=st.none()
    | st.builds(
        LearnedWeights,
        classes=st.lists(texts, max_size=2).map(tuple),
        dim=st.integers(1, 4),
        coefficients=st.binary(max_size=32).map(lambda raw: base64.b64encode(raw).decode()),
        intercepts=st.just(""),
        encoder_fingerprint=texts,
        rows=st.integers(0, 10**6),
    ),
    calibrator=st.none() | st.builds(Calibrator, texts, calibrations, calibrations, calibrations),
)


@settings(max_examples=25)
@given(routers)
@example(two_experts(learned=WEIGHTS, scorer="learned", calibrator=CALIBRATOR))
def test_any_router_comes_back_from_its_files_to_the_bit(config):
    back = from_files(to_files(config, "v7"))
    assert back == config
    assert back.content_hash("f") == config.content_hash("f")
    assert back.scoring_hash("f") == config.scoring_hash("f")


NAMES = ["a.b", "reverted card payment?", "_global_", "_name_", "null", "no", "1", "con", "A", "a", "ä", "", "x[0]"]
NAMES += ['quoted "name"', "two\nlines", "../../etc/passwd", "experts", "${x}", "???", "expert-1", "x" * 300, "\u2028"]


def test_experts_of_any_name_come_back_in_their_order():
    config = RouterConfig("hybrid", tuple(Expert(name, patterns=(name or "x",)) for name in NAMES), fallback="a")
    files = to_files(config)
    assert [expert.name for expert in from_files(files).experts] == NAMES
    assert from_files(files) == config
    stems = [path.removeprefix("experts/") for path in files if path.startswith("experts/")]
    assert len({stem.casefold() for stem in stems}) == len(NAMES)
    assert all(stem.removesuffix(".yaml").replace("-", "").isalnum() for stem in stems)
    assert "experts/A.yaml" in files  # a name that every system takes stays the name of the file


def test_the_shipped_router_comes_through_a_zip():
    shipped = compose().router
    assert from_zip(to_zip(shipped, 'v7 "code-safe"')) == shipped


def test_a_zip_of_one_router_is_one_zip():
    assert to_zip(two_experts(), "v7") == to_zip(two_experts(), "v7")
    with zipfile.ZipFile(io.BytesIO(to_zip(two_experts(), 'v7 "code-safe"'))) as archive:
        assert sorted(archive.namelist()) == [
            "v7-code-safe/config.yaml",
            "v7-code-safe/experts/professor.yaml",
            "v7-code-safe/experts/zoomer.yaml",
            "v7-code-safe/router/hybrid.yaml",
        ]


def test_the_files_read_as_a_person_would_write_them():
    prompt = "First line.\nSecond: line."
    config = two_experts()
    config = replace(config, experts=(replace(config.experts[0], system_prompt=prompt), config.experts[1]))
    files = to_files(config, 'v7\n"code-safe"')
    assert files["config.yaml"].startswith('# v7 "code-safe", written by LLM Router Lab.')
    assert "- experts:\n  - professor\n  - zoomer\n" in files["config.yaml"]
    professor = files["experts/professor.yaml"]
    assert professor.startswith("# @package experts.professor\nmodel: llama3.2:3b\n")
    assert "system_prompt: |-\n  First line.\n  Second: line.\n" in professor
    assert "utterances:\n- explain the sky\n" in professor


def test_what_was_learnt_stands_in_a_file_of_its_own():
    files = to_files(two_experts(learned=WEIGHTS, calibrator=CALIBRATOR))
    assert "fitted/hybrid.yaml" in files
    assert WEIGHTS.coefficients in files["fitted/hybrid.yaml"]
    assert "coefficients" not in files["router/hybrid.yaml"]
    assert "fitted" not in "".join(to_files(two_experts()))


def test_the_files_can_be_the_configuration_folder(tmp_path):
    config = two_experts(learned=WEIGHTS, scorer="learned", calibrator=CALIBRATOR)
    for path, text in to_files(config).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert compose((), tmp_path).router == config
    overrides = [
        "router.threshold=0.9",
        "experts.zoomer.threshold=0.2",
        "providers.mock_delay_s=0",
        "router.learned=null",
    ]
    changed = compose(overrides, tmp_path)
    assert (changed.router.threshold, changed.router.expert("zoomer").threshold) == (0.9, 0.2)
    assert (changed.providers.mock_delay_s, changed.router.learned) == (0, None)
    assert [one.name for one in compose(["experts=[zoomer,professor]"], tmp_path).router.experts] == [
        "zoomer",
        "professor",
    ]


def test_lab_conf_itself_can_be_imported():
    files = {path.relative_to(CONF_DIR).as_posix(): path.read_text() for path in CONF_DIR.rglob("*.yaml")}
    assert from_files(files) == compose().router


def test_two_experts_of_one_name_cannot_be_written():
    twin = two_experts().experts[0]
    with pytest.raises(ConfigError, match="Two experts are called 'professor'"):
        to_files(two_experts(experts=(twin, twin)))


@pytest.mark.parametrize("where", ["name", "system_prompt"])
def test_half_a_character_cannot_be_written(where):
    expert = replace(two_experts().experts[0], **{where: "\ud800"})
    with pytest.raises(ConfigError, match="half a character"):
        from_files(to_files(two_experts(experts=(expert,))))


# --------------------------------------------------------------------------------------------------- bad files


def changed(**files: str | None) -> dict[str, str]:
    """Return good files, some of them changed or (None) left out; `__` stands for the slash, `config` for the first."""
    good = to_files(two_experts(learned=WEIGHTS, calibrator=CALIBRATOR))
    for name, text in files.items():
        path = f"{name.replace('__', '/')}.yaml"
        if text is None:
            del good[path]
        else:
            good[path] = text
    return good


def zoomer(body: str) -> dict[str, str]:
    """Return good files, but what the zoomer's file holds."""
    return changed(experts__zoomer=f"# @package experts.zoomer\n{body}")


def fitted(body: str) -> dict[str, str]:
    """Return good files, but what was learnt."""
    return changed(fitted__hybrid=f"# @package router\n{body}")


def config_yaml(defaults: str) -> str:
    return f"defaults:\n{defaults}\nencoder: words\n"


GOOD = "- router: hybrid\n- experts: [professor, zoomer]\n- _self_"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "There is no config.yaml among the files"),
        ({"a.txt": "x"}, "There is no config.yaml"),
        (changed(config=None), "There is no config.yaml"),
        (changed(experts__zoomer=None), "config.yaml names experts/zoomer.yaml, which is not there"),
        (changed(router__hybrid=None), "config.yaml names router/hybrid.yaml, which is not there"),
        (changed(fitted__hybrid=None), "config.yaml names fitted/hybrid.yaml, which is not there"),
        (changed(config="a: [b\n"), "config.yaml, line 2 is not YAML"),
        (changed(config="- a\n"), "config.yaml holds no settings"),
        (changed(config="encoder: words\n"), "config.yaml has no list `defaults`"),
        (changed(config=config_yaml("- router: hybrid\n- nonsense: x")), "among its defaults; they are"),
        (changed(config=config_yaml("- router: ../../../etc/hostname")), "../etc/hostname.yaml, which is"),
        (changed(config=config_yaml("- /etc/x")), "'/etc/x' among its defaults"),
        (changed(config=config_yaml("- override router: hybrid")), "'override router': 'hybrid'"),
        (changed(config=config_yaml("- router: 7")), "names 7 in router, which is no file name"),
        (changed(config=config_yaml(GOOD) + "hydra: {searchpath: ['file:///etc']}\n"), "settings of Hydra itself"),
        (changed(config=config_yaml(GOOD) + "colour: red\n"), "colour"),
        (changed(router__hybrid="treshold: 0.3\n"), "router/hybrid.yaml has 'treshold', which is not known there"),
        (changed(router__hybrid="threshold: high\n"), "The setting router.threshold cannot be used"),
        (changed(router__hybrid="defaults: [x]\n"), "router/hybrid.yaml has `defaults`"),
        (changed(experts__zoomer="patterns: [x]\n"), "experts/zoomer.yaml must begin with the line"),
        (changed(experts__zoomer='# @package experts."a\\u"\n'), "which is no text in quotes"),
        (zoomer("patern: [x]\n"), "experts/zoomer.yaml has 'patern', which is not known there. It may have model, "),
        (zoomer("patterns: [no]\n"), "YAML reads one of the patterns as False"),
        (
            changed(experts__zoomer="# @package experts.professor\npatterns: [x]\n"),
            "Expert 'professor' is defined twice",
        ),
        (zoomer("model: a\nmodel: b\n"), "line 2: 'model' stands there twice"),
        (zoomer("provider: olama\n"), "provider of expert 'zoomer' is 'olama'"),
        (zoomer("options: {a: &x [1], b: *x}\n"), "line 2: *x repeats"),
        (zoomer("options: {day: 2020-13-45}\n"), "means nothing here"),
        (changed(fitted__hybrid="learned: {}\n"), "must begin with the line `# @package router`"),
        (fitted("learned: {dim: 2}\n"), "router.learned.classes is missing"),
        (fitted("learned: [1]\n"), "router.learned cannot be used: [1] is not a group"),
        (fitted("learnt: {dim: 2}\n"), "learnt"),
        (fitted("calibrator: {fitted_for: h, L3: {}}\n"), "calibrator.L3 is not known"),
        (
            fitted("calibrator: {fitted_for: h, keyword: {method: guess}}\n"),
            "router.calibrator.keyword.scores is missing",
        ),
        (changed(experts__Zoomer="# @package experts.other\n"), "differ in case alone"),
        ({"config.yml": "x", **changed()}, "config.yml would not be read"),
        ({"../config.yaml": "x"}, "'../config.yaml' leads out of its folder"),
        ({"/etc/x.yaml": "x", **changed()}, "'/etc/x.yaml' leads out of its folder"),
        ({"a\\b.yaml": "x", **changed()}, "leads out of its folder"),
        ({"C:x.yaml": "x", **changed()}, "leads out of its folder"),
        ({"\0.yaml": "x", **changed()}, "leads out of its folder"),
        ({f"{'x' * 300}.yaml": "a: 1", **changed()}, "… cannot be a file here: File name too long"),
        ({**changed(), "config.yaml/x.yaml": "a: 1"}, "config.yaml/x.yaml cannot be a file here"),
        ({**changed(), "more.yaml": "\ud800"}, "more.yaml holds half a character at position 0"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_files_that_are_no_router_are_refused_in_a_sentence(files, words):
    with pytest.raises(ConfigError) as caught:
        from_files(files)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "start again" not in str(caught.value)
    assert "/tmp" not in str(caught.value)  # where they were read means nothing to a person


@pytest.mark.parametrize(
    ("part", "bad", "words"),
    [
        ("dim: 2", "dim: two", "router.learned.dim cannot be used: 'two' is not a whole number"),
        ("rows: 450", "rows: true", "router.learned.rows cannot be used: True is not a whole number"),
        ("- professor", "- 7", "router.learned.classes[0] cannot be used: 7 is not text"),
        ("method: share", "method: guess", "router.calibrator.keyword.method cannot be used: 'guess' is not one of"),
        ("- 0.97", "- high", "router.calibrator.keyword.probabilities[0] cannot be used: 'high' is not a number"),
        ("scores: []", "scores: 3", "router.calibrator.keyword.scores cannot be used: 3 is not a list"),
    ],
)
def test_what_was_learnt_is_read_strictly(part, bad, words):
    good = changed()["fitted/hybrid.yaml"]
    assert part in good
    with pytest.raises(ConfigError) as caught:
        from_files(changed(fitted__hybrid=good.replace(part, bad, 1)))
    assert words in str(caught.value)


def test_files_beside_the_router_are_passed_over():
    files = {"README.md": "# hello", "__MACOSX/._config.yaml": "\0\0", "sub/.DS_Store": "", **changed()}
    assert from_files(files) == from_files(changed())


@pytest.mark.parametrize("nested", ["[" * 41 + "]" * 41, "[" * 100_000, "{a: " * 100_000, "- " * 100_000])
def test_settings_nested_without_end_are_a_sentence(nested):
    # PyYAML's C composer is recursive: the last ones would end the process
    with pytest.raises(ConfigError, match=r"experts/zoomer\.yaml, line 3: settings nest deeper than 40"):
        from_files(zoomer(f"options:\n  {nested}\n"))


def test_a_file_of_many_keys_is_read_in_no_time(tmp_path):
    file = tmp_path / "many.yaml"
    file.write_text("".join(f"k{number}: 1\n" for number in range(50_000)))
    assert len(conf_files.parse_foreign(file)) == 50_000  # seconds; a comparison of each with each would take minutes


# ---------------------------------------------------------------------------------------------------- bad zips


def zipped(files: dict[str, bytes], **settings) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, **settings) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_zip_is_read_at_its_top_or_in_one_folder():
    files = {name: text.encode() for name, text in changed().items()}
    inside = {f"my router/{name}": text for name, text in files.items()}
    beside = {"__MACOSX/my router/._x.yaml": b"\xff", "my router/.DS_Store": b"\xff", "notes.txt": b"\xff"}
    assert from_zip(zipped(files)) == from_zip(zipped(inside | beside)) == from_files(changed())


def test_a_byte_order_mark_is_no_text():
    files = {name: b"\xef\xbb\xbf" + text.encode() for name, text in changed().items()}
    assert from_zip(zipped(files)) == from_files(changed())


@pytest.mark.parametrize("packed", [b"", b"no zip", to_zip(two_experts())[:-30], to_zip(two_experts())[40:]])
def test_what_is_no_zip_is_a_sentence(packed):
    with pytest.raises(ConfigError, match="not a zip that can be read"):
        from_zip(packed)


def test_a_damaged_zip_is_a_sentence():
    packed = bytearray(to_zip(two_experts()))
    packed[60:120] = bytes(60)
    with pytest.raises(ConfigError, match="not a zip that can be read"):
        from_zip(bytes(packed))


def test_an_encrypted_zip_is_a_sentence():
    packed = bytearray(zipped({"config.yaml": b"a: 1"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + offset] |= 1  # the bit that says so
    with pytest.raises(ConfigError, match="without a password"):
        from_zip(bytes(packed))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    bomb = zipped({"config.yaml": bytes(conf_in.MAX_BYTES + 1)})
    assert len(bomb) < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(ConfigError, match="32 MB unpacked or more; a router has at most 32 MB"):
        from_zip(bomb)


def test_a_zip_that_lies_about_its_size_is_read_no_further_than_it_may(monkeypatch):
    monkeypatch.setattr(conf_in, "MAX_BYTES", 50_000)
    packed = bytearray(zipped({"config.yaml": bytes(100_000)}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = packed.index(signature) + offset
        packed[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(ConfigError):
        from_zip(bytes(packed))


def test_too_many_files_and_too_much_text_are_refused(monkeypatch):
    with pytest.raises(ConfigError, match="There are 501 files; a router can be read from 500"):
        from_files({"config.yaml": "", **{f"experts/e{number}.yaml": "" for number in range(500)}})
    with pytest.raises(ConfigError, match="There are 6,000 files"):
        from_zip(zipped({f"{number}.txt": b"" for number in range(6000)}))
    monkeypatch.setattr(conf_in, "MAX_BYTES", 100)
    for read, given_ in ((from_files, changed()), (from_zip, to_zip(two_experts()))):
        with pytest.raises(ConfigError, match="MB unpacked or more"):
            read(given_)


@pytest.mark.parametrize("name", ["../config.yaml", "/config.yaml", "a/../../config.yaml", "a//config.yaml"])
def test_a_path_that_leads_out_of_the_zip_is_refused(name):
    with pytest.raises(ConfigError, match="leads out of its folder"):
        from_zip(zipped({name: b"a: 1"}))


def test_a_file_that_stands_twice_in_a_zip_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("config.yaml", "a: 1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("config.yaml", "a: 2")
    with pytest.raises(ConfigError, match=r"holds config\.yaml twice"):
        from_zip(packed.getvalue())


def test_a_file_that_is_not_utf_8_is_named():
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read as UTF-8 text"):
        from_zip(zipped({"config.yaml": b"a: caf\xe9"}))
