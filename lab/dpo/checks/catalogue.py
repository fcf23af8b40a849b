"""Every rule of the doctor: what it finds, why that matters, and what to do.

What blocks is left out of every export, since a trainer would crash on it, mangle it in silence or learn it wrongly.
What warns stays, unless it is left out by name; of some, nothing can be left out, as they are about the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["block", "warn", "note"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the doctor looks for. `of_rows`: it is found on single pairs, which can be left out."""

    id: str
    severity: Severity
    title: str
    why: str
    then: str  # what to do
    of_rows: bool = True


RULES: tuple[Rule, ...] = (
    Rule("empty", "block", "an empty answer", "A trainer would learn from one character, or crash.",
         "Judge the duel again with whole answers."),
    Rule("equal", "block", "two answers that say the same", "Nothing is preferred, so the gradient is noise.",
         "Nothing to mend: they stay out. Covering personal data can make two answers equal."),
    Rule("no_user_turn", "block", "a conversation that the user does not end",
         "Chat templates answer the user's last turn; without one they put the answer somewhere else.",
         "Import the conversation again with the user's turn at its end."),
    Rule("prompt_repeated", "block", "an answer that begins with the prompt",
         "The model learns to repeat what it was asked.", "Ask the expert again, or write a better answer."),
    Rule("error_text", "block", "an error message instead of an answer",
         "The model learns the server's faults by heart.", "Ask the expert again."),
    Rule("unfinished", "block", "an answer that was cut off",
         "The model learns to stop in mid-sentence, or that short is bad.", "Raise the length limit and ask again."),
    Rule("placeholder", "block", "a placeholder instead of an answer", "It is no answer to the prompt.",
         "Ask the expert again. Answers of the mock come in when the filter lets them."),
    Rule("opposite", "block", "the same two answers with opposite winners",
         "The pair and its contrary cancel each other out.",
         "Resolve it on the Trust page, or keep each duel's own system prompt."),
    Rule("twice", "block", "the same pair more than once", "It would count more than others.",
         "Nothing to mend: the first one stays in."),
    Rule("bridging", "block", "a prompt like some on both sides of the split",
         "The test set would hold what was trained on.",
         "Leave it out, or begin a new family of splits, which deals all prompts out anew."),
    Rule("dropped", "warn", "a pair that the trainer drops in silence",
         "The prompt alone (of a reward model: an answer with its prompt) fills the length limit.",
         "Raise the length limit, or leave these out so that the counts are true."),
    Rule("cut", "warn", "a pair that the trainer cuts at its length limit",
         "What stands behind the limit is not learnt, however it was judged.",
         "Raise the length limit, or leave these out."),
    Rule("near_duplicate", "warn", "a prompt that is nearly another one",
         "Wordings that come often weigh more. They stand on one side of the split.",
         "Leave them out to keep the first of each."),
    Rule("names_model", "warn", "an answer that names its model", "The model learns to call itself by that name.",
         "Leave these out, or write a better answer."),
    Rule("refusal", "warn", "an answer that refuses", "A few refusals that win make a model refuse much more.",
         "Read them. Leave them out where the refusal is not what you want to teach or to forbid."),
    Rule("personal", "warn", "personal data", "The model learns it by heart and says it to others.",
         "Cover it, or leave these out."),
    Rule("markers", "warn", "marks of a chat template inside a text",
         "Tokenizers read them as turns, so that an answer can end or begin in the middle.", "Leave these out."),
    Rule("out_of_turn", "warn", "user and assistant not in turn",
         "Many chat templates (Mistral, Gemma) stop at two turns of one speaker in a row; LLaMA-Factory skips the row.",
         "Leave these out, or import them with such turns joined."),
    Rule("looks_cut", "warn", "an answer that looks cut off",
         "It ends in the middle of a sentence or of a code block, though nothing says it was cut.",
         "Read them, and leave out what is not whole."),
    Rule("settings", "warn", "two answers under different settings",
         "With another length limit or temperature a side differs for reasons that no voter saw.",
         "Leave these out, or generate both sides alike."),
    Rule("unblinded", "warn", "votes by those who knew who wrote what", "They may follow a name rather than an answer.",
         "Leave these out, or let such votes not count."),
    Rule("few_pairs", "warn", "few pairs", "Under fifty, a trainer learns the pairs rather than what they share.",
         "Judge more duels.", of_rows=False),
    Rule("no_training", "warn", "nothing to train on",
         "All prompts that are left have their side already, in validation or test, and no prompt changes its side.",
         "Judge more duels, let more pairs in, or begin a new family of splits.", of_rows=False),
    Rule("one_annotator", "warn", "one voice", "The model learns what one person likes.",
         "Let others judge.", of_rows=False),
    Rule("longer", "warn", "length decides", "The model learns to write longer, or shorter, rather than better.",
         "Read the plot of win rates by length. Judge duels of answers that are as long.", of_rows=False),
    Rule("left", "warn", "one side of the screen decides", "Votes that follow the side say nothing of the answers.",
         "Look at the Trust page for who it is.", of_rows=False),
    Rule("system_prompts", "note", "several system prompts", "The model learns to follow each of them.",
         "Keep them, replace them by one, or leave them away.", of_rows=False),
    Rule("policy", "note", "answers of the model to be trained",
         "Preferences between its own answers teach a model most.", "Generate answers with it.", of_rows=False),
)  # fmt: skip

BY_ID = {rule.id: rule for rule in RULES}
BLOCKS = tuple(rule.id for rule in RULES if rule.severity == "block")
OF_ROWS = tuple(rule.id for rule in RULES if rule.severity != "block" and rule.of_rows)
"""Rules that a pair can be left out for, by name; each has a bit of a row's flags, in this order."""
BIT = {rule: 1 << place for place, rule in enumerate(OF_ROWS)}
ADJUDICATED = 1 << 31
"""The bit of a pair that a resolution made: no rule, but what its contrary gives way to."""
