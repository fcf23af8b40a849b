"""Measuring a router on labelled prompts.

Read in this order: `datasets/` takes prompts in and splits them; `evidence.py` asks both layers once a prompt;
`axes.py`, `cells.py` and `sweep.py` search thresholds on it; `goals.py` and `choice.py` choose a setting and say how
sure that is; `compare.py` sets two routers side by side, prompt by prompt.
"""
