"""Probes: prompts that a router must get right, kept in a file that a CI can run.

A file is JSON Lines, one probe a line:
`{"prompt": "…", "expert": "professor", "layer": "keyword", "tags": ["code"], "note": "…"}`. `expert` may be `none`:
nobody may claim the prompt. `layer`, `tags` and `note` may be absent.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import DatasetError, PromptError
from lab.forensics.effect import is_right
from lab.routing import MAX_PROMPT_CHARS, RoutingStrategy
from lab.routing.prompt import check_prompt
from lab.types import NONE, Layer

_FIELDS = ("prompt", "expert", "layer", "tags", "note")
_MOST_BYTES = 64 << 20
_LAYERS = tuple(layer.value for layer in Layer)


@dataclass(frozen=True, slots=True)
class Probe:
    """A prompt and where it must go; `layer` None leaves open who decides."""

    prompt: str
    expert: str  # an expert's name, or NONE
    layer: Layer | None = None
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Where a probe went. `expert` is an expert's name, or NONE; `wrong` says what is amiss, None when it passed."""

    probe: Probe
    expert: str
    layer: Layer
    wrong: str | None

    @property
    def passed(self) -> bool:
        """Tell whether the router did what the probe wants."""
        return self.wrong is None


class Tally(NamedTuple):
    """How many probes passed, of how many."""

    passed: int
    n: int


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """All probes, in their order."""

    results: tuple[ProbeResult, ...]

    @property
    def failed(self) -> tuple[ProbeResult, ...]:
        """The probes that went elsewhere."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def tally(self) -> Tally:
        """All probes together."""
        return Tally(len(self.results) - len(self.failed), len(self.results))

    @property
    def by_tag(self) -> Mapping[str, Tally]:
        """By tag, in alphabetical order; a probe counts under each of its tags, and under "" without any."""
        n, passed = Counter[str](), Counter[str]()
        for result in self.results:
            for tag in result.probe.tags or ("",):
                n[tag] += 1
                passed[tag] += result.passed
        return {tag: Tally(passed[tag], n[tag]) for tag in sorted(n)}


def run(strategy: RoutingStrategy, probes: Sequence[Probe]) -> ProbeReport:
    """Route every probe. Raises PromptError, with the probe's number, where the router takes no such prompt."""
    names = {expert.name for expert in strategy.config.experts}
    results: list[ProbeResult] = []
    for number, probe in enumerate(probes, 1):
        try:
            decision = strategy.decide(probe.prompt)
        except PromptError as err:
            raise PromptError(f"Probe {number}: {err}") from err
        wrong = _wrong(probe, decision.expert, decision.layer, names)
        results.append(ProbeResult(probe, decision.expert, decision.layer, wrong))
    return ProbeReport(tuple(results))


def _wrong(probe: Probe, expert: str, layer: Layer, names: set[str]) -> str | None:
    if probe.expert not in names and probe.expert != NONE:
        return f"wants {probe.expert}, and the router has no such expert"
    wanted = "nobody to claim it" if probe.expert == NONE else probe.expert
    if not is_right(probe.expert, expert, layer):
        return f"wants {wanted}, went to {expert} ({layer})"
    if probe.layer not in (None, layer):
        return f"wants {wanted} by {probe.layer}, went there by {layer}"
    return None


# ------------------------------------------------------------------------------------------------------------ files


def write(probes: Sequence[Probe]) -> bytes:
    """Return the probes as a file, one a line in their order. Raises DatasetError for what `read` would refuse."""
    lines: list[str] = []
    seen: dict[str, tuple[int, Probe]] = {}
    for number, probe in enumerate(probes, 1):
        row: dict[str, Any] = {"prompt": probe.prompt, "expert": probe.expert}
        optional = {"layer": probe.layer and probe.layer.value, "tags": list(probe.tags), "note": probe.note}
        row |= {key: value for key, value in optional.items() if value}
        _check_against(_probe(row, number), number, seen)
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def read(source: bytes | Path) -> list[Probe]:
    """Return the probes of a file. Raises DatasetError with the line that cannot be used, and why."""
    lines = _content(source).split(b"\n")
    probes: list[Probe] = []
    seen: dict[str, tuple[int, Probe]] = {}
    for number, raw in enumerate(lines, 1):
        text = _text(raw, number)
        if not text.strip():
            continue
        probe = _probe(_row(text, number), number)
        _check_against(probe, number, seen)
        probes.append(probe)
    if not probes:
        raise DatasetError("The file holds no probes. Write one JSON object a line, with `prompt` and `expert`.")
    return probes


