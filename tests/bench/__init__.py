"""The benchmark room: `python -m tests.bench [names…]`, run by `make bench`; the names are TABLES in `__main__.py`.

Each table is one module with a TITLE and `rows()`. Figures are medians with their n, ratios are against a baseline
measured in the same run. What is compared with runs in its own process (`peer.py`), taken turn by turn, since the
threads of torch and ONNX Runtime disturb each other and a shared machine is never quiet for long.
"""
