"""A store of its own for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import empty_database
import pytest

from lab.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store in the test's folder."""
    empty_database.put_into(tmp_path)
    opened = open_store(data_dir=tmp_path)
    yield opened
    opened.close()
