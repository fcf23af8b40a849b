"""Every error the lab raises on purpose. The message is the sentence a person reads: what, which value, what to do.

LabError
├── ConfigError            a setting, an expert or an override that cannot work
│   └── PatternError       a pattern that cannot be compiled
├── PromptError            a prompt that cannot be routed
├── DatasetError           a file that holds no dataset, or a dataset that cannot be used so
├── SearchError            a threshold search that cannot be done: its axes, its goal, its rows
├── DuelError              a duel, or a batch of them, that cannot be made
├── ExportError            a dataset that cannot be exported as asked: its votes, its format, its folder
├── AccessRefused          a name, PIN or link that lets nobody in
├── EncoderUnavailable     the weights cannot be loaded
├── ProviderError          an expert did not answer as it should; `kind` names the fault in stored rows
│   ├── ProviderUnavailable    refused connection, unknown host
│   ├── ProviderTimeout        no first token, or a stall in mid-stream
│   ├── ModelNotFound          the server does not have the model
│   ├── AccessDenied           401 or 403
│   ├── RateLimited            429
│   ├── ServerFault            5xx, or an error inside the stream
│   ├── BrokenStream           half a line, or a connection cut before the end
│   ├── EmptyAnswer            the stream ended well and held nothing
│   └── AnswerTooLong          more text than the lab keeps of one answer
├── StoreError             the database cannot be read or written
│   ├── DatabaseTooNew     written by a newer lab
│   ├── DatabaseTooOld     needs `python -m lab db upgrade` first
│   ├── Unstorable         a value that no database can hold
│   ├── NotFound           an id that no row has
│   ├── KeepingError       a backup, a restore or a deletion that cannot be done as it was asked for
│   ├── DuelGone           the duel was deleted meanwhile
│   ├── VersionConflict    the live router, or the draft, is not the one that was looked at
│   └── DatasetOutOfReach  the file of a stored dataset cannot be read or written
└── JobError               long work that cannot be started or found
"""


class LabError(Exception):
    """Base of all errors that a person can do something about."""


class ConfigError(LabError):
    """A setting, an expert or an override that cannot work."""


class PatternError(ConfigError):
    """A pattern that cannot be compiled; names the expert, the pattern and the reason."""

    def __init__(self, expert: str, pattern: str, reason: str) -> None:
        super().__init__(f"Expert {expert!r} has the pattern {pattern!r}, which cannot be used: {reason}")
        self.expert, self.pattern, self.reason = expert, pattern, reason


class PromptError(LabError):
    """A prompt that cannot be routed: empty, over-long, or not valid Unicode text."""


class DatasetError(LabError):
    """A file that holds no dataset, or a dataset that cannot be used as asked."""


class SearchError(LabError):
    """A threshold search that cannot be done as asked: its axes, its goal or its rows."""


class DuelError(LabError):
    """A duel that cannot be made: of an answer that failed, or of what was asked for in bulk."""


class ExportError(LabError):
    """A dataset that cannot be exported as asked: nothing to export, a folder that is taken, a format that is none."""


class AccessRefused(LabError):
    """A name, PIN or link that lets nobody in."""


class EncoderUnavailable(LabError):
    """The weights of an encoder cannot be loaded."""


class ProviderError(LabError):
    """An expert did not answer as it should. `partial` keeps the text that came before the fault."""

    kind = "provider"

    def __init__(self, message: str, *, partial: str = "") -> None:
        super().__init__(message)
        self.partial = partial


class ProviderUnavailable(ProviderError):
    """Nobody listens at the address, or the host name is unknown."""

    kind = "unavailable"


class ProviderTimeout(ProviderError):
    """The first token did not come in time, or the stream stalled."""

    kind = "timeout"


class ModelNotFound(ProviderError):
    """The server answers but does not have the model."""

    kind = "model_not_found"


class AccessDenied(ProviderError):
    """The server refuses the key."""

    kind = "access_denied"


class RateLimited(ProviderError):
    """The server asks to wait; `retry_after_s` is the wait it named, or None."""

    kind = "rate_limited"

    def __init__(self, message: str, *, retry_after_s: float | None = None, partial: str = "") -> None:
        super().__init__(message, partial=partial)
        self.retry_after_s = retry_after_s


class ServerFault(ProviderError):
    """The server failed by its own account."""

    kind = "server_fault"


class BrokenStream(ProviderError):
    """The stream ended before the model said that it had finished."""

    kind = "broken_stream"


class EmptyAnswer(ProviderError):
    """The stream ended well and held no text."""

    kind = "empty_answer"


class AnswerTooLong(ProviderError):
    """The answer passed the size that the lab keeps; what came before is kept."""

    kind = "too_long"


class StoreError(LabError):
    """The database cannot be read or written."""


class DatabaseTooNew(StoreError):
    """The database was written by a newer lab."""


class DatabaseTooOld(StoreError):
    """The database must be upgraded by hand before this lab can use it."""


class Unstorable(StoreError):
    """A value that no database can hold; waiting does not help."""


class NotFound(StoreError):
    """No row has this id."""


class KeepingError(StoreError):
    """A backup, a restore or a deletion that cannot be done as it was asked for: the file, the place, the words."""


class DuelGone(StoreError):
    """The duel was deleted since it was shown; nothing was stored."""


class VersionConflict(StoreError):
    """Another router went live, or the draft was changed, since the person looked; nothing was stored."""


class DatasetOutOfReach(StoreError):
    """The file of a stored dataset is missing or damaged, or its folder cannot be written."""


class JobError(LabError):
    """Long work that cannot be started, found or resumed."""
