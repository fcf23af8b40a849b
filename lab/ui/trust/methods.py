"""How each number is made, in words, with its source."""

from __future__ import annotations

import streamlit as st

from lab.preferences.consistency import ENOUGH_REPEATS
from lab.preferences.pace import PAUSE_MS
from lab.preferences.ratings import LEAST_DUELS, PENALTY
from lab.preferences.resampling import SAMPLES
from lab.preferences.usability import (
    OVERLAP,
    RATED_DUELS,
    SIDE_MARGIN,
    TRAINING_DUELS,
    YARDSTICK_ALPHA,
    YARDSTICK_DUELS,
)

_SENTENCE = f"""
**The sentence.** *Training pairs*: {TRAINING_DUELS} duels on which more votes chose one answer than the other. *Rating
experts*: {RATED_DUELS} duels sampled by chance with a result. Both need judgement that repeats: at least {OVERLAP}
duels judged by two people, alpha's lower end above 0, and where both chose an answer, the lower end of choosing the
same one above one half; or, for a person alone, {ENOUGH_REPEATS} repeats and the same lower end where they chose an
answer both times. Winners are asked for on their own: whoever agrees on what is a tie may toss a coin for the rest. *A
yardstick* needs {YARDSTICK_DUELS} duels judged by two people, alpha's lower end at {YARDSTICK_ALPHA} (Krippendorff's
least for tentative conclusions) and {ENOUGH_REPEATS} repeats. All three are closed when a side decides: when the left
share's interval at any look lies outside {0.5 - SIDE_MARGIN:.0%} to {0.5 + SIDE_MARGIN:.0%}. How many more are wanted
follows from the width of the interval that is too wide, which shrinks with the root of the number of duels, if the
value stays what it is; where more would not help, the sentence says so.
"""

_COUNTS = """
**What counts where.** First-round votes; repeats count in self-consistency and pace alone. Agreement, left and longer
leave out imported files (one voice that nobody can ask again), votes given after the reveal, and skips, which are
missing and no category. Ratings leave out votes after the reveal, skips and both bad, which says nothing of who is
better. The desk shows every disagreement, imported ones too.
"""

_AGREEMENT = f"""
**Agreement** is on what was chosen: an answer, equally good, both bad; never on left and right. *Raw*: the share of
pairs of votes on one duel that say the same. *Krippendorff's alpha* (nominal, missing values allowed; Krippendorff
2011) and *Cohen's kappa* (1960) take off what chance gives. The two answers of a duel have no name that means the
same in another duel, so chance is averaged over all ways of calling one of them first: two people who choose at
random agree in half of their choices, whichever answer is called what. *With the rest*: how often one says what more
of the others said than anything else; duels on which the others are split are left out. Intervals: bootstrap by
conversation ({SAMPLES:,} samples), not narrower than Wilson's with one observation a conversation.
*Self-consistency*: repeats with sides swapped against the first vote, Wilson; about {ENOUGH_REPEATS} are needed.
"""

_BIAS = f"""
**Left and longer** are of votes that chose one of two answers. Sides are shuffled at every showing, so whoever reads
picks the left half of the time. The thick line is Wilson's interval, right for one look at a number of votes that was
fixed before. The thin line is a confidence sequence (beta-binomial mixture; Robbins 1970, Howard et al. 2021), right
however often one looks: a test at 5 % that is looked at every ten votes accuses most of the innocent in the end, this
one at most 5 % of them for ever. A warning by name asks more: at most 5 % that anybody is ever warned wrongly. Which
answer is the longer is settled once for all who judge a duel, so for length the votes on the answers to one prompt are
one observation, and n still counts votes. **Pace**: median and the fastest and slowest tenth of the time from the
showing to the key; a vote that took over {PAUSE_MS // 60_000} minutes held a pause and counts as a median one in votes
an hour. **Verdicts**: shares of first-round votes of people, skips too; Wilson, a conversation as one observation.
"""

_RATINGS = f"""
**Ratings** are of duels sampled by chance; others are apart by origin, for a duel that came from a thumbs-down or
hardest first is picked against somebody. Bradley-Terry (1952) on the scale of log-odds, mean 0, with an L2 penalty of
{PENALTY}, which keeps the unbeaten finite. A duel counts once: each of its n votes weighs 1 / n. Equally good is half
a win of each. Where duels were sampled with different probabilities they weigh 1 / probability (Horvitz and Thompson
1952), so that the rating is of all prompts that were offered. That holds once all of these duels are judged, and
before as long as they come in random order: judged hardest first, those that have votes so far are the hardest.
Intervals: bootstrap by conversation, not narrower than the normal interval of the fit; win rates: Wilson, a
conversation as one observation. Fewer than {LEAST_DUELS} duels: no number. Those who met neither directly nor through
others are in groups that do not compare.
"""


def draw() -> None:
    """Draw the methods, folded."""
    folded = st.expander("How these numbers are made", on_change="rerun", key="methods")
    if folded.open:
        with folded:
            for part in (_SENTENCE, _COUNTS, _AGREEMENT, _BIAS, _RATINGS):
                st.markdown(part)
