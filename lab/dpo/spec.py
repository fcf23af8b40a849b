"""What is asked of an export: whom it trains, which votes make a pair, what is left out, how it is split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from lab.dpo.checks.catalogue import OF_ROWS
from lab.errors import ExportError

Trainer = Literal["dpo", "reward", "kto", "sft"]
VoteRule = Literal["majority", "unanimous", "annotator", "adjudicated"]
SystemPrompt = Literal["own", "replaced", "none"]
Nearness = Literal["minhash", "cosine"]

_MAX_VOTES, _MAX_STRENGTH = 1_000, 3
_TOKENS = (16, 10_000_000)


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom the dataset shall train."""

    trainer: Trainer = "dpo"
    model: str = ""  # empty: not said, so that nobody can tell which answers are its own
    tokenizer: str = ""  # a folder; empty: token counts are estimates
    max_length: int = 1_024  # tokens of prompt and answer; the default of TRL


@dataclass(frozen=True, slots=True)
class Filters:
    """Which duels and votes count. An empty tuple lets everything through."""

    since: date | None = None  # of the newest vote that counts, UTC
    until: date | None = None  # that day included
    experts: tuple[str, ...] = ()  # one of the two answers is by one of these
    query_types: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()  # ids; votes of others do not count
    origins: tuple[str, ...] = ()
    router_versions: tuple[str, ...] = ()  # ids
    layers: tuple[str, ...] = ()
    min_agreement: float = 0.0  # of the votes that count, the least share for the chosen answer
    min_strength: float = 0.0  # the least mean strength; a pair of which nobody said one is left out
    sample: bool = False  # with the workspace that came with the lab
    mock: bool = False  # with answers of the mock, which are placeholders
    unblinded: bool = True  # with votes given by those who knew who wrote what


@dataclass(frozen=True, slots=True)
class Spec:
    """All that a snapshot depends on, beside what is stored."""

    policy: Policy = field(default_factory=Policy)
    rule: VoteRule = "majority"
    min_votes: int = 1
    annotator: str = ""  # whose votes alone count, with the rule `annotator`
    filters: Filters = field(default_factory=Filters)
    system: SystemPrompt = "own"
    system_text: str = ""  # with `replaced`
    exclude: tuple[str, ...] = ()  # rules that only warn, whose rows are left out all the same
    mask: bool = False  # personal data is covered in all texts
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)  # train, validation, test
    seed: int = 0
    family: str = "main"  # prompts keep their split within a family; another name begins anew
    nearness: Nearness = "minhash"
    near: float = 0.8  # Jaccard index, or cosine, from which prompts are near-duplicates

    @property
    def hash(self) -> str:
        """A digest of all of it."""
        return hashlib.sha256(json.dumps(to_json(self), sort_keys=True).encode()).hexdigest()


