"""The Export page, part by part: asking.py, reading.py, funnel.py, doctor.py, listing.py, plots.py, preview.py, freezing.py, shelf.py."""