def _content(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        size = source.stat().st_size
        if size > _MOST_BYTES:
            raise DatasetError(f"{source} has {size >> 20:,} MiB; probes may have {_MOST_BYTES >> 20}. Split the file.")
        return source.read_bytes()
    except OSError as err:
        raise DatasetError(f"{source} cannot be read: {err.strerror}. Check the name.") from err


def _text(raw: bytes, number: int) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as err:
        raise DatasetError(f"Line {number}, byte {err.start} is not UTF-8. Convert the file first.") from err


def _row(text: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise DatasetError(f"Line {number} is not JSON ({err}). Write one object a line.") from err
    if not isinstance(row, dict):
        raise DatasetError(f"Line {number} is {_kind(row)}, not an object with `prompt` and `expert`.")
    return row


def _probe(row: dict[str, Any], number: int) -> Probe:
    for field in row:
        if field not in _FIELDS:
            raise DatasetError(f"Line {number} has the field {field!r}; a probe has {', '.join(_FIELDS)}.")
    prompt, expert = _string(row, "prompt", number), _string(row, "expert", number).strip()
    note = _string(row, "note", number) if "note" in row else ""
    try:
        check_prompt(prompt, MAX_PROMPT_CHARS)
    except PromptError as err:
        raise DatasetError(f"Line {number}: {err}") from err
    if not expert:
        raise DatasetError(f"Line {number}: `expert` is empty. Name the expert, or {NONE} for nobody.")
    return Probe(prompt, expert, _layer(row.get("layer"), expert, number), _tags(row.get("tags"), number), note)


def _string(row: dict[str, Any], field: str, number: int) -> str:
    if field not in row:
        raise DatasetError(f"Line {number} has no field `{field}`.")
    value = row[field]
    if not isinstance(value, str):
        raise DatasetError(f"Line {number}: `{field}` is {_kind(value)}, not text.")
    if any("\ud800" <= character <= "\udfff" or character == "\0" for character in value) and field != "prompt":
        raise DatasetError(f"Line {number}: `{field}` holds NUL or half a character. Retype it.")
    return value


def _layer(value: Any, expert: str, number: int) -> Layer | None:
    if value is None:
        return None
    if value not in _LAYERS:
        raise DatasetError(f"Line {number}: `layer` is {value!r}; it must be one of {', '.join(_LAYERS)}, or absent.")
    layer = Layer(value)
    if expert == NONE and layer != Layer.FALLBACK:
        raise DatasetError(f"Line {number}: nobody ({NONE}) can only come about by fallback, not by {layer}.")
    return layer


def _tags(value: Any, number: int) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise DatasetError(f"Line {number}: `tags` is {_kind(value)}, not a list of texts.")
    tags = [_string({"tags": tag}, "tags", number).strip() for tag in value]
    if not all(tags):
        raise DatasetError(f"Line {number}: a tag is empty. Name it, or leave it out.")
    return tuple(dict.fromkeys(tags))


def _check_against(probe: Probe, number: int, seen: dict[str, tuple[int, Probe]]) -> None:
    """Refuse two probes of which one must fail."""
    before, first = seen.setdefault(probe.prompt, (number, probe))
    if first.expert != probe.expert or (None not in (first.layer, probe.layer) and first.layer != probe.layer):
        raise DatasetError(
            f"Line {number} wants {_wish(probe)} for the prompt for which line {before} wants {_wish(first)}. "
            "One of them must fail: keep one."
        )


def _wish(probe: Probe) -> str:
    return probe.expert if probe.layer is None else f"{probe.expert} by {probe.layer}"


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
