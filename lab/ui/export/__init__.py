"""The Export page, from top to bottom: asking.py, reading.py, funnel.py, listing.py, then a module for each part:
doctor.py, plots.py, preview.py, freezing.py, shelf.py.
"""
