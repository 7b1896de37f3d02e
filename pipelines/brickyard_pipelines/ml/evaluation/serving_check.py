"""Would an endpoint load this version, answer as here, and within its budgets? Tried in a process of its own.

What is checked is said: files as registered, Python of this environment, only the modules that the requirements bring
(at the versions that they name) and the model's own code, no variables and no credentials of ours.
Gaps: the platform builds its own image from an index; that the index has the requirements is not seen here.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brickyard_pipelines.ml.evaluation.verdict import Condition

_WITHIN_S = 600
_CLOSE = 1e-6
_CHILD = Path(__file__).with_name("serving_child.py")
# Where Python's libraries and scratch files are; no address, no token, no project of ours.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "SYSTEMROOT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What the process found: the conditions on it, and what it took, by the names of the budgets."""

    conditions: tuple[Condition, ...]
    costs: Mapping[str, float]


def try_out(folder: Path, rows: pd.DataFrame, expected: NDArray[np.float64], *, within_s: float = _WITHIN_S) -> Served:
    """Load the model's folder afresh and ask it for `rows`, whose answers here are `expected`."""
    with tempfile.TemporaryDirectory(prefix="serving-check-") as scratch:
        request, answer = Path(scratch) / "request.json", Path(scratch) / "answer.json"
        request.write_text(as_request(rows))
        variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        quiet = {"HOME": scratch, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": f"file://{scratch}/runs"}
        argv = [sys.executable, "-I", str(_CHILD), str(folder), str(request), str(answer)]
        try:
            done = subprocess.run(
                argv,
                env={**variables, **quiet},
                cwd=scratch,
                capture_output=True,
                text=True,
                timeout=within_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return judged({"error": f"it did not answer within {within_s:g} s"}, expected)
        if not answer.exists():
            return judged({"error": f"its process ended with {done.returncode}: {done.stderr[-500:]}"}, expected)
        return judged(json.loads(answer.read_text()), expected)


def as_request(rows: pd.DataFrame) -> str:
    """The rows as an endpoint is asked with, every number as it is.

    Not by pandas: it rounds to 15 decimals, and a mean that lies on a split then goes to the tree's other side.

    >>> as_request(pd.DataFrame({"a": [0.1 + 0.2, None], "b": ["x", None]}))
    '{"columns": ["a", "b"], "data": [[0.30000000000000004, "x"], [null, null]]}'
    """
    data = [[None if pd.isna(value) else value for value in row] for row in rows.astype(object).to_numpy().tolist()]
    return json.dumps({"columns": list(rows.columns), "data": data}, default=str)


def judged(found: Mapping[str, Any], expected: NDArray[np.float64]) -> Served:
    """The conditions on what a process found. Pure.

    >>> [item.said for item in judged({"error": "MemoryError: "}, np.array([])).conditions if not item.passed]
    ['MemoryError: ', 'no answer']
    """
    error, wrong = found.get("error"), found.get("wrong_versions", [])
    shown = f"in {found['load_s']:.1f} s, {found.get('distributions', 0)} distributions" if "load_s" in found else ""
    missing = (
        f"; here, and not of the model's requirements: {', '.join(found['refused'])}"
        if error and found.get("refused")
        else ""
    )
    loads = Condition(
        name="loads in a fresh process",
        passed=error is None,
        said=f"{error}{missing}" if error else shown,
        needed="with nothing but its requirements and its own code",
    )
    versions = Condition(
        name="requirements",
        passed=not wrong,
        said="; ".join(wrong) or "as installed",
        needed="the versions that the model names",
    )
    costs = {name: float(found[name]) for name in ("latency_ms_p95", "model_mb", "load_s") if name in found}
    return Served(conditions=(loads, versions, _same(found.get("answers"), expected)), costs=costs)


def _same(answers: Any, expected: NDArray[np.float64]) -> Condition:
    got = np.asarray([] if answers is None else answers, dtype=float)
    if len(got) == 0 or got.shape != expected.shape:
        said = "no answer" if len(got) == 0 else f"{len(got)} answers for {len(expected)} rows"
        return Condition(name="answers as here", passed=False, said=said, needed="the same answers")
    apart = float(np.abs(got - expected).max())
    return Condition(
        name="answers as here",
        passed=bool(apart <= _CLOSE),  # false for NaN
        said=f"{len(got)} rows, at most {apart:.1g} apart",
        needed=f"at most {_CLOSE:g} apart",
    )
