"""An export in words: the same sentences on the page, in the shell and on the card of the dataset."""

from __future__ import annotations

from collections.abc import Mapping

from lab.dpo.built import EXCLUDED, KEPT
from lab.dpo.checks.catalogue import BY_ID
from lab.dpo.report import Finding, Report, share_of
from lab.dpo.spec import Filters, Spec
from lab.store.row_words import counted

_WHY: Mapping[str, str] = {
    "sample": "came with the lab as a sample",
    "mock": "an answer is the mock's",
    "date": "outside of the days asked for",
    "expert": "by other experts",
    "query_type": "of another query type",
    "origin": "of another origin",
    "router_version": "routed by another version",
    "layer": "routed by another layer",
    "verdict:no_vote": "no vote that counts",
    "verdict:too_few": "fewer votes than asked for",
    "verdict:dropped": "dropped on the desk",
    "verdict:contested": "kept as contested",
    "verdict:split": "votes split, and nobody resolved it",
    "verdict:equally_good": "judged equally good",
    "verdict:both_bad": "both judged bad",
    "verdict:not_adjudicated": "not resolved by anybody",
    "verdict:low_agreement": "less agreement than asked for",
    "verdict:low_strength": "less strength than asked for",
    EXCLUDED: "left out by name",
    "deleted": "text deleted on request",
    "contrary": "liked by some and disliked by others",
    "in_a_pair": "said by a pair already",
    "repeated": "the same answer with the same thumb again",
}
_RULES = {
    "majority": "A pair is what more than half of the votes on a duel chose; one against one makes none.",
    "unanimous": "A pair is what all votes on a duel chose.",
    "annotator": "A pair is what one annotator chose.",
    "adjudicated": "A pair is what a disagreement was resolved to; votes alone make none.",
}


def why(reason: str) -> str:
    """Return in words why a duel makes no pair, or is not in."""
    return _WHY[reason] if reason in _WHY else BY_ID[reason].title


def asked(spec: Spec) -> tuple[str, ...]:
    """Return in sentences what was asked for."""
    one = spec.rule == "annotator"
    many = 1 if one else spec.min_votes
    votes = f"At least {many:,} votes on each that was not resolved." if many > 1 else ""
    own = "Where somebody wrote a better answer, it is chosen over the one that it betters."
    first = "What was dropped on the desk is out." if one else "A resolution of a disagreement decides before any vote."
    told = f"{first} Ties, both bad and skips make no pair."
    masked = "E-mail addresses, telephone numbers, keys, cards and accounts are covered." if spec.mask else ""
    out = [BY_ID[rule].title for rule in spec.exclude]
    named = f"Left out by name: {'; '.join(out)}." if out else ""
    return tuple(filter(None, (_RULES[spec.rule], votes, told, own, *filters(spec.filters), named, masked)))


def filters(chosen: Filters) -> tuple[str, ...]:
    """Return in sentences what the filters let through."""
    days = " ".join(
        f"{word} {day.isoformat()}" for word, day in (("from", chosen.since), ("until", chosen.until)) if day
    )
    several = (
        ("Answers by", chosen.experts), ("Query types", chosen.query_types), ("Origins", chosen.origins),
        ("Layers", chosen.layers), ("Router versions", chosen.router_versions),
    )  # fmt: skip
    said = [f"{what}: {', '.join(names)}." for what, names in several if names]
    if days:
        said.append(f"Judged {days}.")
    if chosen.annotators:
        many = len(chosen.annotators)
        said.append(f"Votes of {counted(many, 'annotator')} count.")
    if chosen.min_agreement > 0:
        said.append(f"At least {chosen.min_agreement:.0%} of the votes agree, where nobody resolved them.")
    if chosen.min_strength > 0:
        said.append(f"The mean strength is {chosen.min_strength:g} or more.")
    if not chosen.unblinded:
        said.append("Votes given after the reveal do not count.")
    if chosen.mock:
        said.append("Answers of the mock, which are placeholders, are in.")
    if chosen.sample:
        said.append("The sample workspace of the lab is in.")
    return tuple(said)


def system_prompt(spec: Spec) -> str:
    """Return in a sentence which system prompt the pairs have."""
    if spec.system == "replaced":
        return "Each pair has one system prompt, which replaces the one that its answers were given under."
    if spec.system == "none":
        return "No pair has a system prompt; some answers may have been given under one."
    return "Each pair has the system prompt that both of its answers were given under."


def split(spec: Spec, report: Report) -> str:
    """Return in sentences how the prompts came to their sides."""
    counts = ", ".join(
        f"{name} {counted(count, 'pair')} of {counted(report.clusters[name], 'group')}"
        for name, count in report.splits.items()
    )
    by = "MinHash of their wording" if spec.nearness == "minhash" else "the cosine of their vectors"
    return (
        f"By groups of prompts that are alike by {by} at {spec.near:g} or more, or of which one continues the other: "
        f"no group lies on two sides. A prompt keeps its side in later snapshots of the family {spec.family}. "
        f"There are now: {counts}."
        + (
            f" {report.settled:,} of {counted(report.kept, 'pair')} keep the side that their prompt had before; the "
            "shares are for the others. Another family deals all of them out anew."
            if report.settled
            else ""
        )
    )


def agreement(report: Report) -> tuple[str, ...]:
    """Return in sentences how far people agreed."""
    who = f"{counted(report.annotators, 'annotator')} decided the pairs."
    if report.agreement is None:
        return who, "No two people judged the same duel (imported votes do not count here), so agreement is not known."
    return who, f"Two who judged the same duel said the same in {report.agreement:.0%}, n = {report.twice:,} duels."


def biases(report: Report) -> tuple[str, ...]:
    """Return in sentences what votes lean to."""
    said = []
    if report.longer.n:
        said.append(f"The longer answer won {share_of(report.longer)}.")
    if report.left.n:
        said.append(f"The answer that stood left was chosen in {share_of(report.left)}; sides are shuffled.")
    return tuple(said)


def policy(report: Report, spec: Spec) -> str:
    """Return in a sentence what share of the answers the model wrote that is to be trained."""
    if report.policy_share is None:
        return "Which model is to be trained was not said, so nobody can say what share of the answers is its own."
    return f"{report.policy_share:.0%} of the answers were sampled from {spec.policy.model}, which is to be trained."


def losses(report: Report) -> dict[str, int]:
    """Return in words why judged duels are not in, and how many each time."""
    return {why(reason): count for reason, count in report.counts.items() if reason != KEPT}


def finding(found: Finding) -> str:
    """Return a finding as a sentence."""
    rule = BY_ID[found.rule]
    return f"{rule.title[0].upper()}{rule.title[1:]}: {found.says}. {rule.why}"
