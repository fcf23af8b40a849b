"""Calibration: from a score to the probability that a decision is right, and how far that can be trusted.

Read `calibrators.py` (the curves), `reliability.py` (how they are judged), `report.py` (both, by layer), and
`calibrated.py`.
"""
