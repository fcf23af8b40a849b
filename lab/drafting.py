"""Editing the one draft and putting it in the place of the live router. Whatever the draft holds can be built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from lab.conf_in import with_settings_kept
from lab.config import PROVIDERS
from lab.differences import summary
from lab.errors import ConfigError, VersionConflict
from lab.live import Routers
from lab.records import Draft, RouterVersion
from lab.routing.check import check_config, scorable
from lab.routing.flips import apply_flip
from lab.store import Store, drafts, versions
from lab.types import Flip, RouterConfig, new_id

Change = Callable[[RouterConfig], RouterConfig]

MAX_TOP_K = 1_000
"""The most scores that `mean_top_k` averages."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a router that was read from files."""

    draft: Draft
    config: RouterConfig  # what was read, with the settings of this machine
    replaced: int  # edits of the draft that it took the place of
    left_out: tuple[str, ...]  # sentences on settings that were not taken

    @property
    def in_words(self) -> str:
        """What the importer should know besides."""
        many = f"{self.replaced:,} edit{'' if self.replaced == 1 else 's'}"
        undo = f"It replaces a draft of {many}; Undo on the Router page brings it back."
        return " ".join([undo] * bool(self.replaced) + list(self.left_out))


class Drafting:
    """The draft of a store. Any number of these, in any number of processes, work on the same one."""

    def __init__(self, store: Store, routers: Routers) -> None:
        self.store, self.routers = store, routers

    def current(self) -> Draft | None:
        """Return the draft; None where nothing is being edited."""
        return drafts.current(self.store)

    def edit(self, what: str, change: Change, *, edit_id: str | None = None) -> Draft:
        """Apply `change` to the draft, which begins from the live version where there is none, and return it.

        `change` makes a configuration from another one and nothing else: it is asked again where another tab was
        quicker. `what` is the sentence that the list of edits shows; where it is empty, what changed is told. The same
        `edit_id` edits once. Raises ConfigError or PatternError for a router that could not be built, and
        EncoderUnavailable; the draft is then as it was.
        """
        base = self.routers.adopted()
        if edit_id is not None and drafts.has_edit(self.store, edit_id):
            return drafts.edit(self.store, edit_id, lambda config: config, what, base=base)
        draft = self.current()
        seen = base.config if draft is None else draft.config
        wanted = self._checked(seen, change(seen))  # outside the transaction, where it keeps nobody waiting

        def apply(config: RouterConfig) -> RouterConfig:
            return wanted if config == seen else self._checked(config, change(config))

        return drafts.edit(self.store, edit_id or new_id(), apply, what or summary, base=base)

    def take_in(self, read: RouterConfig, what: str, *, edit_id: str | None = None) -> TakenIn:
        """Put a router that was read from files in the place of the draft, with this machine's settings of its experts.

        One that is live already begins no draft. Raises like `edit`.
        """
        before = self.current()
        now = self.routers.adopted().config if before is None else before.config
        kept, left_out = with_settings_kept(read, now)
        draft = self.edit(what, lambda config: with_settings_kept(read, config)[0], edit_id=edit_id)
        replaced = 0 if before is None or before.revision == draft.revision else len(before.edits)
        return TakenIn(draft, kept, replaced, left_out)

    def apply_flip(self, flip: Flip, *, edit_id: str | None = None) -> Draft:
        """Put a change that a trace offers into the draft. One that the draft has already changes nothing.

        Raises ConfigError where the draft has no expert of that name, and like `edit`.
        """
        return self.edit("", lambda config: _flipped(config, flip), edit_id=edit_id)

    def undo(self, *, at: int | None = None) -> Draft | None:
        """Take the last edit back; at revision `at` where that is given. Raises VersionConflict where it is another."""
        return drafts.undo(self.store, at=at)

    def redo(self, *, at: int | None = None) -> Draft | None:
        """Make the edit that was undone last again; `at` as in `undo`."""
        return drafts.redo(self.store, at=at)

    def discard(self, *, at: int | None = None) -> None:
        """Throw the draft away. Raises VersionConflict when it is no longer at revision `at`."""
        if drafts.discard(self.store, at=at) is not None:
            raise VersionConflict("The draft was edited meanwhile, so it was kept. Look at it, then discard it again.")

    def adopt(
        self,
        expected_live_id: str,
        name: str = "",
        note: str = "",
        evidence: Mapping[str, Any] = MappingProxyType({}),
        *,
        at: int | None = None,
        adoption_id: str | None = None,
    ) -> RouterVersion:
        """Make the draft the live version, in every process from its next prompt on, and return that version.

        `expected_live_id` is the live version that the person compared with, and `at` the revision of the draft that
        they saw; `evidence` is what was known then, as JSON values. The same `adoption_id` adopts once. Raises
        VersionConflict when one of them is no longer so, ConfigError without a draft, and like `edit`.
        """
        done = adoption_id and versions.adopted_by(self.store, adoption_id)
        if done:
            return done
        draft = self.current()
        if draft is None:
            raise ConfigError("There is no draft to adopt. Change the router first: a threshold, a pattern, an expert.")
        if at is not None and draft.revision != at:
            raise VersionConflict("The draft was edited meanwhile; look at its diff and adopt again.")
        self.routers.build(draft.config)
        return versions.adopt(
            self.store,
            adoption_id or new_id(),
            draft.config,
            self.routers.encoder(draft.config.encoder).fingerprint,
            expected_live_id=expected_live_id,
            name=name,
            note=note,
            evidence=evidence,
        )

    def rollback(
        self, version_id: str, expected_live_id: str, note: str = "", *, adoption_id: str | None = None
    ) -> RouterVersion:
        """Make a stored version live again, under its number; the draft stays. Raises NotFound, and like `adopt`."""
        self.routers.build(versions.get(self.store, version_id).config)
        return versions.rollback(
            self.store, adoption_id or new_id(), version_id, expected_live_id=expected_live_id, note=note
        )

    def encoder_changed(self) -> str | None:
        """Return a warning where thresholds of the draft (or the live version) were tuned with other vectors, or None.

        A threshold that the draft has changed counts as tuned with the encoder in use here.
        """
        draft = self.current()
        base = self.routers.adopted() if draft is None else draft.base
        config = base.config if draft is None else draft.config
        encoder = self.routers.encoder(config.encoder)
        untuned = _untuned(base.config, config)
        if encoder.fingerprint == base.encoder_fingerprint or not untuned:
            return None
        return (
            f"The thresholds of {', '.join(untuned)} were tuned with other vectors ({base.config.encoder}, "
            f"{base.encoder_fingerprint[:8]}) than those of the encoder here ({encoder.name}, "
            f"{encoder.fingerprint[:8]}). Scores may lie elsewhere now: search thresholds again before you adopt."
        )

    def overridden(self) -> str | None:
        """Return the sentence that says that this process does not use what is adopted, or None where it does."""
        if self.routers.live().version.origin != "override":
            return None
        return (
            f"This process was started with {' '.join(self.routers.overrides)}, and routes so until it is started "
            "without. What is adopted here is live in every other process."
        )

    def _checked(self, before: RouterConfig, config: RouterConfig) -> RouterConfig:
        """Return `config` when it can be built: raises what building would, without encoding anything."""
        if config == before:
            return config
        check_config(config)
        self._check_lengths(before, config)
        for expert in config.experts:
            if expert.provider not in PROVIDERS:
                raise ConfigError(
                    f"The provider of expert {expert.name!r} is {expert.provider!r}; "
                    f"it must be one of {', '.join(PROVIDERS)}."
                )
        if config.encoder != before.encoder:
            self.routers.encoder(config.encoder)
        return config

    def _check_lengths(self, before: RouterConfig, config: RouterConfig) -> None:
        """Refuse texts longer than any prompt, and a k that nobody means. What stood there before may stay."""
        if config.top_k > max(MAX_TOP_K, before.top_k):
            raise ConfigError(f"router.top_k is {config.top_k:,}; it may be {MAX_TOP_K:,} at most. Take a smaller one.")
        most = self.routers.settings.max_prompt_chars
        known = {text for expert in before.experts for text in (*expert.patterns, *expert.utterances)}
        for expert in config.experts:
            for what, texts in (("a pattern", expert.patterns), ("an utterance", expert.utterances)):
                long = next((text for text in texts if len(text) > most and text not in known), None)
                if long is not None:
                    raise ConfigError(
                        f"Expert {expert.name!r} has {what} of {len(long):,} characters; a prompt has at most "
                        f"{most:,}, so nothing would be like it. Shorten it."
                    )


