"""Routing judged by the answers that it gets, where their quality was measured.

Read `quality.py` (of a sample), `value.py` and `score_value.py` (the field's figures), then `routed.py` (of a search).
"""
