"""Asking before something is taken away for good."""

from __future__ import annotations

import argparse
import sys

from lab.cli_dataset_lines import harmless
from lab.errors import KeepingError


def confirm(arguments: argparse.Namespace, what: str, done: str) -> None:
    """Ask, where somebody can answer; raises KeepingError where the answer is not yes. Needs the argument `yes`."""
    if arguments.yes:
        return
    answer = ""
    if sys.stdin.isatty():
        sys.stderr.write(f"lab: {harmless(what)} Type yes to go on: ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().casefold()
    if answer != "yes":
        raise KeepingError(f"{what} Nothing was {done}. Say --yes to do it.")
