"""The Router page on a lab that the tests of a file share."""

from __future__ import annotations

import pytest
import streamlit
from router_page import visited

from lab.ui import resources


@pytest.fixture(scope="module")
def lab(tmp_path_factory, encoder_cache):
    """A lab on a data folder of its own."""
    data = tmp_path_factory.mktemp("router-page")
    (data / "cache").symlink_to(encoder_cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_DATA_DIR", str(data))
        streamlit.cache_resource.clear()
        yield resources.lab()
        resources.lab().jobs.close()
        resources.lab().store.close()
        streamlit.cache_resource.clear()


@pytest.fixture
def page(lab):
    """The Router page on the built-in dataset, as a visitor finds it."""
    yield visited()
    lab.drafting.discard()
