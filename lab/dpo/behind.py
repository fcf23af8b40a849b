"""The duels, and the answers with a thumb, behind a number of an export: whatever is counted can be opened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lab.dpo.built import CODE, EXCLUDED, FILTERED, UNDECIDED, Bools, Built, Ints
from lab.dpo.checks import of_set
from lab.dpo.checks.catalogue import BIT, BLOCKS
from lab.dpo.rows import SPLITS
from lab.preferences.bias import RATIOS

_LOST = {
    "filtered": FILTERED,
    "undecided": tuple(f"verdict:{one}" for one in UNDECIDED),
    "left_out": (*BLOCKS, EXCLUDED),
}


def duels_behind(built: Built, kind: str, *about: str) -> Ints:
    """Return the seqs of the duels behind a number, in their order.

    judged, wanted, pairs, kept: a step of the funnel; filtered, undecided, left_out: what is lost between two of them;
    reason R: of which this became; rule R: what the doctor found;
    split S, type T: kept pairs there; author NAME MODEL, won NAME MODEL: with an answer of this author, won by it;
    ratio CLASS: kept pairs whose answers differ in length so; tokens LOW HIGH: kept pairs of so many tokens (the longer
    conversation, LOW included); chars SIDE LOW HIGH: kept pairs whose chosen or rejected answer is so long; voice ID:
    kept pairs that this annotator voted for. Raises KeyError for anything else.
    """
    if kind == "judged":
        return built.duel_seqs
    if kind in ("wanted", "pairs"):
        out = {CODE[one] for one in FILTERED} | (
            {CODE[f"verdict:{one}"] for one in UNDECIDED} if kind == "pairs" else set()
        )
        return np.asarray(built.duel_seqs[~np.isin(built.reasons, list(out))])
    if kind in _LOST:
        return np.asarray(built.duel_seqs[np.isin(built.reasons, [CODE[one] for one in _LOST[kind]])])
    if kind == "reason":
        return built.seqs_of(about[0])
    if kind == "rule":
        return _of_rule(built, about[0])
    return np.asarray(built.seq_of[_kept(built, kind, *about)])


def thumbs_behind(built: Built, kind: str, *about: str) -> Ints:
    """Return the seqs of the answers with a thumb behind a number, in their order.

    thumbs: all; thumbs_kept; thumbs_left_out; thumbs_reason R: of which this became; thumbs_rule R: what the doctor
    warns of, left out by name or not. Raises KeyError for anything else.
    """
    if kind == "thumbs_rule":
        stand = built.likes_kept_of | (built.like_reasons == CODE[EXCLUDED])
        return np.asarray(built.likes["seq"][built.likes_flagged(about[0]) & stand])
    seqs, fates = built.like_fates
    if kind == "thumbs_reason":
        return np.asarray(seqs[fates == CODE[about[0]]])
    return np.asarray(seqs[{"thumbs": fates >= 0, "thumbs_kept": fates == 0, "thumbs_left_out": fates > 0}[kind]])


def _of_rule(built: Built, rule: str) -> Ints:
    if rule in BLOCKS:
        return built.seqs_of(rule)
    if rule in BIT:
        stand = built.kept_of | (built.reasons[built.pairs["place"]] == CODE["excluded"])
        return np.asarray(built.seq_of[built.flagged(rule) & stand])
    kept = built.kept_of
    loudest = of_set.loudest(built)
    chosen, rejected = built.pairs["chosen_chars"], built.pairs["rejected_chars"]
    found: dict[str, Bools] = {
        "longer": kept & (chosen > rejected),
        "left": kept & (built.pairs["left"] > 0),
        "policy": kept & (built.pairs["own"] > 0),
        "few_pairs": kept,
        "no_training": kept,
        "system_prompts": kept,
        "one_annotator": kept if loudest is None else kept & _voted(built, loudest[0]),
    }
    return np.asarray(built.seq_of[found[rule]])


def _kept(built: Built, kind: str, *about: str) -> Bools:
    kept, pairs = built.kept_of, built.pairs
    if kind == "kept":
        return kept
    if kind == "split":
        return kept & (built.sides_of == SPLITS.index(about[0])) if about[0] in SPLITS else _none(kept)
    if kind == "type":
        return np.asarray(kept & (pairs["stratum"] == _place(built.query_types.all, about[0])))
    if kind in ("author", "won"):
        place = _place(built.authors.all, "\n".join(about))
        wrote = pairs["chosen_by"] == place
        return np.asarray(kept & (wrote if kind == "won" else wrote | (pairs["rejected_by"] == place)))
    if kind == "ratio":
        return np.asarray(kept & (ratio_classes(built) == _place([name for name, _ in RATIOS], about[0])))
    if kind == "tokens":
        longest = built.lengths.longest
        return kept & (longest >= int(about[0])) & (longest < int(about[1]))
    if kind == "chars":
        chars = pairs[f"{about[0]}_chars"]
        return np.asarray(kept & (chars >= int(about[1])) & (chars < int(about[2])))
    if kind == "voice":
        return kept & _voted(built, about[0])
    raise KeyError(kind)


def ratio_classes(built: Built) -> NDArray[np.int64]:
    """Return for each pair the class of `bias.RATIOS` that its answers' lengths fall into; -1 for equal lengths."""
    chosen = built.pairs["chosen_chars"].astype(np.float64)
    rejected = built.pairs["rejected_chars"].astype(np.float64)
    ratio = np.maximum(chosen, rejected) / np.maximum(np.minimum(chosen, rejected), 1)
    places = np.searchsorted([upper for _, upper in RATIOS], ratio, side="left")
    return np.where(chosen == rejected, -1, places).astype(np.int64)


def _voted(built: Built, annotator_id: str) -> Bools:
    those = np.zeros(len(built.pairs), np.bool_)
    mine = built.voices["annotator"] == _place(built.annotators.all, annotator_id)
    those[built.voices["pair"][mine]] = True
    return those


def _place(names: list[str], name: str) -> int:
    """Return the place of a name; one that no row has for a name that is none."""
    return names.index(name) if name in names else len(names)


def _none(those: Bools) -> Bools:
    return np.zeros(len(those), np.bool_)
