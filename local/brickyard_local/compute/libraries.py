"""Libraries of clusters: what tasks can really be given is INSTALLED, everything else FAILED with the reason.

A wheel of a volume or of the workspace is unpacked and checked; what it or a list of requirements needs, and a PyPI
package, is installed for tasks when the workspace's own environment lacks it.
Source: docs.databricks.com/api/workspace/libraries
Deviation: what is uninstalled is gone at once (Databricks: after a restart), since each task is a process of its own.
"""

import logging
from collections.abc import Sequence
from typing import Any

from brickyard_local.compute.needs import CallerOf, Provide
from brickyard_local.errors import InvalidParameter, LocalWorkspaceError
from brickyard_local.store import Document

Library = dict[str, Any]
_log = logging.getLogger("brickyard_local.compute")

_NAMED_BY = {"pypi": "package", "maven": "coordinates", "cran": "package"}
_KINDS = ("whl", "requirements", "jar", "egg", *_NAMED_BY)


def checked(libraries: Sequence[Library]) -> list[Library]:
    """Each names exactly one library. Errors: InvalidParameter."""
    for library in libraries:
        if len(library) != 1 or next(iter(library)) not in _KINDS:
            raise InvalidParameter(f"A library is exactly one of {', '.join(_KINDS)}; got {library}.")
        kind, value = next(iter(library.items()))
        name = value
        if kind in _NAMED_BY:
            name = value.get(_NAMED_BY[kind]) if isinstance(value, dict) else None
        if not isinstance(name, str) or not name:
            needed = f"an object with '{_NAMED_BY[kind]}'" if kind in _NAMED_BY else "a path"
            raise InvalidParameter(f"The library '{kind}' is {needed}; got {value!r}.")
    return list(libraries)


def pending(library: Library, principal: str, *, of_policy: bool = False) -> Document:
    """A library that is wanted and not looked at yet. `principal` is in whose name its file is read."""
    return {"library": library, "status": "PENDING", "messages": [], "principal": principal, "of_policy": of_policy}


def merged(known: Sequence[Document], wanted: Sequence[Document]) -> list[Document]:
    """The statuses with `wanted` looked at again, each library once."""
    asked = [status["library"] for status in wanted]
    return [status for status in known if status["library"] not in asked] + list(wanted)


def status(entry: Document) -> Document:
    """A library as the API answers it."""
    answer = {"library": entry["library"], "status": entry["status"], "is_library_for_all_clusters": False}
    return answer | ({"messages": entry["messages"]} if entry["messages"] else {})


class Installer:
    """Finds out what tasks can be given, and makes it ready for them."""

    def __init__(self, provide: Provide, caller_of: CallerOf) -> None:
        self._provide = provide
        self._caller_of = caller_of

    def install(self, workspace_id: int, entry: Document) -> Document:
        """The same entry, INSTALLED or FAILED."""
        try:
            self._provide(self._caller_of(workspace_id, entry["principal"]), _dependency(entry["library"]))
        except (LocalWorkspaceError, OSError) as error:
            return {**entry, "status": "FAILED", "messages": [str(error)]}
        except Exception as error:  # noqa: BLE001 - whatever a file holds, its cluster must not wait for ever
            _log.exception("library %s", entry["library"])
            return {**entry, "status": "FAILED", "messages": [f"It cannot be read: {error!r}."]}
        return {**entry, "status": "INSTALLED", "messages": []}


def _dependency(library: Library) -> str:
    """The library as tasks know it. Errors: InvalidParameter for what they cannot be given."""
    kind, value = next(iter(library.items()))
    if kind in {"whl", "requirements"}:
        if not str(value).startswith(("/Volumes/", "/Workspace/")):
            raise InvalidParameter(f"{kind} '{value}' must lie in /Volumes or /Workspace to be read here.")
        return str(value) if kind == "whl" else f"-r {value}"
    if kind == "pypi" and not value.get("repo"):
        return str(value.get("package", ""))
    what = "pypi packages of another repository" if kind == "pypi" else f"{kind} libraries"
    raise InvalidParameter(
        f"The local workspace cannot give {what} to tasks: only wheels and requirements.txt in /Volumes or /Workspace, "
        "and pypi packages from the index that pip is configured with."
    )
