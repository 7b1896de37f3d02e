"""The environment variables of a task process: little is inherited, nothing of the server's secrets.

Source: docs.databricks.com/dev-tools/auth/env-vars; mlflow.org/docs/latest/tracking (MLFLOW_TRACKING_URI)
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import brickyard_local
from brickyard_local.child_environment import inherited

# Where packages of notebooks come from; PIP_INDEX_URL may hold a password, so an index is named in pip's own file.
_OF_PIP = ("PIP_CONFIG_FILE", "PIP_CERT", "PIP_FIND_LINKS", "PIP_NO_INDEX")


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The workspace as a task reaches it: a token of the run's own principal."""

    host: str
    token: str


def task_environment(
    parent: Mapping[str, str],
    access: Access,
    *,
    folder: Path,
    scratch: Path,
    path: Sequence[Path],
    configured: Mapping[str, str],
) -> dict[str, str]:
    """Everything that a task process sees. `configured` is the cluster's spark_env_vars.

    What lies in `folder` stays with the run; `scratch` is removed when the task ends.
    """
    runtime = Path(brickyard_local.__file__).parent / "runtime"
    return {
        **inherited(parent, also=_OF_PIP),
        **configured,
        "DATABRICKS_HOST": access.host,
        "DATABRICKS_TOKEN": access.token,
        "MLFLOW_TRACKING_URI": "databricks",
        "MLFLOW_REGISTRY_URI": "databricks-uc",
        "PYTHONPATH": os.pathsep.join(str(entry) for entry in (*path, runtime)),
        "BRICKYARD_TASK_FOLDER": str(folder),
        "BRICKYARD_TASK_SCRATCH": str(scratch),
    }