def to_json(spec: Spec) -> dict[str, Any]:
    """Return a spec as a JSON object."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items()}
        if isinstance(value, (tuple, list)):
            return [plain(one) for one in value]
        return value.isoformat() if isinstance(value, date) else value

    return dict(plain(asdict(spec)))


def from_json(value: Mapping[str, Any]) -> Spec:
    """Return the spec that `to_json` wrote. Raises ExportError for a field that no spec has, or a value of no use."""
    try:
        policy = Policy(**value.get("policy", {}))
        filters = Filters(**{name: _filter(name, one) for name, one in value.get("filters", {}).items()})
        rest: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in value.items()}
        return checked(Spec(**rest | {"policy": policy, "filters": filters}))
    except (TypeError, ValueError) as err:
        raise ExportError(
            f"This does not say what to export: {err}. Freeze a new snapshot on the Export page."
        ) from err


def _filter(name: str, value: Any) -> Any:
    if name in ("since", "until"):
        return None if value is None else date.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def checked(spec: Spec) -> Spec:
    """Return the spec. Raises ExportError for what cannot be done."""
    for name, allowed in (
        ("rule", get_args(VoteRule)),
        ("system", get_args(SystemPrompt)),
        ("nearness", get_args(Nearness)),
    ):
        if getattr(spec, name) not in allowed:
            raise ExportError(f"{name} is {getattr(spec, name)!r}; it is one of {', '.join(allowed)}.")
    unknown = sorted(set(spec.exclude) - set(OF_ROWS))
    if unknown:
        raise ExportError(f"Pairs cannot be left out for {unknown[0]!r}; they can for {', '.join(OF_ROWS)}.")
    if spec.policy.trainer not in get_args(Trainer):
        raise ExportError(f"The trainer {spec.policy.trainer!r} is not one of {', '.join(get_args(Trainer))}.")
    if not _TOKENS[0] <= spec.policy.max_length <= _TOKENS[1]:
        raise ExportError(
            f"A length limit of {spec.policy.max_length:,} tokens cannot be; take {_TOKENS[0]} to {_TOKENS[1]:,}."
        )
    if not 1 <= spec.min_votes <= _MAX_VOTES:
        raise ExportError(f"{spec.min_votes:,} votes cannot be asked for; take 1 to {_MAX_VOTES:,}.")
    if spec.filters.since and spec.filters.until and spec.filters.since > spec.filters.until:
        raise ExportError(f"No day lies from {spec.filters.since} to {spec.filters.until}: turn the two round.")
    if spec.rule == "annotator" and not spec.annotator:
        raise ExportError("Say whose votes make the pairs, or choose another rule.")
    if spec.system == "replaced" and not spec.system_text.strip():
        raise ExportError("Write the system prompt that replaces the duels' own, or choose none.")
    if (
        len(spec.shares) != 3
        or not min(spec.shares) >= 0
        or not spec.shares[0] > 0
        or not abs(sum(spec.shares) - 1) < 1e-6
    ):
        raise ExportError(f"Shares {spec.shares} do not come to 1 with something to train on. Take .8, .1 and .1.")
    if not 0.5 <= spec.near <= 1:
        raise ExportError(f"Near-duplicates from {spec.near} on cannot be; take .5 to 1.")
    if not 0 <= spec.filters.min_agreement <= 1 or not 0 <= spec.filters.min_strength <= _MAX_STRENGTH:
        raise ExportError("The least agreement is 0 to 1, the least strength 0 to 3.")
    if not spec.family.strip():
        raise ExportError("The family of splits needs a name, such as main.")
    return spec


# ------------------------------------------------------------------------------------------------------- the shell


def filtered(spec: Spec, given: tuple[str, ...]) -> Spec:
    """Return a spec with filters as they are written in a shell: `query_type=code`, `min_agreement=0.8`, `mock=yes`.

    A name that takes several is given once for each. Raises ExportError, which lists the names.
    """
    known = {one.name: one for one in fields(Filters)}
    several = {name.removesuffix("s"): name for name in known if known[name].default == ()}
    filters = spec.filters
    for one in given:
        name, equals, value = one.partition("=")
        name = several.get(name.strip(), name.strip())
        if not equals or name not in known:
            names = ", ".join(sorted({*several, *(name for name in known if known[name].default != ())}))
            raise ExportError(f"--filter {one!r} is none. Write NAME=VALUE with one of: {names}.")
        filters = replace(filters, **{name: _from_shell(name, value.strip(), getattr(filters, name), one)})
    return checked(replace(spec, filters=filters))


def _from_shell(name: str, value: str, before: Any, given: str) -> Any:
    try:
        if isinstance(before, tuple):
            return (*before, value)
        if isinstance(before, bool):
            return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[value.casefold()]
        return date.fromisoformat(value) if name in ("since", "until") else float(value)
    except (KeyError, ValueError) as err:
        kinds = "a day such as 2026-01-31" if name in ("since", "until") else "yes or no, or a number"
        raise ExportError(f"--filter {given!r} cannot be read; {name} is {kinds}.") from err


def tokenizer_folder(policy: Policy) -> Path | None:
    """Return the folder of the policy's tokenizer, or None where none was named."""
    return Path(policy.tokenizer).expanduser() if policy.tokenizer else None
