"""One exchange: route, answer, record. The only place that does all three; page, command line and bulk work use it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from lab.answers import CANCELLED, Answer
from lab.config import ProviderSettings
from lab.errors import EncoderUnavailable, JobError, NotFound, ProviderError, StoreError, Unstorable
from lab.jobs import JobContext, Jobs
from lab.live import Routers
from lab.messages import Health, Message
from lab.outbox import Outbox
from lab.providers import Choice, LLMProvider, MockProvider, OllamaProvider, OpenAICompatibleProvider, choose
from lab.records import Event, Response, RouterVersion
from lab.store import Store, answers, events, versions
from lab.types import Decision, Expert, Source, Trace, new_id

_HEALTH_S = 5.0
_KEPT = 1_000  # answers and unsaved events held in memory


@dataclass(frozen=True, slots=True)
class Routed:
    """A routed prompt. `unsaved` is the sentence that says why the event is not in the database yet, or None."""

    event: Event
    version: RouterVersion
    unsaved: str | None = None


def providers_of(settings: ProviderSettings) -> dict[str, LLMProvider]:
    """Return the providers by name. Nothing is contacted."""
    first, stall = settings.first_token_timeout_s, settings.stall_timeout_s
    return {
        "ollama": OllamaProvider(
            settings.ollama_url,
            keep_alive=settings.ollama_keep_alive,
            first_token_timeout_s=first,
            stall_timeout_s=stall,
        ),
        "openai": OpenAICompatibleProvider(
            settings.openai_base_url,
            api_key_env=settings.openai_api_key_env,
            first_token_timeout_s=first,
            stall_timeout_s=stall,
        ),
        "mock": MockProvider(delay_s=settings.mock_delay_s),
    }


class Exchange:
    """Routes prompts, asks experts and stores both; one per process, shared by its threads.

    What the database refuses for the moment is kept in `outbox` and written as soon as it can be.
    """

    def __init__(
        self,
        store: Store,
        routers: Routers,
        providers: Mapping[str, LLMProvider],
        jobs: Jobs | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store, self.routers, self.providers, self.jobs = store, routers, dict(providers), jobs
        self.monotonic = monotonic
        self.outbox = Outbox()
        self._lock = threading.Lock()
        self._asked: OrderedDict[str, Answer] = OrderedDict()  # by response id
        self._unsaved: OrderedDict[str, Routed] = OrderedDict()  # by event id
        self._health: dict[str, tuple[float, Health]] = {}

    # ------------------------------------------------------------------------------------------------------- route

    def route(
        self, prompt: str, *, source: Source, event_id: str | None = None, before: Sequence[Message] = ()
    ) -> Routed:
        """Decide a prompt with the live router and store the event; `before` are the turns that came before it.

        A repeated `event_id` returns the first event: a double click routes once. Raises PromptError, ConfigError,
        EncoderUnavailable. A database that refuses does not stop the decision: see `Routed.unsaved`.
        """
        event_id = event_id or new_id()
        try:
            return self.reopen(event_id)
        except StoreError:
            pass  # not there yet, as it should be; a database that cannot be read shows at the write
        router = self.routers.live()
        decision = router.strategy.decide(prompt)
        conversation = (*before, Message("user", prompt))
        return self._record(event_id, source, conversation, decision, router.version, router.encoder.fingerprint)

    def reopen(self, event_id: str) -> Routed:
        """Return an event as it was decided, with the version that decided it. Raises NotFound, StoreError."""
        with self._lock:
            unsaved = self._unsaved.get(event_id)
        if unsaved is not None and len(self.outbox):
            return unsaved
        event = events.get(self.store, event_id)
        return Routed(event, versions.get(self.store, event.router_version_id))

    def explain(self, routed: Routed) -> Trace:
        """Return why it was decided so, by the version that decided it. Raises EncoderUnavailable, ConfigError."""
        live = self.routers.of(routed.version)
        decided_with, here = routed.event.encoder_fingerprint, live.encoder.fingerprint
        if decided_with != here and routed.version.config.strategy != "keyword":
            raise EncoderUnavailable(
                f"It was decided with the vectors of encoder {decided_with[:12]}, and this is {here[:12]}, "
                "which would explain another decision. Set the encoder back to see its evidence."
            )
        return live.strategy.explain(routed.event.decision)

    def _record(
        self,
        event_id: str,
        source: Source,
        conversation: tuple[Message, ...],
        decision: Decision,
        version: RouterVersion,
        fingerprint: str,
    ) -> Routed:
        at = datetime.now(UTC)

        def write() -> Event:
            return events.record(
                self.store,
                event_id,
                source=source,
                conversation=conversation,
                decision=decision,
                router_version_id=version.id,
                encoder_fingerprint=fingerprint,
                created_at=at,
            )

        try:
            return Routed(self.outbox.save(write), version)
        except (NotFound, Unstorable):
            raise
        except StoreError as err:
            event = Event(event_id, 0, at, source, conversation, decision, version.id, fingerprint)
            routed = Routed(event, version, unsaved=str(err))
            with self._lock:
                self._unsaved[event_id] = routed
                while len(self._unsaved) > _KEPT:
                    self._unsaved.popitem(last=False)
            return routed

    # ------------------------------------------------------------------------------------------------------ answer

    def ask(self, routed: Routed, experts: Sequence[str], *, attempt: int = 0) -> list[Answer]:
        """Start the answers of these experts and return them; what was answered in this attempt is not asked again.

        Ollama holds one model at a time on a small machine, so its experts answer one after the other. Raises
        ConfigError for a provider that is not set up.
        """
        started: list[Answer] = []
        asked: list[Answer] = []
        stored = self._stored(routed.event.id)
        for name in experts:
            expert = self.routers.with_settings(routed.version.config.expert(name))
            response_id = str(uuid5(UUID(routed.event.id), f"{name}/{attempt}"))
            if response_id in stored:
                continue
            choice = self.choice(expert)
            with self._lock:
                answer = self._asked.get(response_id)
                if answer is None:
                    answer = Answer(response_id, routed.event, expert, choice)
                    self._asked[response_id] = answer
                    self._forget_old()
                    started.append(answer)
            asked.append(answer)
        queued = [answer for answer in started if answer.choice.provider.name == "ollama"]
        for line in ([queued] if queued else []) + [[answer] for answer in started if answer not in queued]:
            threading.Thread(target=self._run, args=(line,), name=f"answer {line[0].id}", daemon=True).start()
        return asked

    def answer_as(
        self,
        event: Event,
        expert: Expert,
        response_id: str,
        cancelled: threading.Event,
        again: Callable[[ProviderError], bool] = lambda _: False,
    ) -> Response | None:
        """Ask this very expert, whatever the configuration says of its name, in this thread; return what was stored.

        What is stored under the id is returned and not asked for. `again` is told of each fault and says, after as long
        a wait as it sees fit, whether to ask once more; of several tries the last is stored. One that was stopped
        through `cancelled` is None and not stored, so that its id can be asked for later.

        Raises ConfigError for a provider that is not set up, and StoreError: then the outbox holds the answer.
        """
        stored = answers.by_ids(self.store, [response_id])
        if stored:
            return stored[response_id]
        choice = self.chosen(expert)
        while True:
            answer = Answer(response_id, event, expert, choice, cancelled)
            answer.run(lambda response: response)
            response = answer.response
            if response is None or response.error_kind == CANCELLED:
                return None
            if answer.fault is None or not again(answer.fault):
                break
        if answer.fault is not None and cancelled.is_set():
            return None
        return self.outbox.save(lambda: answers.record_response(self.store, response))

    def _stored(self, event_id: str) -> set[str]:
        try:
            return {response.id for response in answers.responses(self.store, event_id)}
        except StoreError:
            return set()  # then what this process remembers has to do

    def asked(self, event_id: str) -> list[Answer]:
        """Return the answers to an event that this process started and still remembers, in their order."""
        with self._lock:
            return [answer for answer in self._asked.values() if answer.event.id == event_id]

    def _run(self, line: list[Answer]) -> None:
        for answer in line:
            answer.run(self._keep)

    def _keep(self, response: Response) -> Response:
        try:
            return self.outbox.save(lambda: answers.record_response(self.store, response))
        except StoreError:
            return response  # the outbox has it, or nobody can

    def _forget_old(self) -> None:
        ended = [key for key, answer in self._asked.items() if answer.state == "ended"]
        for key in ended[: max(0, len(self._asked) - _KEPT)]:
            del self._asked[key]

    # --------------------------------------------------------------------------------------------------- providers

    def choice(self, expert: Expert) -> Choice:
        """Return who would answer for an expert now, and why. Raises ConfigError."""
        return self.chosen(self.routers.with_settings(expert))

    def chosen(self, expert: Expert) -> Choice:
        """Return who would answer now for an expert with the very provider and model that it names; like `choice`."""
        healths = {"ollama": self.health("ollama")} if expert.provider in ("auto", "ollama") else {}
        return choose(expert.provider, expert.model, self.providers, healths)

    def health(self, provider: str) -> Health:
        """Return a provider's health, at most five seconds old."""
        now = self.monotonic()
        with self._lock:
            known = self._health.get(provider)
        if known is None or now - known[0] > _HEALTH_S:
            known = (now, self.providers[provider].health())
            with self._lock:
                self._health[provider] = known
        return known[1]

    def pull(self, model: str) -> str:
        """Start fetching a model to Ollama and return the job's id; one that is being fetched is not fetched twice."""
        if self.jobs is None:
            raise JobError("Pulling a model is long work, and nothing here keeps its progress. Pull it from the pages.")
        ollama = self.providers["ollama"]
        if not isinstance(ollama, OllamaProvider):
            raise JobError(f"Only Ollama pulls models; the provider set up under that name is {ollama.name}.")

        def work(job: JobContext) -> None:
            for step in ollama.pull(model, job.cancelled):
                job.check()
                job.progress(step.done_bytes or 0, step.total_bytes, step.status)
            with self._lock:
                self._health.pop("ollama", None)

        return self.jobs.start("pull", f"Pull {model}", work, key=model)
