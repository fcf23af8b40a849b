"""The Data page, from top to bottom.

places.py     what the address says: the dataset in use, the part that is open, filters, the open row
listing.py    the datasets as a table          manage.py      rename, delete and bring back, download
overview.py   labels, splits and sources of the dataset in use, each count a way to its rows
row_list.py   its rows, searched and filtered  opened_row.py  one row: its trace, and another label for it
importing.py  a file on its way in             pending.py, columns.py, unmapped.py, meanings.py: as it is mapped
strangers.py  rows whose label is no expert
report.py     which rows were left out         leakage.py     near-duplicates, utterances that give rows away
labelling.py  labels by keyboard               label_names.py, label_order.py, label_history.py
experts.py    a router out of labels
"""
