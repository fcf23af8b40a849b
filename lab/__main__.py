"""`python -m lab`."""

import os

# ONNX Runtime's waiting threads and OpenBLAS's fight over the cores; a decision's products are small
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from lab.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
