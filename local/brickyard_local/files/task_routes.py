"""Where the files of a volume lie on this machine, for tasks that run on it. Ours: Databricks mounts volumes.

Who may not read, or write, a volume by the Files API is not told.
"""

from pydantic import BaseModel

from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import InvalidParameter
from brickyard_local.paths import split_path
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/local/volumes", tags=["files"])


class VolumeFolder(BaseModel, defer_build=True):
    """A volume, and what a task wants to do there."""

    path: str
    write: bool = False


@router.post("/folder")
def volume_folder(body: VolumeFolder, local: Local, caller: CurrentCaller) -> dict[str, str]:
    """The volume's folder. Errors: NotFound, PermissionDenied, InvalidParameter."""
    names = split_path(body.path)
    if len(names) != 4 or names[0] != "Volumes":
        raise InvalidParameter(f"'{body.path}' is no volume: it is /Volumes/<catalog>/<schema>/<volume>.")
    return {"folder": str(local.files.local_path(caller, body.path, write=body.write).absolute())}
