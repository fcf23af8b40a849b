"""Which router is live: the store's live version, or the unadopted one that command-line overrides describe.

`lab/conf` seeds an empty store. From then on the store rules, in every process: a version that another process adopts
is live here at the next prompt. Overrides rule their own process alone, until what they describe is adopted.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lab.config import Settings, compose
from lab.encoders import Encoder, load_encoder
from lab.errors import StoreError
from lab.records import RouterVersion
from lab.routing import RoutingStrategy, build
from lab.types import Expert, RouterConfig

if TYPE_CHECKING:
    from lab.store import Store

_KEPT = 16  # routers that stay built: the live one, what-ifs, versions of events that are looked at


@dataclass(frozen=True, slots=True)
class LiveRouter:
    """A router version that is ready to route."""

    version: RouterVersion
    strategy: RoutingStrategy
    encoder: Encoder

    @property
    def encoder_changed(self) -> bool:
        """Tell whether the encoder here gives other vectors than the one this version was tuned with."""
        return self.encoder.fingerprint != self.version.encoder_fingerprint


class Routers:
    """Builds routers and keeps the last ones; one per process, shared by its threads.

    Without a store (None) the router that `lab/conf` describes is used, and nothing is remembered.
    """

    def __init__(self, store: Store | None, settings: Settings, overrides: Sequence[str] = ()) -> None:
        self.store, self.settings, self.overrides = store, settings, tuple(overrides)
        self._lock = threading.RLock()
        self._encoders: dict[str, Encoder] = {}
        self._built: OrderedDict[str, RoutingStrategy] = OrderedDict()
        self._override: RouterVersion | None = None
        self._composed: RouterConfig | None = None

    def live(self) -> LiveRouter:
        """Return the router that routes now, seeding an empty store.

        Raises ConfigError (or PatternError) for a router that cannot work, EncoderUnavailable, StoreError.
        """
        with self._lock:
            return self.of(self._overriding() or self._stored() or self._unstored())

    def adopted(self) -> RouterVersion:
        """Return the version that is live in the store, whatever overrides rule this process; raises like `live`.

        It is what a draft begins from, and what adopting puts another version in the place of.
        """
        with self._lock:
            version = self._stored()
        if version is None:
            raise StoreError(
                "No router version is stored here, so none can be edited or adopted. Open the lab with a database that "
                "can be written: `make run`."
            )
        return version

    def of(self, version: RouterVersion) -> LiveRouter:
        """Return the router of a version, ready to route. Raises like `live`."""
        return LiveRouter(version, self.build(version.config), self.encoder(version.config.encoder))

    def build(self, config: RouterConfig) -> RoutingStrategy:
        """Return a router for any configuration: a what-if is built like the live one. Raises like `live`."""
        with self._lock:
            encoder = self.encoder(config.encoder)
            key = config.content_hash(encoder.fingerprint)
            strategy = self._built.get(key)
            if strategy is None:
                strategy = build(config, encoder, max_prompt_chars=self.settings.max_prompt_chars)
                self._built[key] = strategy
            self._built.move_to_end(key)
            while len(self._built) > _KEPT:
                self._built.popitem(last=False)
            return strategy

    def encoder(self, name: str) -> Encoder:
        """Return the encoder called `name`, loaded once. Raises EncoderUnavailable."""
        with self._lock:
            if name not in self._encoders:
                self._encoders[name] = load_encoder(name, self.settings.cache_dir)
            return self._encoders[name]

    def with_settings(self, expert: Expert) -> Expert:
        """Return the expert with the provider, price and options that the configuration gives it now.

        These are settings, not part of a version: a stored version keeps its own only for an expert that the
        configuration does not name.
        """
        for now in self._configured().experts:
            if now.name == expert.name:
                return replace(expert, provider=now.provider, price=now.price, options=now.options)
        return expert

    def conf_differs(self, live: LiveRouter) -> bool:
        """Tell whether the configuration describes another router than the stored one that is live.

        Editing `lab/conf` changes nothing once the database holds a version; whoever edits it should be told.
        """
        if live.version.origin != "shipped":
            return False
        return self._configured().content_hash(live.version.encoder_fingerprint) != live.version.content_hash

    def _configured(self) -> RouterConfig:
        with self._lock:
            if self._composed is None:
                self._composed = compose(self.overrides, self.settings.conf_dir).router
            return self._composed

    def _overriding(self) -> RouterVersion | None:
        if all(override.startswith("providers.") for override in self.overrides):
            return None  # these are settings, not the router
        if self._override is None:
            config = compose(self.overrides, self.settings.conf_dir).router
            self.build(config)  # before it is stored: a router that cannot work is not worth a row
            recorded = self._recorded(config, self.encoder(config.encoder).fingerprint)
            self._override = replace(recorded, origin="override")  # also where it is stored as a version of before
        return self._now_adopted(self._override) or self._override

    def _now_adopted(self, override: RouterVersion) -> RouterVersion | None:
        """Return the live version where it is what the overrides describe: somebody adopted it, or always had it."""
        if self.store is None:
            return None
        from lab.store import versions

        version = versions.live(self.store)
        return version if version is not None and version.content_hash == override.content_hash else None

    def _recorded(self, config: RouterConfig, fingerprint: str) -> RouterVersion:
        if self.store is None or self.store.read_only:
            return _unadopted(config, fingerprint, "override")
        from lab.store import versions

        return versions.record_override(self.store, config, fingerprint)

    def _stored(self) -> RouterVersion | None:
        if self.store is None:
            return None
        from lab.store import versions  # here, because a router without a store is ready without SQLAlchemy

        version = versions.live(self.store)
        if version is None and not self.store.read_only:
            config = compose((), self.settings.conf_dir).router
            self.build(config)
            version = versions.seed(self.store, config, self.encoder(config.encoder).fingerprint)
        return version

    def _unstored(self) -> RouterVersion:
        config = compose((), self.settings.conf_dir).router
        return _unadopted(config, self.encoder(config.encoder).fingerprint, "shipped")


def _unadopted(config: RouterConfig, fingerprint: str, origin: str) -> RouterVersion:
    """Return a version that no store knows."""
    content = config.content_hash(fingerprint)
    return RouterVersion("", None, origin, content, config, fingerprint, False, origin, datetime.now(UTC))
