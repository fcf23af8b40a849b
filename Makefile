# make run    the lab in the browser           make test   unit, property, page and browser tests
# make check  ruff and mypy                    make bench  the ratio tables, against live peers
#                                              PORT=8502 HOST=… ARGS="router=semantic router.threshold=0.85"
PYTHON ?= python3
PORT ?= 8501
HOST ?= 127.0.0.1
ARGS ?=
LAB := .venv/bin/python -m lab

.PHONY: run test check bench
.SILENT:

run:
	$(PYTHON) lab/install.py
	exec $(LAB) app --host $(HOST) --port $(PORT) $(ARGS)

test:
	$(PYTHON) lab/install.py --tests
	.venv/bin/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check:
	$(PYTHON) lab/install.py --tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench:
	$(PYTHON) lab/install.py
	$(PYTHON) lab/install.py --bench
	.venv/bin/python -m tests.bench $(ARGS)
