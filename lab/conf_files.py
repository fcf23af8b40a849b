"""The YAML files of a configuration folder, read strictly and handed to Hydra in a form that it keeps as it is.

Hydra's own reading lets a key stand twice, resolves `${`, and spends most of its time on long lists. So the files are
read here; Hydra gets copies in which `${` is escaped and each expert's patterns and utterances are one token, which
stands for the list afterwards. An override of the list replaces the token. What was fitted on labelled prompts, in
files of the folder `fitted`, is a token each too. An expert whose name is more than one word is quoted in its header.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from lab.conf_fitted import calibrator_of, learned_of
from lab.errors import ConfigError

LISTS = ("patterns", "utterances")
MAX_DEPTH = 40
FITTED = {"learned": learned_of, "calibrator": calibrator_of}

_EXPERT_HEADER = re.compile(r'# @package experts\.("(?:[^"\\\n]|\\.)*"|\S+)[ \t]*$', re.MULTILINE)
_PLAIN = re.compile(r"(?!_\w*_$)\w[\w-]*")  # what Hydra takes for one word; _global_ and the like have a meaning there
_FITTED_HEADER = "# @package router\n"
_SALT = secrets.token_hex(8)  # nobody can have written these
_DOLLAR = f"\ue000{_SALT}\ue001"  # stands for `${` while Hydra looks
_MISSING = f"\ue003{_SALT}"  # stands for `???`, which OmegaConf takes for no value
_TOKEN = f"\ue002{_SALT}:"  # stands for a list, or for what was fitted
_QUOTED = re.compile(f"quoted-{_SALT}-([0-9a-f]*)")  # stands for an expert's name that Hydra would take apart

Tokens = Mapping[str, Any]


def stage(conf_dir: Path, target: Path) -> Tokens:
    """Copy the files of `conf_dir` to `target` for Hydra, and return what the tokens in them stand for.

    Raises ConfigError, naming file and line, for what is no YAML, no text, or defines a key or an expert twice.
    """
    if not (conf_dir / "config.yaml").is_file():
        raise ConfigError(f"{conf_dir} holds no config.yaml. Set LAB_CONF_DIR to a folder laid out like lab/conf.")
    tokens: dict[str, Any] = {}
    owners: dict[str, Path] = {}
    for file in sorted(conf_dir.rglob("*.yaml")):
        text = _read(file)
        content = _parse(file, text)
        if not isinstance(content, dict | None):
            raise ConfigError(f"{file} holds no settings. Write lines of the form `name: value`.")
        if file.parent.name == "experts":
            name = _expert_of(file, text)
            if name in owners:
                raise ConfigError(f"Expert {name!r} is defined twice: in {owners[name]} and in {file}. Rename one.")
            owners[name] = file
            text = _with_lists(file, name, content or {}, tokens)
        elif file.parent.name == "fitted":
            text = _with_fitted(file, text, content or {}, tokens)
        copy = target / file.relative_to(conf_dir)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(escape(text), encoding="utf-8")
    return tokens


def texts(tokens: Tokens, expert: str, key: str, value: Any) -> tuple[str, ...]:
    """Return the texts that a composed value holds: the list of its token, or the list of an override."""
    if isinstance(value, str) and value.startswith(_TOKEN):
        return tuple(tokens[value])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(
            f"The setting experts.{expert}.{key} cannot be used: {value!r} is not a list of texts. Put each in quotes."
        )
    return tuple(value)


def fitted(tokens: Tokens, router: Mapping[str, Any]) -> dict[str, Any]:
    """Return the composed settings of the router with what was fitted as the dataclasses that hold it.

    Raises ConfigError, naming the setting, for what is none.
    """
    found = dict(router)
    for key, read in FITTED.items():
        value = router.get(key)
        if isinstance(value, str) and value.startswith(_TOKEN):
            value = tokens[value]
        found[key] = None if value is None else read(value)
    return found


def escape(text: str) -> str:
    """Return text in which Hydra finds nothing to resolve."""
    return text.replace("${", _DOLLAR).replace("???", _MISSING)


def unescape(value: Any) -> Any:
    """Return a composed value with every text in it as it was written."""
    if isinstance(value, str):
        text = _QUOTED.sub(lambda found: bytes.fromhex(found[1]).decode("utf-8"), value)
        return text.replace(_DOLLAR, "${").replace(_MISSING, "???")
    if isinstance(value, dict):
        return {unescape(key): unescape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescape(item) for item in value]
    return value


def parse_foreign(file: Path) -> Any:
    """Return what a YAML file holds that somebody else may have written: without aliases, at most MAX_DEPTH deep.

    Raises ConfigError, naming file and line.
    """
    text = _read(file)
    _check_shape(file, text)
    return _parse(file, text)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{file} cannot be read as UTF-8 text ({err}).") from err


def _expert_of(file: Path, text: str) -> str:
    header = _EXPERT_HEADER.match(text)
    if header is None:
        raise ConfigError(f"{file} must begin with the line `# @package experts.NAME`, which names the expert.")
    if not header[1].startswith('"'):
        return header[1]
    try:
        name = str(json.loads(header[1]))
        name.encode("utf-8")
    except ValueError as err:
        raise ConfigError(
            f"{file} names its expert {header[1]}, which is no text in quotes. Quote it as JSON."
        ) from err
    return name


def header_of(name: str) -> str:
    """Return the first line of the file of an expert, whatever its name is."""
    return f"# @package experts.{name if _PLAIN.fullmatch(name) else json.dumps(name)}\n"


def _with_lists(file: Path, name: str, content: dict[Any, Any], tokens: dict[str, Any]) -> str:
    """Return the file for Hydra, with its lists taken out into `lists`."""
    for key in LISTS:
        if isinstance(content.get(key), list):
            token = f"{_TOKEN}{name.encode().hex()}.{key}"
            tokens[token] = tuple(_text(file, key, item) for item in content[key])
            content[key] = token
    package = name if _PLAIN.fullmatch(name) else f"quoted-{_SALT}-{name.encode().hex()}"
    return f"# @package experts.{package}\n" + _ascii(content)


def _with_fitted(file: Path, text: str, content: dict[Any, Any], tokens: dict[str, Any]) -> str:
    """Return the file for Hydra, with what was fitted taken out into `tokens`."""
    if not text.startswith(_FITTED_HEADER):
        raise ConfigError(f"{file} must begin with the line `{_FITTED_HEADER.strip()}`: it holds what a router learnt.")
    for key in FITTED:
        if isinstance(content.get(key), dict):
            token = f"{_TOKEN}{file.stem.encode().hex()}.{key}"
            tokens[token] = content[key]
            content[key] = token
    return _FITTED_HEADER + _ascii(content)


def _ascii(content: Any) -> str:
    """Return YAML that reads back as it was: written raw, the line breaks of Unicode would come back as others."""
    import yaml

    written: str = yaml.safe_dump(content, sort_keys=False, width=1 << 30)
    return written


def _text(file: Path, key: str, item: Any) -> str:
    """YAML reads `no` as false and 1.10 as a number; as text they would come back as another pattern."""
    if not isinstance(item, str):
        raise ConfigError(f"{file}: YAML reads one of the {key} as {item!r}, which is no text. Put it in quotes.")
    return item


def _parse(file: Path, text: str) -> Any:
    import yaml

    class NoTwins(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """YAML lets a key stand twice and keeps the last; a lost expert or pattern list is worse than an error."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            times = Counter(key for key in keys if isinstance(key, Hashable))  # what is not, YAML refuses below
            for key, (key_node, _) in zip(keys, node.value, strict=True):
                if isinstance(key, Hashable) and times[key] > 1:
                    line = key_node.start_mark.line + 1
                    raise ConfigError(f"{file}, line {line}: {key!r} stands there twice. Remove or rename one.")
            made: dict[Any, Any] = super().construct_mapping(node, deep)
            return made

    try:
        return yaml.load(text, NoTwins)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line + 1 if err.problem_mark else "?"
        raise ConfigError(f"{file}, line {line} is not YAML: {err.problem}. Correct it, then start again.") from err
    except yaml.YAMLError as err:
        raise ConfigError(f"{file} is not YAML: {' '.join(str(err).split())}. Correct it, then start again.") from err
    except (RecursionError, ValueError) as err:  # nested a thousand deep; a date that is none
        raise ConfigError(f"{file} is YAML that means nothing here ({err}). Correct it, then start again.") from err


def _check_shape(file: Path, text: str) -> None:
    """Refuse YAML that costs more than its length: aliases unfold, and nesting can end the whole process."""
    import yaml

    depth = 0
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, loader):  # event by event: reading it whole is recursive, in C
            line = event.start_mark.line + 1 if event.start_mark else "?"
            if isinstance(event, yaml.AliasEvent):
                raise ConfigError(f"{file}, line {line}: *{event.anchor} repeats another place. Write it out instead.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise ConfigError(f"{file}, line {line}: settings nest deeper than {MAX_DEPTH}. Write them flat.")
    except yaml.YAMLError:
        return  # reading it says where
