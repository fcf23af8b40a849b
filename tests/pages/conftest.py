"""The app on a data folder of its own."""

from __future__ import annotations

from pathlib import Path

import empty_database
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lab.ui import resources

APP = Path(__file__).parents[2] / "app.py"
RUN_S = 60


@pytest.fixture(autouse=True)
def no_component_packages(monkeypatch):
    """Spare each AppTest reading the metadata of every installed package, in search of components."""
    monkeypatch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)


@pytest.fixture(autouse=True)
def lab_of_once(shipped_once, monkeypatch):
    """Spare each lab reading what no page changes."""
    monkeypatch.setattr("lab.ui.resources.compose", shipped_once)


@pytest.fixture
def app(tmp_path, monkeypatch, encoder_cache):
    """The app as the first visitor finds it; it opens on the Route page."""
    (tmp_path / "cache").symlink_to(encoder_cache)
    empty_database.put_into(tmp_path)
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path))
    st.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=RUN_S)
    opened = resources.lab()
    opened.jobs.close()
    opened.store.close()
    st.cache_resource.clear()
