"""From votes to a dataset that trains: pairs, the doctor, splits, formats, frozen snapshots.

spec.py       what is asked for                     rows.py      what the files hold
"""
