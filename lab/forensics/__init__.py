"""Measuring a router on labelled prompts.

Read in this order: `datasets/` takes prompts in and splits them; `evidence.py` asks both layers once a prompt;
`sample.py` and `measures.py` say what is right, and what is measured; `grid_search/` searches settings on that evidence
and chooses one; `compare.py` sets two routers side by side, prompt by prompt; `tuning.py` is one whole search. Then,
each on its own: `rules/`, `candidates/`, `calibration/`, `latency/`, `answers/`.
"""
