"""Labelled prompts: taken in from any file, stored once, split fairly, labelled on by people.

table.py       a file as columns, before anybody says which is which; rows that have no such shape
decode.py      bytes to text          reading.py     which of the four kinds a file is, by what it holds
delimited.py   CSV, TSV               json_rows.py   JSON, JSON Lines, CLINC150     parquet.py   Parquet
names.py       what columns and splits are called in the wild
mapping.py     which column is the prompt, what its labels mean; the guess and the preview
normalise.py   when two prompts are the same, or nearly
report.py      good rows and bad ones, each with its reason          csv_out.py   any table as a harmless CSV
clusters.py    near-duplicates        splits.py      tune, dev, sealed
shelf.py       storing, loading, deleting            origins.py     the built-in dataset, labelled events
left_out.py    what was left out of a file, kept; bringing a deleted dataset back
rows.py        the rows as columns, and which of them leak into the router
experts.py     a router out of labels                work.py        encoding as a job

table = read_bytes(data, "prompts.csv")
sifted = sift(table, guess(table))
added = add(store, data_dir, sifted, name="prompts")
rows = load(store, data_dir, added.dataset.id)
"""

from lab.forensics.datasets.csv_out import to_csv
from lab.forensics.datasets.experts import make_experts
from lab.forensics.datasets.mapping import Mapping, guess, labels_of, preview
from lab.forensics.datasets.origins import LABELLED_EVENTS, ensure_built_in, labelled_events
from lab.forensics.datasets.reading import read_bytes, read_file
from lab.forensics.datasets.report import REASONS, Report, Sifted, sift
from lab.forensics.datasets.rows import (
    LEAK_COSINE,
    Leak,
    Rows,
    crossing,
    in_split,
    labelled,
    leaks,
    split_counts,
    unlabelled,
)
from lab.forensics.datasets.shelf import Added, add, delete, load
from lab.forensics.datasets.splits import MAX_SEED, NESTED_BELOW, SHARES, SPLITS
from lab.forensics.datasets.table import MAX_BYTES, BadRow, Reason, Table
from lab.forensics.datasets.work import encode_job, encode_work

__all__ = [
    "LABELLED_EVENTS",
    "LEAK_COSINE",
    "MAX_BYTES",
    "MAX_SEED",
    "NESTED_BELOW",
    "REASONS",
    "SHARES",
    "SPLITS",
    "Added",
    "BadRow",
    "Leak",
    "Mapping",
    "Reason",
    "Report",
    "Rows",
    "Sifted",
    "Table",
    "add",
    "crossing",
    "delete",
    "encode_job",
    "encode_work",
    "ensure_built_in",
    "guess",
    "in_split",
    "labelled",
    "labelled_events",
    "labels_of",
    "leaks",
    "load",
    "make_experts",
    "preview",
    "read_bytes",
    "read_file",
    "sift",
    "split_counts",
    "to_csv",
    "unlabelled",
]
