"""What jobs ask of compute: a cluster for a task, made for it or shared.

Source: docs.databricks.com/jobs/compute; docs.databricks.com/compute/configure (access modes)
"""

from brickyard_local.callers import Caller
from brickyard_local.compute import spec as cluster_spec
from brickyard_local.compute.clusters import ClustersService
from brickyard_local.compute.lifecycle import Lifecycle
from brickyard_local.compute.needs import Attached, Stop
from brickyard_local.compute.policies import PoliciesService
from brickyard_local.errors import InvalidParameter, PermissionDenied
from brickyard_local.store import Document


class ComputeService:
    """Clusters as tasks see them."""

    def __init__(self, clusters: ClustersService, policies: PoliciesService, lifecycle: Lifecycle) -> None:
        self._clusters = clusters
        self._policies = policies
        self._lifecycle = lifecycle

    def job_cluster(self, caller: Caller, spec: Document, *, runs_as: Caller | None = None) -> Document:
        """The spec of a job's own cluster after its policy; `libraries` are the policy's.

        A cluster of one user is for whom the job runs as, `runs_as`, when somebody else saves it.

        Errors: InvalidParameter naming policy, path, value and rule; PermissionDenied without CAN_USE, or without a
        policy and allow-cluster-create; NotFound for the policy; NotEmulated.
        """
        applied, policy = self._policies.applied(caller, cluster_spec.typed(spec), cluster_type="job")
        cluster_spec.check(applied)
        _require_workload(applied, "A new_cluster")
        user = runs_as or caller
        _require_user(user, applied, applied.get("single_user_name") or user.principal)
        return {**applied, "libraries": (policy or {}).get("libraries") or []}

    def attachable(self, caller: Caller, cluster_id: str) -> Document:
        """The spec of a running cluster with its `cluster_id` and the `libraries` that tasks on it must be given.

        A terminated one is started. Errors: InvalidParameter when there is no such cluster or jobs may not run on it,
        PermissionDenied without CAN_ATTACH_TO, for another's single-user cluster, or without CAN_RESTART to start it.
        """
        cluster = self._clusters.get(caller, cluster_id)
        _require_workload(cluster["spec"], f"Cluster {cluster_id}")
        _require_user(caller, cluster["spec"], cluster["spec"].get("single_user_name") or cluster["creator"])
        workspace_id = caller.workspace.workspace_id
        cluster = self._lifecycle.advance(workspace_id, cluster_id)
        if cluster["state"] == "TERMINATED":
            self._clusters.start(caller, cluster_id)
            cluster = self._lifecycle.advance(workspace_id, cluster_id)
        installed = [entry["library"] for entry in cluster["libraries"] if entry["status"] == "INSTALLED"]
        return {**cluster["spec"], "cluster_id": cluster_id, "libraries": installed}

    def attached(self, workspace_id: int, cluster_id: str, stop: Stop) -> Attached:
        """Around a task on the cluster: keeps it from autotermination; `stop` is called when the cluster ends.

        Errors: InvalidState when the cluster does not run.
        """
        return self._lifecycle.attached(workspace_id, cluster_id, stop)


def _require_workload(spec: Document, what: str) -> None:
    if ((spec.get("workload_type") or {}).get("clients") or {}).get("jobs") is False:
        raise InvalidParameter(f"{what} does not take jobs: its workload_type.clients.jobs is false.")


def _require_user(caller: Caller, spec: Document, user: str) -> None:
    if spec.get("data_security_mode") in cluster_spec.SINGLE_USER and user not in caller.principals:
        raise PermissionDenied(f"'{caller.principal}' may not attach to a single-user cluster of '{user}'.")
