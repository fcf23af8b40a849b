"""Settings: Hydra composition of `lab/conf` with command-line overrides, and the LAB_* environment.

`${` is literal everywhere in `lab/conf`: prompts and patterns hold it, and nothing interpolates.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lab import conf_files
from lab.errors import ConfigError
from lab.types import Expert, Price, RouterConfig

REPOSITORY = Path(__file__).resolve().parent.parent
CONF_DIR = Path(__file__).resolve().parent / "conf"
MAX_PROMPT_CHARS = 32_000
PROVIDERS = ("auto", "ollama", "openai", "mock")

_EXPERTS_OVERRIDE = re.compile(r"experts=\[(.*)\]$")
_SEARCH_PATH = re.compile(r" Config search path: .*")
_KEY_CHARS = 8
_hydra_lock = threading.Lock()  # Hydra keeps its state in a global


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says; read once at a start, cheap."""

    data_dir: Path
    database_url: str | None  # None: lab.db in data_dir
    max_prompt_chars: int
    conf_dir: Path
    access_key: str | None

    @property
    def cache_dir(self) -> Path:
        """Where encoders and vectors are kept; it can be deleted at any time."""
        return self.data_dir / "cache"


@dataclass(slots=True)
class ProviderSettings:
    """Addresses and patience; not part of a router version."""

    ollama_url: str = "http://127.0.0.1:11434"
    ollama_keep_alive: str = "5m"
    openai_base_url: str = "http://127.0.0.1:8000/v1"
    openai_api_key_env: str = "LAB_OPENAI_API_KEY"
    first_token_timeout_s: float = 120.0  # a cold model on a laptop takes its time
    stall_timeout_s: float = 30.0
    mock_delay_s: float = 0.02


@dataclass(frozen=True, slots=True)
class LabConfig:
    """One composition: the router that `lab/conf` and the overrides describe, and the providers."""

    router: RouterConfig
    providers: ProviderSettings


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the LAB_* variables named after the fields. Raises ConfigError for a value that cannot be used."""
    env = os.environ if environ is None else environ
    limit = env.get("LAB_MAX_PROMPT_CHARS") or str(MAX_PROMPT_CHARS)
    if not re.fullmatch(r"[1-9][0-9]{0,8}", limit):
        raise ConfigError(f"LAB_MAX_PROMPT_CHARS is {limit[:20]!r}; it must be a whole number above 0.")
    key = env.get("LAB_ACCESS_KEY")
    if key and len(key) < _KEY_CHARS:
        raise ConfigError(
            f"LAB_ACCESS_KEY has {len(key)} characters; take at least {_KEY_CHARS}, which nobody guesses."
        )
    return Settings(
        data_dir=Path(env.get("LAB_DATA_DIR") or REPOSITORY / "data").expanduser().resolve(),
        database_url=env.get("LAB_DATABASE_URL") or None,
        max_prompt_chars=int(limit),
        conf_dir=Path(env.get("LAB_CONF_DIR") or CONF_DIR).expanduser().resolve(),
        access_key=env.get("LAB_ACCESS_KEY") or None,
    )


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on, or a host to call, is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def compose(overrides: Sequence[str] = (), conf_dir: Path = CONF_DIR) -> LabConfig:
    """Compose `conf_dir`/config.yaml with Hydra overrides (`router=semantic router.threshold=0.85`).

    Raises ConfigError with the file, the key or the override that cannot work. Whether the router itself can work is
    asked when it is built.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        tree = _compose_tree(overrides, conf_dir)
    except OmegaConfBaseException as err:
        raise ConfigError(_setting_sentence(err)) from err
    except HydraException as err:
        raise ConfigError(_composition_sentence(err, overrides)) from err
    config = LabConfig(router=_router(tree), providers=ProviderSettings(**tree["providers"]))
    _check_settings(config)
    return config


def _check_settings(config: LabConfig) -> None:
    for expert in config.router.experts:
        if expert.provider not in PROVIDERS:
            raise ConfigError(
                f"The provider of expert {expert.name!r} is {expert.provider!r}; "
                f"it must be one of {', '.join(PROVIDERS)}."
            )
    for name in ("first_token_timeout_s", "stall_timeout_s", "mock_delay_s"):
        seconds = getattr(config.providers, name)
        if not 0 <= seconds < float("inf"):
            raise ConfigError(f"providers.{name} is {seconds}; it must be a number of seconds, 0 or more.")


