"""The Export page, from top to bottom: asking.py and choosing.py (what is asked for), reading.py (what came of it),
funnel.py (the sentence and the numbers), then a module a part: doctor.py, plots.py, preview.py, freezing.py, shelf.py.

A number opens a list (listing.py) and that a duel (opened_duel.py) where it was clicked, as address.py holds it; a
snapshot opens in opened_snapshot.py, its files in written.py.
"""
