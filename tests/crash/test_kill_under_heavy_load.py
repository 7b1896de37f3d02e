"""`kill -9` while Spark runs SQL, mlflow's client logs runs and models, and Terraform applies.

Each takes seconds to get going. So half of the moments are while they start, half a few answers after one of them began
to write, and a random while.
"""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from brickyard_local.provider.install import install
from crash_loads import applies
from crash_loads.account import Crashes
from crash_loads.applies import TerraformApplies
from crash_loads.sql_tables import SqlTables
from crash_loads.tracking import EXPERIMENT, Tracking
from crash_loads.writer import Writer, make

MOMENTS = int(os.environ.get("BRICKYARD_CRASH_MOMENTS", "3"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + 240 * MOMENTS)]

KINDS = {
    "terraform": TerraformApplies,
    "sql_a": SqlTables,
    "tracking": Tracking,
    "sql_b": SqlTables,
}
_PATIENCE_S = 120.0
_ROUNDS = 2


@pytest.fixture
def loaded(crashes: Crashes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crashes:
    """With a warehouse, an experiment, an initialized Terraform folder, and unmodified clients that find them."""
    for name, value in crashes.workspace.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    with crashes.client() as client:
        made = client.post("/api/2.0/sql/warehouses", json={"name": "w", "cluster_size": "2X-Small"})
        experiment = client.post("/api/2.0/mlflow/experiments/create", json={"name": EXPERIMENT})
    SqlTables.warehouse_id = made.raise_for_status().json()["id"]
    Tracking.experiment_id = experiment.raise_for_status().json()["experiment_id"]
    TerraformApplies.folder = _terraform(tmp_path / "terraform", crashes)
    crashes.writers = make(KINDS, crashes.random)
    return crashes


def _terraform(folder: Path, crashes: Crashes) -> applies.Folder:
    folder.mkdir()
    shutil.copy(Path(applies.__file__).with_name("main.tf"), folder)
    cli_config = install(folder / "tools", folder / "cache")
    workspace = crashes.workspace
    made = applies.Folder(path=folder, cli_config=cli_config, host=workspace.host, token=workspace.token)
    said, _ = made.start("init", "-no-color", generation=0).communicate()
    assert (folder / ".terraform.lock.hcl").exists(), said
    return made


def test_sql_tracking_and_terraform_are_as_acknowledged_after_every_kill(loaded: Crashes, crash_seed: int) -> None:
    hit = dict.fromkeys(("start", *KINDS), 0)
    for number in range(MOMENTS):
        writer = loaded.writers[number // 2 % len(KINDS)] if number % 2 == 0 else None
        loaded.crash(number, lambda writer=writer: _moment(loaded, writer))
        hit[writer.name if writer else "start"] += 1
        sys.stdout.write(f"{number + 1} of {MOMENTS}, {len(loaded.wrong)} wrong, hit {hit}\n")
        sys.stdout.flush()
        if len(loaded.wrong) > 20:
            break
    loaded.compare(MOMENTS, everything=True)
    loaded.settle(MOMENTS, _ROUNDS)
    loaded.compare(MOMENTS)
    answered = {each.name: each.answers for each in loaded.writers}
    imported = sum(each.imported for each in loaded.writers if isinstance(each, TerraformApplies))
    said = f"seed {crash_seed}, {MOMENTS} kills {hit}, answered {answered}, imported {imported}"
    sys.stdout.write(f"{said}, slowest start {max(loaded.started_s):.2f} s\n")
    assert not loaded.wrong, f"seed {crash_seed}:\n" + "\n".join(loaded.wrong)
    assert all(answered.values()), f"a writer never wrote: {answered}"


def _moment(loaded: Crashes, writer: Writer | None) -> None:
    """Soon, or once that writer was answered a few times, and a while longer."""
    if writer is None:
        time.sleep(loaded.random.uniform(0.1, 8.0))
        return
    begun, deadline = writer.answers, time.monotonic() + _PATIENCE_S
    wanted = loaded.random.randrange(1, 8)
    while writer.answers < begun + wanted and not writer.faults and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(loaded.random.uniform(0.0, 0.5))
