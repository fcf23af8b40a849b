"""Which formats there are, and what was chosen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from lab.dpo.formats.axolotl import AXOLOTL
from lab.dpo.formats.form import Container, Format
from lab.dpo.formats.hub import HUB
from lab.dpo.formats.llama_factory import LLAMA_FACTORY
from lab.dpo.formats.openai_style import OPENAI
from lab.dpo.formats.trl import DPO, KTO, REWARD, SFT
from lab.errors import ExportError

_ALL = (DPO, REWARD, KTO, LLAMA_FACTORY, HUB, AXOLOTL, OPENAI, SFT)

FORMATS: Mapping[str, Format] = MappingProxyType({one.name: one for one in _ALL})
"""The formats by name, the main ones first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A format, and what holds its rows."""

    format: str
    container: Container


def named(name: str) -> Format:
    """Return the format of this name. Raises ExportError, which lists the names."""
    try:
        return FORMATS[name]
    except KeyError:
        raise ExportError(f"{name!r} is no format. Take one of: {', '.join(FORMATS)}.") from None


def choice(given: str) -> Choice:
    """Return what a word of the shell asks for: `trl`, or `trl:parquet`. Raises ExportError."""
    name, _, container = given.strip().partition(":")
    found = named(name)
    wanted = container or found.containers[0]
    for one in found.containers:
        if one == wanted:
            return Choice(name, one)
    raise ExportError(f"{found.title} is not written as {wanted!r}. Take one of: {', '.join(found.containers)}.")


def checked(choices: Sequence[Choice]) -> tuple[tuple[Format, Container], ...]:
    """Return each format that was chosen with its container, once, in the order of `FORMATS`.

    So files do not tell in which order somebody named the formats.

    Raises ExportError for none, for a container that a format does not come in, and for one format in two containers:
    whoever opened its folder would get either of them, without a word.
    """
    chosen: dict[str, Container] = {}
    for one in choices:
        checked_one = choice(f"{one.format}:{one.container}")
        before = chosen.setdefault(checked_one.format, checked_one.container)
        if before != checked_one.container:
            raise ExportError(
                f"{named(one.format).title} is chosen as {before} and as {one.container}. Take one of the two; "
                "an export of its own can hold the other."
            )
    if not chosen:
        raise ExportError(f"No format is chosen. Take one or more of: {', '.join(FORMATS)}.")
    return tuple((form, chosen[name]) for name, form in FORMATS.items() if name in chosen)
