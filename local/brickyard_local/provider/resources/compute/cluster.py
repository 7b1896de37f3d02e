"""databricks_cluster.

Gaps, refused: `cluster_mount_info` and `provider_config`. Fields that the local workspace refuses, it refuses by name.
"""

from typing import Any

from brickyard_local.provider.engine.payload import to_api
from brickyard_local.provider.errors import ApiError, NotEmulated
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.compute import libraries
from brickyard_local.provider.resources.compute.cluster_behaviour import CLUSTER
from brickyard_local.provider.resources.waiting import NotReady, timeout_s
from brickyard_local.provider.wire.values import UNKNOWN, Value

_CLUSTERS = "/api/2.1/clusters"
_TIMEOUT_S = 30 * 60
_NOT_SENT = ("cluster_id", "default_tags", "is_pinned", "library", "state", "url")
_NOT_OF_THE_CLUSTER = frozenset({*CLUSTER.local, "is_pinned", "library"})
_SIZE = frozenset({"autoscale", "num_workers"})
_NOT_EMULATED = ("cluster_mount_info", "provider_config")


class Cluster(Resource):
    """A cluster; making one waits until it runs, unless `no_wait` says otherwise."""

    type_name = "databricks_cluster"
    import_form = "<cluster id>"
    behaviour = CLUSTER

    def create(self, session: Session, planned: State) -> str:
        """The genuine provider never sends the `idempotency_token`: its API client has no such field."""
        return str(session.api.post(f"{_CLUSTERS}/create", _body(session, planned))["cluster_id"])

    def complete(self, session: Session, state: State) -> None:
        """Errors: NotReady when the cluster does not start; it is deleted then."""
        cluster_id = str(state["id"])
        if state.get("is_pinned"):
            session.api.post(f"{_CLUSTERS}/pin", {"cluster_id": cluster_id})
        wanted = _libraries(session, state)
        if state.get("no_wait"):
            return
        try:
            libraries.wait_until_running(session, cluster_id, timeout_s(state, "create", _TIMEOUT_S))
        except NotReady:
            self.delete(session, state)
            raise
        libraries.install(session, cluster_id, wanted)

    def read(self, session: Session, state: State) -> Found | None:
        cluster_id = str(state["id"])
        try:
            cluster = session.api.get(f"{_CLUSTERS}/get", {"cluster_id": cluster_id})
        except ApiError as error:
            if "does not exist" in error.summary:
                return None
            raise
        found = session.found({name: value for name, value in cluster.items() if name != "library"})
        if state.get("library"):
            found["library"] = [_found_library(item) for item in libraries.installed(session, cluster_id)]
        return {
            **found,
            "is_pinned": self._is_pinned(session, cluster_id),
            "url": session.url("#setting/clusters/", cluster_id, "/configuration"),
        }

    def update(self, session: Session, prior: State, planned: State) -> str:
        cluster_id, changed = str(prior["id"]), session.changed(prior, planned)
        if changed - _NOT_OF_THE_CLUSTER:
            self._edit(session, cluster_id, changed - _NOT_OF_THE_CLUSTER, planned)
        if bool(prior.get("is_pinned")) != bool(planned.get("is_pinned")):
            verb = "pin" if planned.get("is_pinned") else "unpin"
            session.api.post(f"{_CLUSTERS}/{verb}", {"cluster_id": cluster_id})
        if "library" in changed:
            self._change_libraries(session, cluster_id, planned)
        return cluster_id

    def delete(self, session: Session, prior: State) -> None:
        body = {"cluster_id": prior["id"]}
        try:
            session.api.post(f"{_CLUSTERS}/permanent-delete", body)
        except ApiError as error:
            if "unpin the cluster first" not in error.summary:
                raise
            session.api.post(f"{_CLUSTERS}/unpin", body)
            session.api.post(f"{_CLUSTERS}/permanent-delete", body)

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        refused = [name for name in _NOT_EMULATED if planned.get(name)]
        if refused:
            raise NotEmulated("argument", f"databricks_cluster.{refused[0]}")
        return planned

    def _edit(self, session: Session, cluster_id: str, changed: frozenset[str], planned: State) -> None:
        """A running cluster which only changes its size is resized: it goes on meanwhile."""
        state = session.api.get(f"{_CLUSTERS}/get", {"cluster_id": cluster_id})["state"]
        body = {**_body(session, planned), "cluster_id": cluster_id}
        if changed <= _SIZE and state == "RUNNING":
            kept = {name: body[name] for name in ("autoscale", "cluster_id", "num_workers") if name in body}
            session.api.post(f"{_CLUSTERS}/resize", kept)
        else:
            session.api.post(f"{_CLUSTERS}/edit", body)

    def _change_libraries(self, session: Session, cluster_id: str, planned: State) -> None:
        """The cluster is started for it, and stopped again when it did not run."""
        wanted = {libraries.representation(item): item for item in _libraries(session, planned)}
        have = {libraries.representation(item): item for item in libraries.installed(session, cluster_id)}
        state = session.api.get(f"{_CLUSTERS}/get", {"cluster_id": cluster_id})["state"]
        libraries.make_run(session, cluster_id)
        libraries.uninstall(session, cluster_id, [item for name, item in have.items() if name not in wanted])
        libraries.install(session, cluster_id, [item for name, item in wanted.items() if name not in have])
        if state == "TERMINATED":
            session.api.post(f"{_CLUSTERS}/delete", {"cluster_id": cluster_id})

    def _is_pinned(self, session: Session, cluster_id: str) -> bool:
        query = {"filter_by.is_pinned": "true", "page_size": "100"}
        pinned = session.api.get(f"{_CLUSTERS}/list", query).get("clusters") or []
        return any(cluster["cluster_id"] == cluster_id for cluster in pinned)


def _body(session: Session, planned: State) -> dict[str, Any]:
    body = {name: value for name, value in session.body(planned).items() if name not in _NOT_SENT}
    if not body.get("instance_pool_id"):
        body.pop("driver_instance_pool_id", None)
    else:
        for name in ("enable_elastic_disk", "node_type_id", "driver_node_type_id"):
            body.pop(name, None)
    if "autoscale" not in body:
        body["num_workers"] = planned.get("num_workers") or 0
    return {**body, **_workload_type(planned)}


def _workload_type(planned: State) -> dict[str, Any]:
    """Both flags are sent, also when they are false."""
    workload = planned.get("workload_type")
    if not workload:
        return {}
    clients = (workload[0].get("clients") or [{}])[0]
    return {"workload_type": {"clients": {name: bool(clients.get(name)) for name in ("jobs", "notebooks")}}}


def _libraries(session: Session, state: State) -> list[dict[str, Any]]:
    items = state.get("library")
    if items is UNKNOWN or not items:
        return []
    block = session.block.blocks["library"].block
    return [to_api(block, session.behaviour, item, "library.") for item in items]


def _found_library(library: dict[str, Any]) -> dict[str, Any]:
    """Single objects as lists of one, as the schema has them."""
    return {name: [value] if isinstance(value, dict) else value for name, value in library.items()}
