"""What people judged, and how far it can be trusted.

Where duels come from: `duels`, `imports`, `sample`. Who gets which next, and what is kept of it: `people`, `queue`,
`masking`, `tags`, `verdicts`; `erasure` deletes on request. What the votes are worth: `agreement`, `bias`, `ratings`.

Of the last, read in this order: `counted.py` says which ballots count where; `figure.py` and `resampling.py` give a
number its interval; `agreement.py` (on `coefficients.py`), `against_rest.py` and `consistency.py` say whether judgement
repeats; `bias.py` (on `sequences.py`), `verdict_mix.py` and `pace.py` what it leans to and how fast it comes;
`ratings.py` (on `bradley_terry.py`) who wins; `disagreements.py` where votes split; `usability.py` puts all of it into
one sentence, and `report.py` computes what a page shows.
"""
