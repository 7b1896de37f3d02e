"""Libraries of clusters: how they are told apart, installed, and waited for."""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.errors import ProviderError
from brickyard_local.provider.resource import Session
from brickyard_local.provider.resources.waiting import wait_for

_LIBRARIES = "/api/2.0/libraries"
_CLUSTERS = "/api/2.1/clusters"
_TIMEOUT_S = 30 * 60
Library = Mapping[str, Any]


class LibraryFailed(ProviderError):
    """Raised when a library cannot be installed."""


def representation(library: Library) -> str:
    """What the genuine provider knows a library by.

    >>> representation({"pypi": {"package": "numpy"}}), representation({"whl": "/Volumes/a.whl"})
    ('pypi:numpy', 'whl:/Volumes/a.whl')
    """
    for kind in ("whl", "jar"):
        if library.get(kind):
            return f"{kind}:{library[kind]}"
    pypi, maven, cran = (library.get(kind) or {} for kind in ("pypi", "maven", "cran"))
    if pypi.get("package"):
        return f"pypi:{pypi.get('repo') or ''}{pypi['package']}"
    if maven.get("coordinates"):
        exclusions = "".join(maven.get("exclusions") or [])
        return f"mvn:{maven.get('repo') or ''}{maven['coordinates']}{exclusions}"
    if library.get("egg"):
        return f"egg:{library['egg']}"
    return f"cran:{cran.get('repo') or ''}{cran['package']}" if cran.get("package") else "unknown"


def installed(session: Session, cluster_id: str) -> list[dict[str, Any]]:
    """The libraries of a cluster."""
    return [status["library"] for status in _statuses(session, cluster_id)]


def install(session: Session, cluster_id: str, libraries: list[dict[str, Any]]) -> None:
    """Install, and wait. Errors: LibraryFailed."""
    if not libraries:
        return
    session.api.post(f"{_LIBRARIES}/install", {"cluster_id": cluster_id, "libraries": libraries})
    wait_until_installed(session, cluster_id)


def uninstall(session: Session, cluster_id: str, libraries: list[dict[str, Any]]) -> None:
    """Take libraries away; none is no call."""
    if libraries:
        session.api.post(f"{_LIBRARIES}/uninstall", {"cluster_id": cluster_id, "libraries": libraries})


def wait_until_installed(session: Session, cluster_id: str) -> None:
    """Until no library is on its way. Errors: LibraryFailed naming each that cannot be installed."""

    def look() -> str:
        statuses = _statuses(session, cluster_id)
        failed = [
            f"{representation(status['library'])} failed: {', '.join(status.get('messages') or [])}"
            for status in statuses
            if status["status"] == "FAILED"
        ]
        if failed:
            raise LibraryFailed("A library cannot be installed", "\n".join(failed))
        waiting = [s for s in statuses if s["status"] not in ("INSTALLED", "SKIPPED", "UNINSTALL_ON_RESTART")]
        return "waiting" if waiting else "done"

    wait_for(f"The libraries of {cluster_id}", look, ready="done", failed=(), timeout_s=_TIMEOUT_S)


def make_run(session: Session, cluster_id: str, timeout_s: float = _TIMEOUT_S) -> None:
    """Start a cluster unless it runs, and wait. Errors: NotReady."""
    state = _state(session, cluster_id)
    if state == "RUNNING":
        return
    if state not in ("PENDING", "RESIZING", "RESTARTING"):
        session.api.post(f"{_CLUSTERS}/start", {"cluster_id": cluster_id})
    wait_until_running(session, cluster_id, timeout_s)


def wait_until_running(session: Session, cluster_id: str, timeout_s: float) -> None:
    """Errors: NotReady when the cluster ends instead."""
    wait_for(
        f"The cluster {cluster_id}",
        lambda: _state(session, cluster_id),
        ready="RUNNING",
        failed=("ERROR", "TERMINATED"),
        timeout_s=timeout_s,
    )


def _state(session: Session, cluster_id: str) -> str:
    return str(session.api.get(f"{_CLUSTERS}/get", {"cluster_id": cluster_id})["state"])


def _statuses(session: Session, cluster_id: str) -> list[dict[str, Any]]:
    answer = session.api.get(f"{_LIBRARIES}/cluster-status", {"cluster_id": cluster_id})
    found: list[dict[str, Any]] = answer.get("library_statuses") or []
    return found
