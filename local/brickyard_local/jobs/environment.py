"""The environment variables of a task process: little is inherited, nothing of the server's secrets.

Source: docs.databricks.com/dev-tools/auth/env-vars; mlflow.org/docs/latest/tracking (MLFLOW_TRACKING_URI)
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import brickyard_local

_INHERITED = frozenset(
    {
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TMPDIR",
        "TZ",
        "USER",
        "LOGNAME",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    }
)
_LOOPBACK = "127.0.0.1,localhost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The workspace as a task reaches it: a token of the run's own principal."""

    host: str
    token: str


def inherited(parent: Mapping[str, str]) -> dict[str, str]:
    """What a child may keep of the server's environment; loopback is never sent to a proxy."""
    kept = {name: value for name, value in parent.items() if name.upper() in _INHERITED}
    no_proxy = parent.get("NO_PROXY") or parent.get("no_proxy")
    local = f"{no_proxy},{_LOOPBACK}" if no_proxy else _LOOPBACK
    return kept | {"NO_PROXY": local, "no_proxy": local, "PYTHONUNBUFFERED": "1"}


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
