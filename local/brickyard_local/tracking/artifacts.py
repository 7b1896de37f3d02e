"""Where the artifacts of a run or a logged model lie in the file tree. Pure: no I/O.

Source: mlflow/store/artifact/databricks_run_artifact_repo.py and databricks_logged_model_artifact_repo.py: clients map
`dbfs:/databricks/mlflow-tracking/<experiment>/…` to `/WorkspaceInternal/Mlflow/Artifacts/<experiment>/Runs/…`, and
what is below its `logged_models` to `…/<experiment>/LoggedModels/…`.
"""

from brickyard_local.errors import InvalidParameter
from brickyard_local.paths import split_path

ROOT = "dbfs:/databricks/mlflow-tracking"
LOGGED_MODELS = "logged_models"


def files_path(artifact_uri: str, path: str = "") -> str:
    """The path in the Files API.

    >>> files_path("dbfs:/databricks/mlflow-tracking/7/abc/artifacts", "plots")
    '/WorkspaceInternal/Mlflow/Artifacts/7/Runs/abc/artifacts/plots'
    >>> files_path("dbfs:/databricks/mlflow-tracking/7/logged_models/m-1/artifacts")
    '/WorkspaceInternal/Mlflow/Artifacts/7/LoggedModels/m-1/artifacts'
    """
    below = f"/{path}" if path else ""
    if artifact_uri.startswith(ROOT + "/"):
        experiment, *rest = split_path(artifact_uri.removeprefix(ROOT))
        below_models = rest[:1] == [LOGGED_MODELS]
        kind, rest = ("LoggedModels", rest[1:]) if below_models else ("Runs", rest)
        return "/".join(["/WorkspaceInternal/Mlflow/Artifacts", experiment, kind, *rest]) + below
    return artifact_uri.removeprefix("dbfs:") + below


def check_location(location: str) -> str:
    """An artifact location that clients can reach through this workspace. Errors: InvalidParameter."""
    if location.startswith(("dbfs:/Volumes/", ROOT + "/")):
        split_path(location)
        return location
    raise InvalidParameter(
        f"artifact_location '{location}' cannot be reached through this workspace: leave it out, or name a folder "
        "of a volume, dbfs:/Volumes/<catalog>/<schema>/<volume>/<folder>."
    )
