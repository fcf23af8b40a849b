"""The doctor: every known fault of a preference dataset, found before it costs a training run.

catalogue.py   the rules     texts.py, refusals.py, personal.py, names.py   what a single text says
of_pair.py     a pair, as it is read              of_set.py   all pairs together
"""
