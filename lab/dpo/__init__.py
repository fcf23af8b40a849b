"""From votes to a dataset that trains: pairs, the doctor, splits, formats, frozen snapshots.

Read in this order:

    spec.py         what is asked for                          rows.py        what the files hold
    sources.py      which duels are meant                      verdicts.py    what the votes on one come to
    pairs.py        a duel as a pair                           checks/        the doctor: of a pair, of all pairs
    tokens.py, lengths.py   tokens, and what a trainer drops   columns.py     what is kept of a pair: numbers
    build.py        one reading of all votes, into built.py    dealing.py     sides of the split, on
    clusters.py, splits.py    groups of prompts, dealt out     report.py      what came of it
    behind.py       the duels behind each number               wording.py, cards.py   all of that in words
    formats/        rows as each trainer reads them            snapshots.py   frozen, written
    comparing.py    written again, and two against each other  recipe.py (recipe_script.py), training.py   a TRL script
"""
