"""An expert that needs no server: for a first run without Ollama, and for tests. It never pretends to know anything."""

import re
import threading
import zlib
from collections.abc import Iterator, Mapping
from time import perf_counter_ns

from lab.errors import EmptyAnswer
from lab.messages import AnswerRequest, Chunk, Completion, Health, Model

ECHO_CHARS = 120

# The words of a system prompt that give a character away; the character with more of them speaks.
SIGNS = {
    "professor": re.compile(r"\b(professor|teacher|tutor|scholar|technical|scientific|reasoning|formulae?|rigorous)\b"),
    "zoomer": re.compile(r"\b(zoomer|gen[ -]z|friend|twenties|chat|jokes?|slang|casual|cheer|vibes?)\b"),
}

VOICES = {
    "professor": (
        "A note first: this is the mock, standing in for {model}. You asked: “{echo}” The method would be to name what "
        "is given, to say what is assumed, to derive the result step by step and to check its units. The result itself "
        "I cannot supply, since a mock knows nothing.",
        "Let us be precise. I am the mock, not {model}, and I hold no knowledge. Your question reads: “{echo}” A "
        "proper answer would define its terms, give the result, then its derivation. Please put it to a real model.",
        "Strictly speaking, I am only the mock of {model}. The matter before us is: “{echo}” First one would state the "
        "answer, second justify it, third name its limits. I can show the form of that argument, and nothing of its "
        "content.",
    ),
    "zoomer": (
        "Hey! Full honesty, I'm just the mock, {model} isn't here right now. You said: “{echo}” I hear you, I just "
        "don't have a real brain to answer with yet. Get a real model running and let's talk properly!",
        "Okay so, mock here, filling in for {model}. I read “{echo}” and I'm listening, promise. No actual thoughts in "
        "this head though, just good intentions. Start a real model and we'll do this right.",
        "Hi there! Not gonna lie, this is the mock and not {model}. Got your message: “{echo}” That's about all I can "
        "do, repeat it back and be nice about it. The real one will have more to say!",
    ),
    "": (
        "This is the mock, standing in for {model}. It was asked: “{echo}” It knows nothing and only repeats what it "
        "was asked, so that everything around an answer can be tried without a model.",
        "No model wrote this: the mock answers for {model}. The prompt was: “{echo}” Start a real model for an answer.",
    ),
}


def without_model(text: str, cover: str) -> str:
    """Return words of the mock with `cover` in the place of the model that it stands in for; other text as it is.

    An answer that was cut before the echo is covered to its end where the model's name may not be whole.
    """
    for voice in (voice for voices in VOICES.values() for voice in voices):
        before, after = voice.split("{model}")
        if text.startswith(before):
            after = after.split("{echo}")[0]
            end = text.find(after, len(before))
            return before + cover + (text[end:] if end >= 0 else "")
    return text


class MockProvider:
    """Answers word by word, the same way every time: `replies` by prompt, and anything else in the expert's character.

    The character is read off the system prompt. Each word takes `delay_s` seconds. Tokens are counted in words, and
    `max_tokens` cuts the answer after that many, with the finish reason "length".
    """

    name = "mock"

    def __init__(self, replies: Mapping[str, str] | None = None, delay_s: float = 0.02) -> None:
        self.replies = replies
        self.delay_s = delay_s

    def stream(self, request: AnswerRequest, cancelled: threading.Event | None = None) -> Iterator[Chunk | Completion]:
        """Yield an answer word by word, then its Completion. Raises EmptyAnswer for a reply without text."""
        started = perf_counter_ns()
        words = re.findall(r"\s*\S+\s*", self._reply(request))
        if not words:
            raise EmptyAnswer("The mock was given an empty reply for this prompt. Give it one with text.")
        limit = request.options.get("max_tokens")
        kept = words[:limit] if isinstance(limit, int) and limit > 0 else words
        pause = cancelled or threading.Event()
        first_ns = None
        for word in kept:
            if pause.wait(self.delay_s):
                return
            first_ns = first_ns or perf_counter_ns()
            yield Chunk(word)
        yield Completion(
            provider=self.name,
            model=self.name,  # its figures are no model's
            finish_reason="length" if len(kept) < len(words) else "stop",
            prompt_tokens=sum(len(message.content.split()) for message in request.messages),
            completion_tokens=len(kept),
            load_ms=None,
            first_token_ms=((first_ns or started) - started) / 1e6,
            total_ms=(perf_counter_ns() - started) / 1e6,
        )

    def health(self) -> Health:
        """Say that the mock can always answer."""
        return Health(ok=True, detail="The mock answers without a model. It knows nothing.")

    def models(self) -> tuple[Model, ...]:
        """Return nothing: the mock stands in for any model and has none."""
        return ()

    def _reply(self, request: AnswerRequest) -> str:
        prompt = next((message.content for message in reversed(request.messages) if message.role == "user"), "")
        if self.replies is not None and prompt in self.replies:
            return self.replies[prompt]
        voices = VOICES[_character(request)]
        # Not hash(), which differs from process to process.
        seed = zlib.crc32(f"{request.model}\0{prompt}".encode("utf-8", "replace"))
        echo = " ".join(prompt.split())
        echo = echo if len(echo) <= ECHO_CHARS else echo[:ECHO_CHARS].rstrip() + "…"
        return voices[seed % len(voices)].format(model=request.model or "no model", echo=echo)


def _character(request: AnswerRequest) -> str:
    """Return the character that the system prompt describes; empty for none, or for two at once."""
    told = " ".join(message.content for message in request.messages if message.role == "system").lower()
    signs = {character: len(pattern.findall(told)) for character, pattern in SIGNS.items()}
    character = max(signs, key=lambda name: signs[name])
    return character if list(signs.values()).count(signs[character]) == 1 else ""
