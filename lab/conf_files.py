"""The YAML files of a configuration folder, read strictly and handed to Hydra in a form that it keeps as it is.

Hydra's own reading lets a key stand twice, resolves `${`, and spends most of its time on long lists. So the files are
read here; Hydra gets copies in which `${` is escaped and each expert's patterns and utterances are one token, which
stands for the list afterwards. An override of the list replaces the token.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import ConfigError

LISTS = ("patterns", "utterances")

_EXPERT_HEADER = re.compile(r"# @package experts\.(\S+)[ \t]*$", re.MULTILINE)
_SALT = secrets.token_hex(8)  # nobody can have written these
_DOLLAR = f"\ue000{_SALT}\ue001"  # stands for `${` while Hydra looks
_MISSING = f"\ue003{_SALT}"  # stands for `???`, which OmegaConf takes for no value
_TOKEN = f"\ue002{_SALT}:"  # stands for a list

Lists = Mapping[str, tuple[str, ...]]


def stage(conf_dir: Path, target: Path) -> Lists:
    """Copy the files of `conf_dir` to `target` for Hydra, and return the lists that the tokens in them stand for.

    Raises ConfigError, naming file and line, for what is no YAML, no text, or defines a key or an expert twice.
    """
    if not (conf_dir / "config.yaml").is_file():
        raise ConfigError(f"{conf_dir} holds no config.yaml. Set LAB_CONF_DIR to a folder laid out like lab/conf.")
    lists: dict[str, tuple[str, ...]] = {}
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
            text = _with_tokens(file, name, content or {}, lists)
        copy = target / file.relative_to(conf_dir)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(escape(text), encoding="utf-8")
    return lists


def texts(lists: Lists, expert: str, key: str, value: Any) -> tuple[str, ...]:
    """Return the texts that a composed value holds: the list of its token, or the list of an override."""
    if isinstance(value, str) and value.startswith(_TOKEN):
        return lists[value]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(
            f"The setting experts.{expert}.{key} cannot be used: {value!r} is not a list of texts. Put each in quotes."
        )
    return tuple(value)


def escape(text: str) -> str:
    """Return text in which Hydra finds nothing to resolve."""
    return text.replace("${", _DOLLAR).replace("???", _MISSING)


def unescape(value: Any) -> Any:
    """Return a composed value with every text in it as it was written."""
    if isinstance(value, str):
        return value.replace(_DOLLAR, "${").replace(_MISSING, "???")
    if isinstance(value, dict):
        return {unescape(key): unescape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescape(item) for item in value]
    return value


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{file} cannot be read as UTF-8 text ({err}).") from err


def _expert_of(file: Path, text: str) -> str:
    header = _EXPERT_HEADER.match(text)
    if header is None:
        raise ConfigError(f"{file} must begin with the line `# @package experts.NAME`, which names the expert.")
    return header[1]


def _with_tokens(file: Path, name: str, content: dict[Any, Any], lists: dict[str, tuple[str, ...]]) -> str:
    """Return the file for Hydra, with its lists taken out into `lists`."""
    import yaml

    for key in LISTS:
        if isinstance(content.get(key), list):
            token = f"{_TOKEN}{name}.{key}"
            lists[token] = tuple(_text(file, key, item) for item in content[key])
            content[key] = token
    return f"# @package experts.{name}\n" + yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


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
            for key, (key_node, _) in zip(keys, node.value, strict=True):
                if keys.count(key) > 1:
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
