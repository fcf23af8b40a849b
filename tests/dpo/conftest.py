"""The policies that trainers of these tests train."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import export_store
import pytest
import tiny_policy

from lab.store import Store, upgrade


@pytest.fixture(scope="session")
def policy_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real tokenizer and a chat template, and no model."""
    return tiny_policy.save_tokenizer(tmp_path_factory.mktemp("policy-tokenizer"))


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random Llama and its tokenizer."""
    return tiny_policy.save_model(tiny_policy.save_tokenizer(tmp_path_factory.mktemp("policy")))


@pytest.fixture(scope="session")
def thinking_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with a template by which the opened prompt is not how prompt and answer begin."""
    folder = tmp_path_factory.mktemp("thinking-policy")
    return tiny_policy.save_model(tiny_policy.save_tokenizer(folder, tiny_policy.THINKING))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the lab's tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("empty-database") / "lab.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def lab_store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    """An open store without rows."""
    opened = export_store.opened(empty_database, tmp_path / "lab")
    yield opened
    opened.close()