def with_expert(config: RouterConfig, name: str, **changes: Any) -> RouterConfig:
    """Return the configuration with these fields of one expert changed. ConfigError when there is no such expert."""
    if all(expert.name != name for expert in config.experts):
        raise ConfigError(
            f"The draft has no expert {name!r} any more; it was renamed or removed meanwhile. Look at the draft."
        )
    experts = tuple(replace(expert, **changes) if expert.name == name else expert for expert in config.experts)
    return replace(config, experts=experts)


def _flipped(config: RouterConfig, flip: Flip) -> RouterConfig:
    if flip.expert is None:
        return apply_flip(config, flip)
    utterances = next((one.utterances for one in config.experts if one.name == flip.expert), None)
    if utterances is None:
        return with_expert(config, flip.expert)
    there = flip.value in utterances
    if (flip.kind == "remove_utterance" and not there) or (flip.kind == "add_utterance" and there):
        return config
    return apply_flip(config, flip)


def _untuned(base: RouterConfig, config: RouterConfig) -> list[str]:
    """Return the experts with scores whose threshold is still the one of the base."""
    if config.strategy == "keyword":
        return []
    were = {expert.name: base.threshold_of(expert) for expert in base.experts}
    return [
        expert.name
        for expert in config.experts
        if scorable(config, expert) and were.get(expert.name) == config.threshold_of(expert)
    ]
