"""The LLM Router Lab: route prompts, see why, and turn judgement into training data.

Data flows one way: routing -> providers -> store, joined by `lab.exchange`. Start reading at `lab/types.py`
(what the rooms hand to each other), then `lab/routing/hybrid.py` (the decision).
"""

__version__ = "0.1.0"
