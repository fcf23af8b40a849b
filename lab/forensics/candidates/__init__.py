"""Candidates: patterns and utterances mined from the rows that a router gets wrong, with what they do to unseen rows.

Read `patterns.py` and `utterances.py` (what is mined), `added.py` (what one more does), then `suggestions.py`.
"""
