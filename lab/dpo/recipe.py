"""A training script that a person can keep: plain Python for TRL, with the values that the snapshot suggests.

Whatever came from outside (names, paths) enters the script as a quoted literal and the command as a quoted word.
"""

from __future__ import annotations

import json
import math
import re
import shlex
import textwrap
from dataclasses import dataclass
from string import Template

from lab.dpo.lengths import Fit
from lab.dpo.noise import error_rate
from lab.dpo.recipe_script import PARTS, SCRIPT, Part
from lab.dpo.spec import Trainer
from lab.errors import ExportError

MAX_SMOOTHING = 0.4
"""More than this is not handed to the robust loss: it divides by 1 - 2e, and at .4 a step is five times as loud."""

_UPDATES_AN_EPOCH = 50
_BATCHES = (8, 64)
_ON_THE_DEVICE = 4
_FEW = 50
_LENGTH_OF_TRL = 1_024
_WIDTH = 116
_OF_A_SERVER = re.compile(r"[\w.-]+(?:/[\w.-]+)*:[\w.-]+")  # such as qwen2.5:0.5b, as Ollama names models


@dataclass(frozen=True, slots=True)
class RecipeFacts:
    """What a recipe is made from. `train` and `validation` count lines of the trainer's own files."""

    trainer: Trainer
    model: str  # a folder or a name on the hub; empty: the command asks for it
    data: str  # the folder with train.jsonl (or .json, .parquet), as seen from where the script is run
    snapshot: str  # its name
    train: int
    validation: int
    fit: Fit | None  # what the measured lengths suggest; None: nothing was measured
    limit: int | None = None  # tokens that were asked for at most
    exact: bool = False  # the lengths were counted with the model's own tokenizer
    agreement: float | None = None  # pairs of votes that chose an answer of one duel: the share that chose the same
    agreement_pairs: int = 0  # how many pairs of votes that is
    wrong: float | None = None  # the share of wrong labels to be expected in the rows; None: as of single votes
    liked: int = 0  # of `train`, with the label true; KTO alone
    seed: int = 0


def recipe(facts: RecipeFacts) -> str:
    """Return a script for TRL 1.16 that trains on the exported files, with the command that runs it at its top.

    Raises ExportError for a trainer that has no recipe, for a name with characters that cannot be printed, and when
    there is nothing to train on.
    """
    part = _part(facts)
    if facts.train < 1:
        raise ExportError(f"{facts.snapshot!r} has no rows to train on, so there is no recipe for it.")
    batch = batch_size(facts.train)
    return Template(SCRIPT).substitute(
        part.words,
        snapshot=repr(facts.snapshot),
        command=command(facts),
        model=_model(facts.model),
        data=_literal(facts.data),
        train=f"{facts.train:,}",
        validation=f"{facts.validation:,}",
        few=_few(facts),
        max_length=_max_length(facts),
        length_words=_comment(_length_words(facts, part)),
        epochs=epochs(facts.train),
        batch=min(batch, _ON_THE_DEVICE),
        steps=batch // min(batch, _ON_THE_DEVICE),
        settings=_settings(facts),
        seed=int(facts.seed),
    )


def command(facts: RecipeFacts, script: str = "train.py") -> str:
    """Return the command that runs the script, as a shell takes it. Raises ExportError as `recipe` does."""
    _part(facts)
    words = ["python", script, "--output", f"trained-{facts.trainer}"]
    return shlex.join(words) if _can_be_loaded(facts.model) else f"{shlex.join(words)} --model MODEL"


def label_smoothing(wrong: float) -> float:
    """Return the share of wrong labels as TRL is told it: two decimals, at most `MAX_SMOOTHING`."""
    return min(MAX_SMOOTHING, round(wrong, 2))


def batch_size(rows: int) -> int:
    """Return how many rows one update sees: a power of two from 8 to 64, for about 50 updates an epoch."""
    least, most = _BATCHES
    return min(most, max(least, 1 << round(math.log2(max(1.0, rows / _UPDATES_AN_EPOCH)))))


def epochs(rows: int) -> int:
    """Return how often to go through the rows: 3 times below 1,000 of them, twice below 10,000, else once."""
    return 3 if rows < 1_000 else 2 if rows < 10_000 else 1


