"""Closing the lab and opening it anew, without ending the server: after another database was put in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from lab.errors import StoreError
from lab.ui import resources

_Result = TypeVar("_Result")


def around(work: Callable[[], _Result]) -> _Result:
    """Stop the jobs of this process, do the work on the closed lab, and let the next run open it anew, also when it
    failed.

    What waits in memory to be stored is stored first. Raises StoreError when that cannot be, and nothing was done
    then, and what `work` raises.
    """
    opened = resources.lab()
    outbox = opened.exchange.outbox
    if len(outbox):
        outbox.retry()
    if len(outbox):
        raise StoreError("Something waits in memory to be stored. Store it first: the button is at the top.")
    opened.jobs.close()
    opened.store.close()
    try:
        return work()
    finally:
        opened.store.close()
        st.cache_resource.clear()
