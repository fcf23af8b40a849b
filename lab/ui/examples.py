"""Prompts to begin with, one for each thing the router does."""

EXAMPLES = {
    "code": "def mean(xs):\n    return sum(xs) / len(x)\n\nWhy does this raise a NameError?",
    "joke": "tell me a joke about penguins",
    "mixed register": "yo bro can you explain quantum tunnelling no cap",
    "keyword trap": "my first class flight was so lit, best day ever",
    "feelings": "i feel kind of lonely since i moved here",
    "not English": "¿Por qué el cielo es azul?",
    "nobody's": "transfer fifty euros to my savings account",
}
"""Label of the chip: the prompt it routes."""
