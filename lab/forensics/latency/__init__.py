"""How long deciding takes, stage by stage, and how long a person waits with the answer.

Read `spread.py` (the statistics), `report.py` (a router timed), `job.py` (as long work) and `end_to_end.py`.
"""
