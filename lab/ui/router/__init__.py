"""The parts of the Router page: the draft, what it does, how it is edited, and how it is adopted or undone."""
