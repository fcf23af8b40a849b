"""Rule forensics: what each pattern of a router does on labelled prompts.

Read `hits.py` (which pattern matches where), `replay.py` (the rows settled again without it) and `report.py`.
"""
