"""The environment variables of a task process: little is inherited, nothing of the server's secrets.

Source: docs.databricks.com/dev-tools/auth/env-vars; mlflow.org/docs/latest/tracking (MLFLOW_TRACKING_URI)
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import brickyard_local
from brickyard_local.child_environment import inherited


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The workspace as a task reaches it: a token of the run's own principal."""

    host: str
    token: str


def task_environment(
    parent: Mapping[str, str], access: Access, *, folder: Path, path: Sequence[Path], configured: Mapping[str, str]
) -> dict[str, str]:
    """Everything that a task process sees. `configured` is the cluster's spark_env_vars."""
    runtime = Path(brickyard_local.__file__).parent / "runtime"
    return {
        **inherited(parent),
        **configured,
        "DATABRICKS_HOST": access.host,
        "DATABRICKS_TOKEN": access.token,
        "MLFLOW_TRACKING_URI": "databricks",
        "MLFLOW_REGISTRY_URI": "databricks-uc",
        "PYTHONPATH": os.pathsep.join(str(entry) for entry in (*path, runtime)),
        "BRICKYARD_TASK_FOLDER": str(folder),
    }
