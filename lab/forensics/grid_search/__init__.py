"""The threshold search.

Read `axes.py` (what varies), `cells.py` (all cells at once, by counting), `grid.py` (whole grids), `sweep.py` (every
breakpoint), `goals.py` (what for) and `choice.py` (which setting, and how sure).
"""
