"""Can the jobs of a project run? They are there once, whoever signs in may start them, and what they name exists."""

from collections.abc import Iterator
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from brickyard.errors import in_one_line
from brickyard.verify.verdicts import Check, Held

_MAY_START = frozenset({"CAN_MANAGE_RUN", "IS_OWNER", "CAN_MANAGE"})


def jobs_can_run(client: WorkspaceClient, names: list[str]) -> Iterator[Check]:
    """A check for each job."""
    me = client.current_user.me()
    mine = {str(me.user_name), *(str(group.display) for group in me.groups or [])}
    for name in names:
        try:
            yield _check(client, name, mine)
        except DatabricksError as error:
            yield Check(what=f"job {name} can run", held=Held.NO, said=in_one_line(error))


def _check(client: WorkspaceClient, name: str, mine: set[str]) -> Check:
    what = f"job {name} can run"
    found = [job.job_id for job in client.jobs.list(name=name) if job.job_id is not None]
    if len(found) != 1:
        return Check(
            what=what, held=Held.NO, said=f"there are {len(found)} jobs of this name; the project's stack makes one"
        )
    if not _may_start(client, found[0], mine):
        said = f"whoever signs in may not start it; it takes one of {', '.join(sorted(_MAY_START))} on it"
        return Check(what=what, held=Held.NO, said=said)
    settings: Any = client.jobs.get(found[0]).as_dict().get("settings", {})
    missing = sorted(path for path in named_paths(settings) if not _is_there(client, path))
    if missing:
        return Check(what=what, held=Held.NO, said=f"it names what is not there: {', '.join(missing)}")
    return Check(what=what, held=Held.YES, said=f"{len(settings.get('tasks', ()))} tasks")


def _may_start(client: WorkspaceClient, job_id: int, mine: set[str]) -> bool:
    """By a permission of one's own or of a group; an administrator of the workspace holds CAN_MANAGE by a group."""
    answer: Any = client.api_client.do("GET", f"/api/2.0/permissions/jobs/{job_id}")
    for entry in answer.get("access_control_list", []):
        names = {entry.get(key) for key in ("user_name", "group_name", "service_principal_name")}
        levels = {given.get("permission_level") for given in entry.get("all_permissions", [])}
        if names & mine and levels & _MAY_START:
            return True
    return False


def named_paths(settings: Any) -> set[str]:
    """The files of volumes and of the workspace that a job's definition names, wherever it names them.

    >>> sorted(named_paths({"environments": [{"spec": {"dependencies": ["/Volumes/a/b/c/x.whl", "pandas"]}}]}))
    ['/Volumes/a/b/c/x.whl']
    """
    if isinstance(settings, dict):
        return {path for value in settings.values() for path in named_paths(value)}
    if isinstance(settings, list):
        return {path for value in settings for path in named_paths(value)}
    is_file = (
        isinstance(settings, str) and settings.startswith("/Volumes/") and settings.endswith((".whl", ".py", ".jar"))
    )
    is_file = is_file or (isinstance(settings, str) and settings.startswith("/Workspace/") and settings.endswith(".py"))
    return {settings} if is_file else set()


def _is_there(client: WorkspaceClient, path: str) -> bool:
    try:
        if path.startswith("/Volumes/"):
            client.files.get_metadata(path)
        else:
            client.workspace.get_status(path.removeprefix("/Workspace"))
    except DatabricksError:
        return False
    return True