def _part(facts: RecipeFacts) -> Part:
    part = PARTS.get(facts.trainer)
    if part is None:
        known = ", ".join(PARTS)
        raise ExportError(f"There is no recipe for the trainer {facts.trainer!r}; there is one for {known}.")
    for what, text in (("model", facts.model), ("folder", facts.data)):
        if not text.isprintable():
            raise ExportError(
                f"The {what} {text!r} holds characters that cannot be printed, which is no name to put into a script. "
                "Rename it."
            )
    return part


def _can_be_loaded(model: str) -> bool:
    """Tell whether a trainer may find a model by this name; one with a tag is a server's."""
    return bool(model) and _OF_A_SERVER.fullmatch(model) is None


def _model(name: str) -> str:
    """Return the model as the script says it."""
    if _can_be_loaded(name):
        return _literal(name)
    return (
        f"None  # what answers as {_literal(name)}: say its folder, or its name on the hub, as --model"
        if name
        else "None"
    )


def _literal(text: str) -> str:
    return json.dumps(text) if text.isascii() else repr(text)


def _comment(words: str, indent: str = "") -> str:
    return "\n".join(textwrap.wrap(words, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "))


def _max_length(facts: RecipeFacts) -> int:
    """Return the limit that nearly all pairs fit into, but no more than was asked for: memory grows with it."""
    measured = facts.fit.max_length if facts.fit else _LENGTH_OF_TRL
    return measured if facts.limit is None else min(measured, facts.limit)


def _length_words(facts: RecipeFacts, part: Part) -> str:
    if facts.fit is None:
        return "No lengths were measured, so this is the default of TRL."
    if facts.limit is not None and facts.limit < facts.fit.max_length:
        return (
            f"As asked for; {facts.fit.max_length:,} would hold 99 of 100. The card of the dataset says what is lost "
            "at this limit."
        )
    how = "counted with the model's own tokenizer" if facts.exact else "an estimate, for lack of the model's tokenizer"
    fate = part.dropped if facts.trainer == "reward" else f"{_share(facts.fit.cut)} lose their end, {part.dropped}"
    return f"99 of 100 fit ({how}): {fate.format(_share(facts.fit.dropped))}."


def _share(share: float) -> str:
    return "none" if share == 0 else f"{share:.1%}" if share >= 0.001 else "fewer than 0.1%"


def _few(facts: RecipeFacts) -> str:
    return f"\n# Fewer than {_FEW} rows: expect the model to learn them by heart and little else." * (
        facts.train < _FEW
    )


def _settings(facts: RecipeFacts) -> str:
    if facts.trainer == "dpo":
        return _dpo_settings(facts)
    return _kto_settings(facts) if facts.trainer == "kto" else PARTS[facts.trainer].settings


def _dpo_settings(facts: RecipeFacts) -> str:
    single = error_rate(facts.agreement)
    wrong = single if facts.wrong is None else facts.wrong
    smoothing = label_smoothing(wrong)
    if facts.agreement is None or not facts.agreement_pairs:
        words, smoothing = "No duel was judged twice, so nothing is known of wrong labels, and none are assumed.", 0.0
    else:
        words = (
            f"Two annotators chose the same answer in {facts.agreement:.1%} of {facts.agreement_pairs:,} cases among "
            f"all judged duels; if both err alike, that is e = {single:.3f} of single votes."
        )
        if facts.wrong is not None:
            words += f" By the votes behind each pair here, {wrong:.3f} of their labels are wrong."
        if wrong > MAX_SMOOTHING:
            words += f" Held at {MAX_SMOOTHING}: such votes are hardly better than a coin, so mend the guideline first."
    return _filled(
        PARTS["dpo"].settings,
        words=_comment(words, "    "),
        loss="robust" if smoothing else "sigmoid",
        smoothing=smoothing,
    )


def _kto_settings(facts: RecipeFacts) -> str:
    liked = min(facts.liked, facts.train)
    disliked = facts.train - liked
    up, down = 1.0, 1.0
    if liked and disliked:
        up, down = max(1.0, round(disliked / liked, 2)), max(1.0, round(liked / disliked, 2))
    words = f"{liked:,} liked and {disliked:,} disliked answers; the rarer kind weighs more, so that both count alike."
    return _filled(PARTS["kto"].settings, words=_comment(words, "    "), up=up, down=down)


def _filled(settings: str, **values: object) -> str:
    return Template(settings).substitute({name: str(value) for name, value in values.items()})
