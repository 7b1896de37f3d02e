"""`kill -9` while Spark runs SQL, mlflow's client logs runs and models, and Terraform applies.

Each takes seconds to get going. So some of the moments are while they start, the others a few answers after one of them
began to write, and a random while.
"""

import os
import sys
import threading
import time
from collections import Counter

import pytest

from crash_loads.account import Crashes
from crash_loads.applies import Folder, TerraformApplies
from crash_loads.sql_tables import SqlTables
from crash_loads.tracking import EXPERIMENT, Tracking
from crash_loads.writer import Writer, make

MOMENTS = int(os.environ.get("BRICKYARD_CRASH_MOMENTS", "2"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800 + 240 * MOMENTS)]

OUTLIVING = {"terraform": TerraformApplies, "tracking": Tracking}
ENDING = {"sql_a": SqlTables, "sql_b": SqlTables}
# Whom a kill waits for; the others come while everything starts. Spark takes as long to start as five other kills.
_TURNS = ("sql_a", "tracking", "", "", "", "terraform", "", "", "sql_b", "", "tracking", "", "", "terraform", "", "")
_PATIENCE_S = 500.0


@pytest.fixture
def loaded(crashes: Crashes, applied_folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Crashes:
    """With a warehouse, an experiment, and unmodified clients that find them."""
    for name, value in crashes.workspace.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    with crashes.client() as client:
        made = client.post("/api/2.0/sql/warehouses", json={"name": "w", "cluster_size": "2X-Small"})
        experiment = client.post("/api/2.0/mlflow/experiments/create", json={"name": EXPERIMENT})
    SqlTables.warehouse_id = made.raise_for_status().json()["id"]
    Tracking.experiment_id = experiment.raise_for_status().json()["experiment_id"]
    TerraformApplies.folder = applied_folder
    crashes.writers = make(ENDING, crashes.random)
    crashes.outliving = make(OUTLIVING, crashes.random)
    return crashes


def test_sql_tracking_and_terraform_are_as_acknowledged_after_every_kill(loaded: Crashes, crash_seed: int) -> None:
    writers = {each.name: each for each in (*loaded.writers, *loaded.outliving)}
    hit: Counter[str] = Counter()
    with loaded.carried_on():
        for number in range(MOMENTS):
            turn = _TURNS[number % len(_TURNS)]
            loaded.crash(number, lambda turn=turn: _moment(loaded, writers.get(turn)))
            hit[turn or "start"] += 1
            answers = {name: each.answers for name, each in writers.items()}
            _tell(f"{number + 1} of {MOMENTS}, {len(loaded.wrong)} wrong, hit {dict(hit)}, answered {answers}")
            if len(loaded.wrong) > 20:
                break
    loaded.compare(MOMENTS, everything=True)
    loaded.settle(MOMENTS)
    loaded.compare(MOMENTS)
    answered = {name: each.answers for name, each in writers.items()}
    imported = sum(each.imported for each in loaded.outliving if isinstance(each, TerraformApplies))
    _tell(f"seed {crash_seed}, {MOMENTS} kills {dict(hit)}, answered {answered}, imported {imported}")
    _tell(f"slowest start {max(loaded.started_s):.2f} s")
    assert not loaded.wrong, f"seed {crash_seed}:\n" + "\n".join(loaded.wrong)
    assert all(answered.values()), f"a writer never wrote: {answered}"


def _moment(loaded: Crashes, writer: Writer | None) -> None:
    """Soon, or once that writer was answered a few times, and a while longer."""
    if writer is None:
        time.sleep(loaded.random.uniform(0.1, 6.0))
        return
    begun, deadline = writer.answers, time.monotonic() + _PATIENCE_S
    _wait(writer, begun + 1, deadline, loaded.life.held if writer in loaded.writers else None)
    _wait(writer, begun + loaded.random.randrange(1, 8), deadline, None)
    time.sleep(loaded.random.uniform(0.0, 0.5))


def _wait(writer: Writer, wanted: int, deadline: float, held: threading.Event | None) -> None:
    """Until it was answered so often. While Spark starts, who outlives the server is held: it would take minutes."""
    if held:
        held.set()
    while writer.answers < wanted and not writer.faults and time.monotonic() < deadline:
        time.sleep(0.005)
    if held:
        held.clear()


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
