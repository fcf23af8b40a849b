"""Preferences that others collected: files in every schema in use, taken in as duels with votes, or as thumbs.

entries.py     what a row says: a pair, or an answer that was liked or not
turns.py       messages in each of the notations in use        cells.py      messages in a cell of a CSV file
ratings.py     rated answers                                   schemas.py    which schema a row has, and what it says
checks.py      what no entry may be; when two are the same
sieve.py       good rows parted from bad ones                  report.py     what became of every row
sifting.py     a file read row by row, as often as need be
store.py       entries as duels with votes, and as thumbs       work.py       that as a job

sifted = sift_file(path)
sifted.report.sentence()
take_in(store, sifted, name=name_of(sifted.file_name), now=now).sentence()
"""

from lab.preferences.imports.entries import REASONS, Entry, LikedAnswer, PreferencePair, Reason
from lab.preferences.imports.report import LeftOut, Report
from lab.preferences.imports.sifting import Sifted, sift_bytes, sift_file
from lab.preferences.imports.store import Imported, check_name, name_of, take_in, taken_in
from lab.preferences.imports.work import import_job

__all__ = [
    "REASONS",
    "Entry",
    "Imported",
    "LeftOut",
    "LikedAnswer",
    "PreferencePair",
    "Reason",
    "Report",
    "Sifted",
    "check_name",
    "import_job",
    "name_of",
    "sift_bytes",
    "sift_file",
    "take_in",
    "taken_in",
]
