"""A small lab that asks a server on loopback, and a dataset to ask it about; used by this process and by others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from doubles import WordEncoder, two_experts

from lab.config import CONF_DIR, Settings
from lab.exchange import Exchange
from lab.forensics.datasets import Table, add, sift
from lab.forensics.datasets.mapping import Mapping
from lab.jobs import Jobs
from lab.live import Routers
from lab.preferences.duels.asking import Patience
from lab.preferences.duels.request import Request, Source, contenders
from lab.preferences.duels.request import Settings as SideSettings
from lab.preferences.duels.sampling import Sampling
from lab.providers import MockProvider, OpenAICompatibleProvider
from lab.store import Store, open_store, versions

STALL_S = 0.25
HURRIED = Patience(retries=3, pause_s=0.01, rate_limit_s=5.0)
BATCH = "0192f3a0-0000-7000-8000-000000000001"


class Bulk:
    """An open lab on `folder`, whose two experts ask the server at `url`."""

    def __init__(self, folder: Path, url: str) -> None:
        self.store: Store = open_store(data_dir=folder)
        self.routers = Routers(self.store, Settings(folder, None, 32_000, CONF_DIR, None))
        self.routers._encoders["words"] = WordEncoder()
        self.routers.with_settings = lambda expert: replace(expert, provider="openai", options=MappingProxyType({}))
        versions.seed(self.store, two_experts(), WordEncoder.fingerprint)
        self.jobs = Jobs(self.store, beat_s=0.05)
        provider = OpenAICompatibleProvider(url, first_token_timeout_s=2, stall_timeout_s=STALL_S)
        self.exchange = Exchange(
            self.store, self.routers, {"openai": provider, "mock": MockProvider(delay_s=0)}, self.jobs
        )
        self.folder = folder

    def dataset(self, prompts: Sequence[str], name: str = "asked") -> str:
        """Take prompts in and return the dataset's id."""
        columns = {"prompt": list(prompts), "kind": [f"kind {place % 2}" for place in range(len(prompts))]}
        table = Table(columns, range(1, len(prompts) + 1), layout="CSV", counted="row", file_name="asked.csv")
        sifted = sift(table, Mapping("prompt", query_type="kind"))
        return add(self.store, self.folder, sifted, name=name).dataset.id

    def labelled(self, prompts: Sequence[str]) -> str:
        """Take prompts in whose label is their first word; enough of them are split."""
        columns = {"prompt": list(prompts), "label": [prompt.split()[0] for prompt in prompts]}
        table = Table(columns, range(1, len(prompts) + 1), layout="CSV", counted="row", file_name="labelled.csv")
        return add(self.store, self.folder, sift(table, Mapping("prompt", label="label")), name="labelled").dataset.id

    def request(self, dataset_id: str, sampling: Sampling | None = None, **changes: object) -> Request:
        """Ask both experts for all of a dataset."""
        experts = self.routers.live().version.config.experts
        return replace(
            Request(
                name="asked",
                source=Source("dataset", dataset_id),
                sides=contenders(self.exchange, (experts[0], experts[1]), (SideSettings(), SideSettings()), 400),
                system_prompt="Explain.",
                max_tokens=400,
                sampling=sampling or Sampling("all"),
            ),
            **changes,
        )

    def close(self) -> None:
        """End the jobs and close the database."""
        self.jobs.close()
        self.store.close()


@contextmanager
def opened(folder: Path, url: str):
    """A lab that is closed at the end."""
    bulk = Bulk(folder, url)
    try:
        yield bulk
    finally:
        bulk.close()
