"""Data."""

from lab.ui.guard import one_app

one_app()
