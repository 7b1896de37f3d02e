"""Routes of /api/2.x/clusters and /api/2.0/libraries. HTTP only.

Source: docs.databricks.com/api/workspace/{clusters,libraries}
Gaps: change-owner; instance profiles, global init scripts, the command execution API.
"""

from typing import Annotated

from fastapi import Body, Query, Request

from brickyard_local.callers import CurrentCaller
from brickyard_local.compute import answers, catalogue, events, libraries, policy_routes, pool_routes
from brickyard_local.compute.payloads import (
    ClusterId,
    GetEvents,
    Libraries,
    ListClusters,
    ResizeCluster,
    RestartCluster,
    UpdateCluster,
)
from brickyard_local.errors import MalformedRequest
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(tags=["compute"])
_clusters = LazyRouter()
_libraries = LazyRouter(prefix="/api/2.0/libraries")
_LARGEST_PAGE = 100


@_clusters.post("/create")
def create(body: Annotated[Document, Body()], caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_PARAMETER_VALUE, PERMISSION_DENIED, RESOURCE_DOES_NOT_EXIST (policy), NOT_IMPLEMENTED."""
    return {"cluster_id": local.compute.clusters.create(caller, body)}


@_clusters.post("/edit")
def edit(body: Annotated[Document, Body()], caller: CurrentCaller, local: Local) -> Document:
    """Errors: as create, INVALID_STATE."""
    fields = dict(body)
    cluster_id = fields.pop("cluster_id", None)
    if not isinstance(cluster_id, str):
        raise MalformedRequest(f"clusters/edit needs the cluster_id as text; got {cluster_id!r}.")
    local.compute.clusters.edit(caller, cluster_id, fields)
    return {}


@_clusters.post("/update")
def update(body: UpdateCluster, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as edit."""
    local.compute.clusters.update(caller, body)
    return {}


@_clusters.post("/resize")
def resize(body: ResizeCluster, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as edit."""
    local.compute.clusters.resize(caller, body)
    return {}


@_clusters.post("/start")
def start(body: ClusterId, caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    local.compute.clusters.start(caller, body.cluster_id)
    return {}


@_clusters.post("/restart")
def restart(body: RestartCluster, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as start."""
    local.compute.clusters.restart(caller, body.cluster_id)
    return {}


@_clusters.post("/delete")
def terminate(body: ClusterId, caller: CurrentCaller, local: Local) -> Document:
    """Terminate. Errors: INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    local.compute.clusters.terminate(caller, body.cluster_id)
    return {}


@_clusters.post("/permanent-delete")
def permanent_delete(body: ClusterId, caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_STATE when pinned, as delete."""
    local.compute.clusters.delete_permanently(caller, body.cluster_id)
    return {}


@_clusters.post("/pin")
def pin(body: ClusterId, caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    local.compute.clusters.pin(caller, body.cluster_id, pinned=True)
    return {}


@_clusters.post("/unpin")
def unpin(body: ClusterId, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as pin."""
    local.compute.clusters.pin(caller, body.cluster_id, pinned=False)
    return {}


@_clusters.get("/get")
def get(cluster_id: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_PARAMETER_VALUE when there is no such cluster, PERMISSION_DENIED."""
    return answers.details(local.compute.clusters.get(caller, cluster_id))


@_clusters.get("/list")
def list_clusters(
    request: Request, asked: Annotated[ListClusters, Query()], caller: CurrentCaller, local: Local
) -> Document:
    """Clusters that the caller may attach to; 2.0 answers all at once."""
    found = answers.chosen(local.compute.clusters.listed(caller), asked)
    size = None if request.url.path.startswith("/api/2.0/") else min(asked.page_size, _LARGEST_PAGE)
    shown, following = page(found, lambda cluster: str(cluster["cluster_id"]), size, asked.page_token)
    answer: Document = {"clusters": [answers.details(cluster) for cluster in shown]} if shown else {}
    return answer | ({"next_page_token": following} if following else {})


@_clusters.post("/events")
def list_events(body: GetEvents, caller: CurrentCaller, local: Local) -> Document:
    """Newest first unless asked otherwise. Errors: as get."""
    return events.answer(local.compute.clusters.events(caller, body.cluster_id), body)


@_clusters.get("/spark-versions")
def spark_versions(_caller: CurrentCaller) -> Document:
    """Runtime versions that clusters may name."""
    return {"versions": catalogue.spark_versions()}


@_clusters.get("/list-node-types")
def list_node_types(_caller: CurrentCaller) -> Document:
    """Node types that a search can find."""
    return {"node_types": catalogue.node_types()}


@_clusters.get("/list-zones")
def list_zones(_caller: CurrentCaller) -> Document:
    """This machine is the only zone."""
    return {"zones": [catalogue.ZONE], "default_zone": catalogue.ZONE}


@_libraries.post("/install")
def install(body: Libraries, caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_PARAMETER_VALUE, PERMISSION_DENIED without CAN_MANAGE."""
    local.compute.clusters.install(caller, body.cluster_id, body.libraries)
    return {}


@_libraries.post("/uninstall")
def uninstall(body: Libraries, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as install."""
    local.compute.clusters.uninstall(caller, body.cluster_id, body.libraries)
    return {}


@_libraries.get("/cluster-status")
def cluster_status(cluster_id: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_PARAMETER_VALUE when there is no such cluster, PERMISSION_DENIED."""
    return _statuses(local.compute.clusters.get(caller, cluster_id))


@_libraries.get("/all-cluster-statuses")
def all_cluster_statuses(caller: CurrentCaller, local: Local) -> Document:
    """Of all clusters that the caller may attach to."""
    return {"statuses": [_statuses(cluster) for cluster in local.compute.clusters.listed(caller)]}


def _statuses(cluster: Document) -> Document:
    found = [libraries.status(entry) for entry in cluster["libraries"]]
    return {"cluster_id": cluster["cluster_id"], **({"library_statuses": found} if found else {})}


for _version in ("2.0", "2.1"):
    router.include_router(_clusters, prefix=f"/api/{_version}/clusters")
router.include_router(_libraries)
router.include_router(policy_routes.router)
router.include_router(pool_routes.router)
