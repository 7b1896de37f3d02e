"""The rules of clusters: who may do what with them, in which state.

Source: docs.databricks.com/api/workspace/clusters; docs.databricks.com/security/auth/access-control (clusters)
Gaps: change-owner; clusters that were terminated long ago stay until they are deleted permanently.
"""

from collections.abc import Callable
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.compute import spec as cluster_spec
from brickyard_local.compute.libraries import checked, merged, pending
from brickyard_local.compute.lifecycle import Lifecycle
from brickyard_local.compute.needs import Clock, Permissions
from brickyard_local.compute.payloads import ResizeCluster, UpdateCluster
from brickyard_local.compute.policies import PoliciesService
from brickyard_local.compute.records import ACTIVE, Records, new_cluster_id
from brickyard_local.errors import InvalidParameter, InvalidState, PermissionDenied
from brickyard_local.store import Document

OBJECT_TYPE = "clusters"
_MAX_PINNED = 100


class ClustersService:
    """Clusters of all workspaces."""

    def __init__(
        self,
        records: Records,
        lifecycle: Lifecycle,
        *,
        policies: PoliciesService,
        permissions: Permissions,
        clock: Clock,
    ) -> None:
        self._records = records
        self._lifecycle = lifecycle
        self._policies = policies
        self._permissions = permissions
        self._clock = clock

    def create(self, caller: Caller, body: Document) -> str:
        """A new cluster on its way to RUNNING. Errors: PermissionDenied, InvalidParameter, NotEmulated."""
        requested, spec, policy = self._configured(caller, body)
        workspace_id = caller.workspace.workspace_id
        cluster: Document = {
            "cluster_id": new_cluster_id(),
            "requested": requested,
            "spec": spec,
            "creator": caller.principal,
            "pinned": False,
            "libraries": _of_policy(policy, caller.principal),
        }
        with self._records.store.write():
            self._policies.refuse_beyond_limit(caller, policy, caller.principal, cluster["cluster_id"])
            self._lifecycle.enter(workspace_id, cluster, "PENDING", "CREATING", user=caller.principal, **_size(spec))
            self._permissions.own(caller, OBJECT_TYPE, cluster["cluster_id"])
        self._lifecycle.wake()
        return str(cluster["cluster_id"])

    def get(self, caller: Caller, cluster_id: str, level: str = "CAN_ATTACH_TO") -> Document:
        """Errors: InvalidParameter when there is no such cluster, PermissionDenied."""
        cluster = self._records.cluster(caller.workspace.workspace_id, cluster_id)
        self._permissions.require(caller, OBJECT_TYPE, cluster_id, level)
        return cluster

    def listed(self, caller: Caller) -> list[Document]:
        """Clusters that the caller may attach to, oldest first."""
        reached = self._permissions.reached(caller, OBJECT_TYPE, "CAN_ATTACH_TO")
        known = self._records.clusters(caller.workspace.workspace_id)
        return [cluster for cluster in known if reached is None or cluster["cluster_id"] in reached]

    def events(self, caller: Caller, cluster_id: str) -> list[Document]:
        """Oldest first. Errors: as `get`."""
        self.get(caller, cluster_id)
        return self._records.events(caller.workspace.workspace_id, cluster_id)

    def edit(self, caller: Caller, cluster_id: str, body: Document) -> None:
        """Replace the configuration; a running cluster restarts with it. Errors: as `create`, InvalidState."""
        self._reconfigure(caller, cluster_id, lambda _known: body)

    def update(self, caller: Caller, body: UpdateCluster) -> None:
        """Replace the fields that the mask names, remove those it names that are not given. Errors: as `edit`."""
        self._reconfigure(caller, body.cluster_id, lambda known: _masked(known, body.cluster, body.update_mask))

    def resize(self, caller: Caller, body: ResizeCluster) -> None:
        """Another number of workers; nothing restarts. Errors: as `edit`."""
        size = body.model_dump(exclude_none=True, exclude={"cluster_id"})
        if len(size) != 1:
            raise InvalidParameter(f"Exactly 1 of num_workers or autoscale must be specified; got {sorted(size)}.")
        while True:
            known = self.get(caller, body.cluster_id, "CAN_MANAGE")
            sized = {**known["requested"], "num_workers": None, "autoscale": None, **size}
            requested, spec, _ = self._configured(caller, sized)
            workspace_id = caller.workspace.workspace_id
            with self._records.store.write():
                cluster = self._in_state(workspace_id, body.cluster_id, ("RUNNING",))
                if cluster["requested"] != known["requested"]:
                    continue
                self._records.put(workspace_id, {**cluster, "requested": requested, "spec": spec})
                self._tell(caller, cluster, "RESIZING", **_size(spec))
                return

    def start(self, caller: Caller, cluster_id: str) -> None:
        """Nothing happens unless it is TERMINATED, as on Databricks. Errors: PermissionDenied without CAN_RESTART."""
        self.get(caller, cluster_id, "CAN_RESTART")
        workspace_id = caller.workspace.workspace_id
        with self._records.store.write():
            cluster = self._records.cluster(workspace_id, cluster_id)
            if cluster["state"] != "TERMINATED":
                return
            policy_id = cluster["spec"].get("policy_id") or ""
            policy = self._policies.known(workspace_id, policy_id)
            self._policies.refuse_beyond_limit(caller, policy, cluster["creator"], cluster_id)
            self._lifecycle.enter(workspace_id, cluster, "PENDING", "STARTING", user=caller.principal)
        self._lifecycle.wake()

    def restart(self, caller: Caller, cluster_id: str) -> None:
        """Stop its tasks and look at its libraries again; nothing happens unless it is RUNNING. Errors: as `start`."""
        self.get(caller, cluster_id, "CAN_RESTART")
        workspace_id = caller.workspace.workspace_id
        with self._records.store.write():
            cluster = self._records.cluster(workspace_id, cluster_id)
            if cluster["state"] != "RUNNING":
                return
            self._lifecycle.enter(workspace_id, cluster, "RESTARTING", "RESTARTING", user=caller.principal)
        self._lifecycle.wake()

    def terminate(self, caller: Caller, cluster_id: str) -> None:
        """Stop its tasks; the configuration stays. Errors: InvalidParameter, PermissionDenied without CAN_RESTART."""
        self.get(caller, cluster_id, "CAN_RESTART")
        self._terminate(caller, cluster_id)
        self._lifecycle.wake()

    def delete_permanently(self, caller: Caller, cluster_id: str) -> None:
        """Terminate and forget. Errors: InvalidState when it is pinned, as `terminate`."""
        if self.get(caller, cluster_id, "CAN_MANAGE")["pinned"]:
            raise InvalidState(f"Cluster {cluster_id} is pinned; unpin the cluster first.")
        workspace_id = caller.workspace.workspace_id
        self._terminate(caller, cluster_id)
        self._lifecycle.advance(workspace_id, cluster_id)
        with self._records.store.write():
            self._records.forget(workspace_id, cluster_id)
            self._permissions.forget(workspace_id, OBJECT_TYPE, cluster_id)

    def pin(self, caller: Caller, cluster_id: str, *, pinned: bool) -> None:
        """Administrators pin what must stay. Errors: PermissionDenied, InvalidParameter beyond 100."""
        workspace_id = caller.workspace.workspace_id
        with self._records.store.write():
            cluster = self.get(caller, cluster_id)
            if not caller.is_admin:
                raise PermissionDenied(f"'{caller.principal}' is no administrator: only they pin clusters.")
            if cluster["pinned"] is pinned:
                return
            if pinned and sum(known["pinned"] for known in self._records.clusters(workspace_id)) >= _MAX_PINNED:
                raise InvalidParameter(f"{_MAX_PINNED} clusters are pinned, which is the limit: unpin one first.")
            self._records.put(workspace_id, {**cluster, "pinned": pinned})
            self._tell(caller, cluster, "PINNED" if pinned else "UNPINNED")

    def install(self, caller: Caller, cluster_id: str, libraries: list[dict[str, Any]]) -> None:
        """Add libraries; on a running cluster they are looked at now, else when it starts. Errors: as `get`."""
        wanted = [pending(library, caller.principal) for library in checked(libraries)]
        workspace_id = caller.workspace.workspace_id
        with self._records.store.write():
            cluster = self.get(caller, cluster_id, "CAN_MANAGE")
            self._records.put(workspace_id, {**cluster, "libraries": merged(cluster["libraries"], wanted)})
        self._lifecycle.wake()

    def uninstall(self, caller: Caller, cluster_id: str, libraries: list[dict[str, Any]]) -> None:
        """Remove libraries. Errors: as `get`."""
        gone = checked(libraries)
        with self._records.store.write():
            cluster = self.get(caller, cluster_id, "CAN_MANAGE")
            left = [entry for entry in cluster["libraries"] if entry["library"] not in gone]
            self._records.put(caller.workspace.workspace_id, {**cluster, "libraries": left})

    def _configured(self, caller: Caller, body: Document) -> tuple[Document, Document, Document | None]:
        requested = cluster_spec.typed(body)
        spec, policy = self._policies.applied(caller, requested, cluster_type="all-purpose")
        cluster_spec.check(spec)
        requested.pop("apply_policy_default_values", None)
        return requested, spec, policy

    def _reconfigure(self, caller: Caller, cluster_id: str, change: Callable[[Document], Document]) -> None:
        """As often as somebody else's change comes between: none that was answered is lost."""
        while not self._reconfigured(caller, self.get(caller, cluster_id, "CAN_MANAGE"), change):
            pass
        self._lifecycle.wake()

    def _reconfigured(self, caller: Caller, known: Document, change: Callable[[Document], Document]) -> bool:
        requested, spec, policy = self._configured(caller, change(known["requested"]))
        workspace_id = caller.workspace.workspace_id
        with self._records.store.write():
            cluster = self._in_state(workspace_id, known["cluster_id"], ("RUNNING", "TERMINATED"))
            if cluster["requested"] != known["requested"]:
                return False
            own = [entry for entry in cluster["libraries"] if not entry["of_policy"]]
            libraries = merged(own, _of_policy(policy, cluster["creator"]))
            edited = {**cluster, "requested": requested, "spec": spec, "libraries": libraries}
            self._records.put(workspace_id, edited)
            self._tell(caller, cluster, "EDITED", **_size(spec))
            if cluster["state"] == "RUNNING":
                self._lifecycle.enter(workspace_id, edited, "RESTARTING", "RESTARTING", user=caller.principal)
        return True

    def _terminate(self, caller: Caller, cluster_id: str) -> None:
        reason = {"code": "USER_REQUEST", "type": "SUCCESS", "parameters": {"username": caller.principal}}
        workspace_id = caller.workspace.workspace_id
        with self._records.store.write():
            cluster = self._records.cluster(workspace_id, cluster_id)
            if cluster["state"] in ACTIVE:
                self._lifecycle.terminate(workspace_id, cluster, reason, user=caller.principal)

    def _in_state(self, workspace_id: int, cluster_id: str, states: tuple[str, ...]) -> Document:
        cluster = self._records.cluster(workspace_id, cluster_id)
        if cluster["state"] not in states:
            raise InvalidState(
                f"Cluster {cluster_id} is in unexpected state {cluster['state'].capitalize()}; this needs "
                f"{' or '.join(states)}."
            )
        return cluster

    def _tell(self, caller: Caller, cluster: Document, event: str, **details: Any) -> None:
        workspace_id, cluster_id = caller.workspace.workspace_id, cluster["cluster_id"]
        self._records.tell(workspace_id, cluster_id, event, self._clock(), user=caller.principal, **details)


def _of_policy(policy: Document | None, principal: str) -> list[Document]:
    return [pending(library, principal, of_policy=True) for library in (policy or {}).get("libraries") or []]


def _size(spec: Document) -> Document:
    return {"cluster_size": {name: spec[name] for name in ("num_workers", "autoscale") if spec.get(name) is not None}}


def _masked(known: Document, given: Document, mask: str) -> Document:
    changed = dict(known)
    names = [name.strip() for name in mask.split(",") if name.strip()]
    if not names:
        raise InvalidParameter("update_mask names no field; it is a list such as 'num_workers,custom_tags'.")
    for name in names:
        if "." in name or name == "*":
            raise InvalidParameter(f"update_mask '{name}': name whole fields, such as 'autoscale'.")
        if given.get(name) is None:
            changed.pop(name, None)
        else:
            changed[name] = given[name]
    lost = sorted(set(given) - set(names))
    if lost:
        raise InvalidParameter(f"The cluster has {', '.join(lost)}, which update_mask '{mask}' does not name.")
    return changed
