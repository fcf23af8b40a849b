"""The policies that trainers of these tests train."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_policy


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