# ------------------------------------------------------------------------------------------- what a tree must hold


@dataclass
class _Router:
    strategy: str = "hybrid"
    fallback: str = "none"
    threshold: float = 0.45
    min_margin: float = 0.0
    aggregate: str = "max"
    top_k: int = 3
    on_conflict: str = "defer"
    scorer: str = "cosine"
    learned: Any = None  # checked by conf_files.fitted
    calibrator: Any = None


@dataclass
class _Price:
    input: float = 0.0
    output: float = 0.0


@dataclass
class _Expert:
    model: str = ""
    provider: str = "auto"
    system_prompt: str = ""
    threshold: float | None = None
    price: _Price = field(default_factory=_Price)
    options: dict[str, Any] = field(default_factory=dict)
    patterns: Any = field(default_factory=list)  # checked by conf_files.texts
    utterances: Any = field(default_factory=list)


@dataclass
class _Lab:
    router: _Router = field(default_factory=_Router)
    experts: dict[str, _Expert] = field(default_factory=dict)
    encoder: str = "all-MiniLM-L6-v2"
    providers: ProviderSettings = field(default_factory=ProviderSettings)


def _compose_tree(overrides: Sequence[str], conf_dir: Path) -> dict[str, Any]:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from omegaconf import OmegaConf

    _refuse_twins(overrides)
    with _hydra_lock, tempfile.TemporaryDirectory() as folder:
        tokens = conf_files.stage(conf_dir, Path(folder))
        with initialize_config_dir(folder, version_base="1.3"):
            try:
                composed = hydra_compose("config", [conf_files.escape(override) for override in overrides])
            except (ValueError, TypeError, LookupError) as err:  # what Hydra lets through for odd overrides
                reason = "something in it has the wrong kind of value, or none"
                raise ConfigError(_composition_sentence(reason, overrides)) from err
        typed = OmegaConf.merge(OmegaConf.structured(_Lab), composed)
        tree: dict[str, Any] = conf_files.unescape(OmegaConf.to_container(typed, resolve=False))
        for name, expert in tree["experts"].items():
            for key in conf_files.LISTS:
                expert[key] = conf_files.texts(tokens, name, key, expert[key])
        tree["router"] = conf_files.fitted(tokens, tree["router"])
        return tree


def _refuse_twins(overrides: Sequence[str]) -> None:
    for override in overrides:
        chosen = _EXPERTS_OVERRIDE.match(override)
        names = [name.strip() for name in chosen[1].split(",")] if chosen else []
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"Expert {name!r} stands twice in {override}. Name each expert once.")


def _router(tree: dict[str, Any]) -> RouterConfig:
    experts = tuple(
        Expert(
            name=name,
            model=one["model"],
            provider=one["provider"],
            system_prompt=one["system_prompt"],
            patterns=tuple(one["patterns"]),
            utterances=tuple(one["utterances"]),
            threshold=one["threshold"],
            price=Price(**one["price"]),
            options=MappingProxyType(one["options"]),
        )
        for name, one in tree["experts"].items()
    )
    return RouterConfig(experts=experts, encoder=tree["encoder"], **tree["router"])


def _setting_sentence(err: Exception) -> str:
    key = getattr(err, "full_key", None)
    reason = conf_files.unescape((getattr(err, "msg", None) or str(err)).splitlines()[0].rstrip("."))
    return (
        f"The setting {conf_files.unescape(key)} cannot be used: {reason}."
        if key
        else f"The settings cannot be read: {reason}."
    )


def _composition_sentence(err: Exception | str, overrides: Sequence[str]) -> str:
    reason = " ".join(line.strip() for line in str(err).splitlines() if line.strip())
    reason = conf_files.unescape(_SEARCH_PATH.sub("", reason).rstrip("."))
    given = f" The overrides given were: {' '.join(overrides)}." if overrides else ""
    return f"The configuration cannot be composed: {reason}.{given}"
