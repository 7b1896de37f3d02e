"""The data there is: Unity Catalog, registered models, the workspace's tree, MLflow, and one tree of files."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.catalog.compose import UnityCatalog, compose_catalog
from brickyard_local.catalog.kinds import ModelSecurables
from brickyard_local.catalog.securables import TABLE
from brickyard_local.composition.people import People
from brickyard_local.files.mounts import artifacts_mount, models_mount, volumes_mount, workspace_mount
from brickyard_local.files.service import FilesService
from brickyard_local.models.service import ModelsService
from brickyard_local.tracking.service import TrackingService
from brickyard_local.workspace.compose import compose_workspace
from brickyard_local.workspace.service import WorkspaceService


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """What jobs, endpoints and statements work on."""

    files: FilesService
    workspace: WorkspaceService
    tracking: TrackingService
    unity: UnityCatalog
    models: ModelsService

    def watched_folder(self, caller: Caller, path: str) -> Path:
        """A folder of a volume or of an external location, for a principal who may read it. Errors: ApiError."""
        if path.startswith("/"):
            return self.files.local_path(caller, path, write=False)
        readable = self.unity.paths.credential(caller, path, "PATH_READ")
        return Path(unquote(readable["url"].removeprefix("file://")))

    def table_folder(self, caller: Caller, full_name: str) -> Path:
        """Where a table lies, for a principal who may read it. Errors: NotFound, PermissionDenied."""
        reached = self.unity.catalog.reach(caller, TABLE, full_name, "SELECT")
        return self.unity.tables.folder(reached[-1].document)


def compose_data(home: Home, people: People) -> Data:
    """Build the services and mount their files."""
    store, permissions = people.store, people.permissions
    files = FilesService(home.files)
    files.mount("WorkspaceInternal", artifacts_mount(permissions, home.files))
    workspace = compose_workspace(store, home.files, permissions, people.identity)
    files.mount("Workspace", workspace_mount(workspace))
    tracking = TrackingService(store, home, permissions, workspace, files)
    workspace.when_experiment_deleted(tracking.experiment_deleted)
    unity = compose_catalog(store, people.account, home, people.identity, people.callers)
    catalog = unity.catalog
    people.identity.when_name_changed(catalog.principal_changed)
    files.mount("Volumes", volumes_mount(catalog), catalog.storage.change)
    models = ModelsService(store, ModelSecurables(catalog))
    files.mount("Models", models_mount(models), catalog.storage.change)
    return Data(files=files, workspace=workspace, tracking=tracking, unity=unity, models=models)
