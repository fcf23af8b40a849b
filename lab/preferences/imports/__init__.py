"""Preferences that others collected: files in every schema in use, taken in as duels with votes, or as thumbs.

entries.py     what a row says: a pair, or an answer that was liked or not
turns.py       messages in each of the notations in use        cells.py      messages in a cell of a CSV file
ratings.py     rated answers                                   schemas.py    which schema a row has, and what it says
checks.py      what no entry may be; when two are the same
sieve.py       good rows parted from bad ones                  report.py     what became of every row
sifting.py     a file read row by row, as often as need be

sifted = sift_file(path)
sifted.report.sentence()
for entry in sifted.entries(): ...
"""

from lab.preferences.imports.entries import REASONS, Entry, LikedAnswer, PreferencePair, Reason
from lab.preferences.imports.report import LeftOut, Report
from lab.preferences.imports.sifting import Sifted, sift_bytes, sift_file

__all__ = [
    "REASONS",
    "Entry",
    "LeftOut",
    "LikedAnswer",
    "PreferencePair",
    "Reason",
    "Report",
    "Sifted",
    "sift_bytes",
    "sift_file",
]
