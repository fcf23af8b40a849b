"""Decisions, changes and figures as sentences."""

from __future__ import annotations

from lab.records import Response, RouterVersion
from lab.types import NONE, Decision, Flip, Layer, Match, RouterConfig, Timings
from lab.ui import colours
from lab.ui.text import code, one_line, plain

BUDGET_MS = 50
_NAMED = 3
_NAMED_CHARS = 48


def ms(value: float | None) -> str:
    """Return milliseconds at a precision a person can read."""
    if value is None:
        return "–"
    if value >= 10_000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 1 else f"{value:.2f} ms"


def seconds(value: float | None) -> str:
    """Return milliseconds as seconds."""
    return "–" if value is None else f"{value / 1000:.1f} s" if value >= 1000 else ms(value)


def expert(config: RouterConfig, name: str) -> str:
    """Return an expert's name in its colour; the virtual fallback reads as nobody."""
    shown = "nobody" if name == NONE else plain(name)
    return f":{colours.name_of(config, name)}[**{shown}**]"


def version(one: RouterVersion) -> str:
    """Return what a router version is called."""
    return f'v{one.number} "{one.name}"' if one.number is not None else one.origin


def decision(config: RouterConfig, one: Decision) -> str:
    """Return a decision as a sentence."""
    who = expert(config, one.expert)
    overhead = ms(one.timings.overhead_ms)
    if one.layer == Layer.KEYWORD:
        return f"{who}, layer 1 matched {_matched(one.prompt, one.matches, one.expert)}, {overhead}"
    if one.layer == Layer.SEMANTIC:
        threshold = config.threshold_of(config.expert(one.expert))
        return f"{who} by layer 2, score {one.score:.3f} against {threshold:.3f}, {overhead}"
    if one.score is None:
        reason = "no pattern matched" if config.strategy == "keyword" and not one.matches else "no layer decided"
        return f"{who}, the fallback: {reason}, {overhead}"
    return f"{who}, the fallback: the best score, {one.score:.3f}, was not enough, {overhead}"


def _matched(prompt: str, matches: tuple[Match, ...], winner: str) -> str:
    hits = (one_line(prompt[match.start : match.end], _NAMED_CHARS) for match in matches if match.expert == winner)
    found = list(dict.fromkeys(hits))
    named = ", ".join(code(words) for words in found[:_NAMED])
    more = len(found) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def why(config: RouterConfig, one: Decision) -> str:
    """Return what layer 1 found and what followed from it, as a sentence."""
    if config.strategy == "semantic":
        return "This router has no layer 1: scores decide alone."
    by_expert = dict.fromkeys(match.expert for match in one.matches)
    if not by_expert:
        return "Layer 1 matched nothing" + (", so layer 2 was asked." if config.strategy == "hybrid" else ".")
    found = "; ".join(f"{expert(config, name)} {_matched(one.prompt, one.matches, name)}" for name in by_expert)
    if len(by_expert) == 1:
        return f"Layer 1 matched {found}; layer 2 was not needed."
    if one.layer == Layer.KEYWORD:
        return f"Layer 1 matched several experts: {found}. Conflict: the one listed first takes it."
    then = "deferred to layer 2" if config.strategy == "hybrid" else "nobody takes it"
    return f"Layer 1 matched several experts: {found}. Conflict: {then}."


def refusal(config: RouterConfig, one: Decision, best: str | None) -> str | None:
    """Return why layer 2's best expert did not get the prompt, or None where it did."""
    if one.layer != Layer.FALLBACK or one.score is None or best is None:
        return None
    threshold = config.threshold_of(config.expert(best))
    reasons = []
    if one.score < threshold:
        reasons.append(f"its score {one.score:.3f} is below the threshold {threshold:.3f}")
    if one.margin is not None and one.margin < config.min_margin:
        reasons.append(f"its margin {one.margin:.3f} is below {config.min_margin:.3f}")
    return f"{expert(config, best)} came first in layer 2, but {' and '.join(reasons)}."


def flip(config: RouterConfig, now: Decision, one: Flip) -> str:
    """Return a flip as a sentence."""
    whose = f" of {expert(config, one.expert)}" if one.expert else ""
    where = _outcome(config, now, one)
    match one.kind:
        case "threshold":
            return f"A threshold{whose} {_setting(now, one)} {where}."
        case "min_margin":
            return f"A least margin {_setting(now, one)} {where}."
        case "on_conflict":
            return f"With conflict policy **{one.value}** it goes to {where}."
        case "remove_pattern":
            return f"Without the pattern {code(one_line(str(one.value), 80))}{whose} it goes to {where}."
        case "remove_utterance":
            return f"Without the utterance {code(one_line(str(one.value), 80))}{whose} it goes to {where}."
        case "add_utterance":
            return f"With this prompt as an utterance{whose} it goes to {where}."


def _setting(now: Decision, one: Flip) -> str:
    if now.layer == Layer.FALLBACK:
        return f"of **{float(one.value):.6g}** or less sends it to"
    return f"of **{float(one.value):.6g}** or more sends it to"


def _outcome(config: RouterConfig, now: Decision, one: Flip) -> str:
    who = expert(config, one.to_expert)
    same = " as well" if one.to_expert == now.expert else ""
    if one.to_layer == Layer.FALLBACK:
        return f"the fallback, {who}{same}"
    return f"{who}{same}, by layer {1 if one.to_layer == Layer.KEYWORD else 2}"


def stages(timings: Timings) -> list[tuple[str, str]]:
    """Return the stages of a decision that ran, with their times."""
    rows = [("keyword", timings.keyword_ms), ("encode", timings.encode_ms), ("score", timings.score_ms)]
    named = [(name, ms(value)) for name, value in rows if value is not None]
    return [(f"{name}, cached" if name == "encode" and timings.encode_cached else name, value) for name, value in named]


def answer_line(one: Response) -> str:
    """Return who answered and how long it took."""
    parts = [f"{plain(one.model or one.provider)}"]
    if one.load_ms is not None:
        parts.append(f"loaded in {seconds(one.load_ms)}")
    if one.first_token_ms is not None:
        parts.append(f"first token {seconds(one.first_token_ms)}")
    if one.total_ms is not None:
        parts.append(f"total {seconds(one.total_ms)}")
    rate = one.tokens_per_s
    if rate is not None and one.provider != "mock":  # its pauses are no speed
        parts.append(f"{rate:.0f} tokens/s")
    if one.finish_reason == "length":
        parts.append("cut at its length limit")
    return " · ".join(parts)
