"""Layer 1's matcher: all patterns of all experts in one pass over the prompt.

Words and phrases go into one Aho-Corasick automaton, whole-word boundaries are checked on the text; `re:` expressions
go into one RE2 set. Both are linear in the prompt and flat in the number of patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from lab.errors import PatternError
from lab.routing.folding import fold, is_unspaced, joins
from lab.types import Expert, Match

EXPRESSION = "re:"
_RE2_BYTES = 256 << 20  # RE2 fills it only as far as the text makes it; above it, it would miss matches


class PatternMatcher:
    """Finds every match of every pattern. Building it raises PatternError for a pattern that cannot be used."""

    def __init__(self, experts: Sequence[Expert]) -> None:
        import ahocorasick_rs

        words: dict[str, list[tuple[str, str]]] = {}
        self._expressions: list[tuple[str, str, Any]] = []
        for expert in experts:
            for pattern in dict.fromkeys(expert.patterns):
                if pattern.startswith(EXPRESSION):
                    self._expressions.append((expert.name, pattern, _compile(expert.name, pattern)))
                else:
                    words.setdefault(_folded_word(expert.name, pattern), []).append((expert.name, pattern))
        self._owners = list(words.values())
        # left and right: whether a letter may not stand there
        self._edges = [(not is_unspaced(word[0]), not is_unspaced(word[-1])) for word in words]
        self._words = ahocorasick_rs.AhoCorasick(list(words)) if words else None
        self._screen = _Screen([compiled for _, _, compiled in self._expressions])

    def find(self, text: str) -> tuple[Match, ...]:
        """Return all matches, by position."""
        found: list[Match] = []
        if self._words is not None:
            self._find_words(text, found)
        for index in self._screen.matching(text):
            expert, pattern, compiled = self._expressions[index]
            found.extend(Match(expert, pattern, *hit.span()) for hit in compiled.finditer(text) if hit.group())
        if len(found) > 1:
            found.sort(key=lambda match: (match.start, match.end))
        return tuple(found)

    def warm(self, texts: Iterable[str]) -> None:
        """Match some texts of the kind that will come: RE2 builds its automata as it reads."""
        for text in texts:
            self._screen.matching(text)

    def _find_words(self, text: str, found: list[Match]) -> None:
        folded = fold(text)
        hits = self._words.find_matches_as_indexes(folded.text, overlapping=True)  # type: ignore[union-attr]
        for word, start, end in hits:
            left, right = self._edges[word]
            if left and start and joins(folded.text[start - 1]):
                continue
            if right and end < len(folded.text) and joins(folded.text[end]):
                continue
            if folded.cuts(start, end):
                continue
            span = folded.span(start, end)
            found.extend(Match(expert, pattern, *span) for expert, pattern in self._owners[word])


def check_patterns(expert: str, patterns: Iterable[str]) -> None:
    """Raise PatternError for the first pattern that cannot be used."""
    for pattern in patterns:
        if pattern.startswith(EXPRESSION):
            _compile(expert, pattern)
        else:
            _folded_word(expert, pattern)


def _folded_word(expert: str, pattern: str) -> str:
    if not pattern.strip():
        raise PatternError(expert, pattern, "it is empty. Remove it.")
    if any("\ud800" <= character <= "\udfff" or character == "\0" for character in pattern):
        raise PatternError(expert, pattern, "it holds NUL or half a character, which no prompt can hold. Retype it.")
    return fold(pattern.strip()).text


def _options() -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _RE2_BYTES
    return options


def _compile(expert: str, pattern: str) -> Any:
    import re2

    expression = pattern[len(EXPRESSION) :].strip()
    try:
        compiled = re2.compile(expression, _options())
    except (re2.error, UnicodeEncodeError) as err:
        raise PatternError(expert, pattern, f"RE2 says {_reason(err)}.{_hint(expression)}") from err
    if compiled.search("") is not None:
        raise PatternError(expert, pattern, "it matches the empty text, so it would match any prompt. Narrow it.")
    return compiled


def _reason(err: Exception) -> str:
    reason = err.args[0] if err.args else err
    return repr(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason))


def _hint(expression: str) -> str:
    if "(?=" in expression or "(?!" in expression or "(?<" in expression:
        return " RE2 has no look-ahead and no look-behind; list what may stand there instead."
    if any(f"\\{digit}" in expression for digit in "123456789"):
        return " RE2 has no back-references; write the repetition out."
    return " See the RE2 syntax, or write a plain word or phrase."


class _Screen:
    """Tells which expressions match a text, without spans.

    Most expressions need some literal to match; RE2's filter looks for all literals in one pass and then runs the few
    expressions that they leave. Those that need none (shapes made of signs) share one set. Against one set of them all
    this is four times as fast on text that it has not seen, because its automata stay small.
    """

    def __init__(self, compiled: Sequence[Any]) -> None:
        literals = _filter_of(compiled)
        always = set((literals.Match(" ", True) or ()) if literals else ())  # what passes a text without any literal
        self._always = [index for index in range(len(compiled)) if index in always]
        self._by_literal = [index for index in range(len(compiled)) if index not in always]
        self._set = _set_of([compiled[index] for index in self._always])
        self._filter = _filter_of([compiled[index] for index in self._by_literal])

    def matching(self, text: str) -> Iterable[int]:
        """Return the indexes of the expressions that match."""
        encoded = text.encode()
        shapes = (self._set.Match(encoded) or ()) if self._set else ()
        literal = (self._filter.Match(encoded) or ()) if self._filter else ()
        if not shapes and not literal:
            return ()
        return chain((self._always[index] for index in shapes), (self._by_literal[index] for index in literal))


def _set_of(compiled: Sequence[Any]) -> Any:
    import re2

    if not compiled:
        return None
    expressions = re2.Set.SearchSet(_options())
    for expression in compiled:
        expressions.Add(expression.pattern)
    expressions.Compile()
    return expressions


def _filter_of(compiled: Sequence[Any]) -> Any:
    import re2

    if not compiled:
        return None
    expressions = re2.Filter()
    for expression in compiled:
        expressions.Add(expression.pattern, _options())
    expressions.Compile()
    return expressions
