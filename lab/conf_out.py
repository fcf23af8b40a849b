"""A router as YAML files, laid out like `lab/conf`: what is written here can be LAB_CONF_DIR, or be read back.

`conf_in` reads them. Addresses and patience stand in the files with their defaults, so that an override finds them;
they are settings and no part of a router.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from lab.conf_files import header_of
from lab.conf_fitted import fitted_as_settings
from lab.conf_in import from_files, from_zip, with_settings_kept
from lab.config import ProviderSettings
from lab.errors import ConfigError
from lab.types import Expert, RouterConfig

__all__ = ["from_files", "from_zip", "to_files", "to_zip", "with_settings_kept"]

_STEM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_RESERVED = {"null", "none", "true", "false", "yes", "no", "on", "off", "y", "n"}  # to YAML, which would read no name
_RESERVED |= {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
_ODD = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML keeps only between double quotes: control characters, and the line breaks of Unicode."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # one router is one file, to the byte, whenever it is written


def to_files(config: RouterConfig, version_name: str = "") -> dict[str, str]:
    """Return the text of each file by its path: config.yaml, router/, experts/, and fitted/ for what it learnt.

    Composing them gives the same router, to the bit. Raises ConfigError for experts of one name, or for text that is
    not valid Unicode.
    """
    _check(config)
    stems = _stems(config)
    fitted = {
        key: fitted_as_settings(part)
        for key, part in (("learned", config.learned), ("calibrator", config.calibrator))
        if part is not None
    }
    defaults: list[Any] = [{"router": config.strategy}]
    if fitted:
        defaults.append({"fitted": config.strategy})
    defaults += [{"experts": list(stems.values())}, "_self_"]
    files = {
        "config.yaml": _title(version_name)
        + _yaml({"defaults": defaults})
        + _yaml({"encoder": config.encoder})
        + "\n# addresses and patience: settings of a machine, no part of the router\n"
        + _yaml({"providers": asdict(ProviderSettings())}),
        f"router/{config.strategy}.yaml": _yaml(
            {
                "strategy": config.strategy,
                "fallback": config.fallback,
                "threshold": float(config.threshold),
                "min_margin": float(config.min_margin),
                "aggregate": config.aggregate,
                "top_k": config.top_k,
                "on_conflict": config.on_conflict,
                "scorer": config.scorer,
            }
        ),
    }
    if fitted:
        note = (
            "# What the router learnt from labelled prompts. It fits the experts and the encoder it was learnt with.\n"
        )
        files[f"fitted/{config.strategy}.yaml"] = "# @package router\n" + note + _yaml(fitted)
    for expert in config.experts:
        files[f"experts/{stems[expert.name]}.yaml"] = header_of(expert.name) + _yaml(_settings(expert))
    return files


def to_zip(config: RouterConfig, version_name: str = "") -> bytes:
    """Return the files of `to_files` as a zip; the same router and name give the same bytes. Raises ConfigError."""
    import zipfile

    folder = re.sub(r"[^A-Za-z0-9._-]+", "-", version_name).strip("-.")[:60] or "router"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in to_files(config, version_name).items():
            entry = zipfile.ZipInfo(str(PurePosixPath(folder, path)), _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode("utf-8"))
    return packed.getvalue()


def _title(version_name: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in version_name)
    shown = " ".join(shown.split()) or "A router"
    return f"# {shown}, written by LLM Router Lab. Import it there, or set LAB_CONF_DIR to this folder.\n"


def _check(config: RouterConfig) -> None:
    seen: set[str] = set()
    for expert in config.experts:
        if any("\ud800" <= character <= "\udfff" for character in expert.name):
            raise ConfigError(f"The name {expert.name!r} holds half a character, which no file can hold. Retype it.")
        if expert.name in seen:
            raise ConfigError(f"Two experts are called {expert.name!r}, which files cannot hold. Rename one.")
        seen.add(expert.name)


def _stems(config: RouterConfig) -> dict[str, str]:
    """Return a file name for each expert: its own name where every system takes that, else one with its number."""
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for number, expert in enumerate(config.experts, start=1):
        stem = expert.name
        folded = stem.casefold()
        if not _STEM.fullmatch(stem) or folded in _RESERVED or folded in taken or re.fullmatch(r"expert-\d+", folded):
            stem = f"expert-{number}"
        taken.add(stem.casefold())
        stems[expert.name] = stem
    return stems


def _settings(expert: Expert) -> dict[str, Any]:
    return {
        "model": expert.model,
        "provider": expert.provider,
        "system_prompt": expert.system_prompt,
        "threshold": None if expert.threshold is None else float(expert.threshold),
        "price": {"input": float(expert.price.input), "output": float(expert.price.output)},
        "options": _plain(expert.options),
        "patterns": list(expert.patterns),
        "utterances": list(expert.utterances),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _yaml(value: Any) -> str:
    """Return YAML that reads back as it was: multi-line text as a block where that can be, everything else quoted."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """Writes lists and texts as a person would."""

    def text(dumper: Any, value: str) -> Any:
        style = '"' if _ODD.search(value) else "|" if "\n" in value.strip() else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    try:
        written: str = yaml.dump(value, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=120)
        written.encode("utf-8")
    except UnicodeEncodeError as err:
        raise ConfigError(
            f"The router holds half a character ({err.reason}), which no file can hold. Retype it."
        ) from err
    return written
