"""Cluster policies of a workspace, and clusters held against them.

Source: docs.databricks.com/api/workspace/clusterpolicies; docs.databricks.com/admin/clusters/policies
Gaps: policy families and their overrides, compliance reports.
"""

import secrets

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.compute import enforcement
from brickyard_local.compute.definition import parse
from brickyard_local.compute.libraries import checked
from brickyard_local.compute.needs import Entitlements, Permissions
from brickyard_local.compute.payloads import EditPolicy, PolicyFields
from brickyard_local.compute.records import ACTIVE, POLICIES, Records
from brickyard_local.errors import ApiError, InvalidParameter, NotEmulated, NotFound, PermissionDenied
from brickyard_local.store import Document

OBJECT_TYPE = "cluster-policies"
_FREELY = "allow-cluster-create"


class PoliciesService:
    """Policies of all workspaces. Administrators make them; CAN_USE lets others make clusters under them."""

    def __init__(self, records: Records, permissions: Permissions, entitlements: Entitlements) -> None:
        self._records = records
        self._store = records.store
        self._permissions = permissions
        self._entitlements = entitlements

    def exists(self, workspace_id: int, policy_id: str) -> bool:
        """Whether there is such a policy; the permissions service asks."""
        return self._store.get(POLICIES, policy_id, scope=workspace_id) is not None

    def create(self, caller: Caller, body: PolicyFields) -> str:
        """Errors: PermissionDenied, InvalidParameter, NotEmulated."""
        policy_id = secrets.token_hex(8).upper()
        made = {"policy_id": policy_id, "creator_user_name": caller.principal, "created_at_timestamp": now_ms()}
        with self._store.write():
            self._keep(caller, body, {**made, "is_default": False})
        return policy_id

    def edit(self, caller: Caller, body: EditPolicy) -> None:
        """Replace all fields; clusters that exist stay as they are until they are edited. Errors: as `create`."""
        with self._store.write():
            known = self._find(caller, body.policy_id)
            kept = ("policy_id", "creator_user_name", "created_at_timestamp", "is_default")
            self._keep(caller, body, {name: known[name] for name in kept})

    def delete(self, caller: Caller, policy_id: str) -> None:
        """Clusters of the policy go on, and cannot be edited while they name it. Errors: PermissionDenied, NotFound."""
        _only_admins(caller)
        workspace_id = caller.workspace.workspace_id
        with self._store.write():
            self._find(caller, policy_id)
            self._store.delete(POLICIES, policy_id, scope=workspace_id)
            self._permissions.forget(workspace_id, OBJECT_TYPE, policy_id)

    def get(self, caller: Caller, policy_id: str) -> Document:
        """Errors: NotFound, PermissionDenied without CAN_USE."""
        policy = self._find(caller, policy_id)
        self._permissions.require(caller, OBJECT_TYPE, policy_id, "CAN_USE")
        return policy

    def known(self, workspace_id: int, policy_id: str) -> Document | None:
        """A policy, whoever asks; None when it is gone."""
        return self._store.get(POLICIES, policy_id, scope=workspace_id)

    def listed(self, caller: Caller, column: str, *, descending: bool) -> list[Document]:
        """Policies that the caller may use, by name or by the time of their making."""
        known = self._store.all(POLICIES, scope=caller.workspace.workspace_id)
        reached = self._permissions.reached(caller, OBJECT_TYPE, "CAN_USE")
        usable = [p for p in known if reached is None or p["policy_id"] in reached]
        by_name = column == "POLICY_NAME"
        return sorted(usable, key=lambda p: p["name"] if by_name else p["created_at_timestamp"], reverse=descending)

    def applied(self, caller: Caller, spec: Document, *, cluster_type: str) -> tuple[Document, Document | None]:
        """The spec with what its policy fills in, and the policy.

        Errors: PermissionDenied without CAN_USE, or without a policy and the entitlement to do without; NotFound;
        InvalidParameter naming every rule that is broken.
        """
        spec = dict(spec)
        defaults = bool(spec.pop("apply_policy_default_values", False))
        policy_id = spec.get("policy_id")
        if not policy_id:
            if not caller.is_admin and _FREELY not in self._entitlements(caller):
                raise PermissionDenied(
                    f"'{caller.principal}' may not create clusters freely: it needs the entitlement "
                    f"{_FREELY}, or a policy_id on which it has CAN_USE."
                )
            return spec, None
        policy = self.get(caller, policy_id)
        result = enforcement.applied(parse(policy["definition"]), spec, cluster_type=cluster_type, defaults=defaults)
        if result.violations:
            raise InvalidParameter(
                f"Cluster validation error: policy '{policy['name']}' ({policy_id}): {'; '.join(result.violations)}."
            )
        return result.spec, policy

    def refuse_beyond_limit(self, caller: Caller, policy: Document | None, creator: str, cluster_id: str) -> None:
        """Errors: ApiError when the creator has as many active clusters of the policy as it allows."""
        limit = (policy or {}).get("max_clusters_per_user")
        if policy is None or not limit:
            return
        active = [
            cluster
            for cluster in self._records.clusters(caller.workspace.workspace_id)
            if cluster["spec"].get("policy_id") == policy["policy_id"]
            and cluster["creator"] == creator
            and cluster["state"] in ACTIVE
            and cluster["cluster_id"] != cluster_id
        ]
        if len(active) >= limit:
            raise ApiError(
                f"'{creator}' has {len(active)} active clusters of policy '{policy['name']}'; its "
                f"max_clusters_per_user is {limit}. Terminate one first.",
                error_code="QUOTA_EXCEEDED",
                status=400,
            )

    def _find(self, caller: Caller, policy_id: str) -> Document:
        found = self._store.get(POLICIES, policy_id, scope=caller.workspace.workspace_id)
        if found is None:
            raise NotFound(f"Policy {policy_id} does not exist.")
        return found

    def _keep(self, caller: Caller, body: PolicyFields, facts: Document) -> None:
        _only_admins(caller)
        _check(body)
        workspace_id = caller.workspace.workspace_id
        others = self._store.all(POLICIES, scope=workspace_id)
        if any(p["name"] == body.name and p["policy_id"] != facts["policy_id"] for p in others):
            raise InvalidParameter(f"Policy with name '{body.name}' already exists; names are unique.")
        sent = body.model_dump(exclude_none=True, exclude={"policy_id"})
        self._store.put(POLICIES, facts["policy_id"], {**sent, **facts}, scope=workspace_id)


def _check(body: PolicyFields) -> None:
    if body.policy_family_id or body.policy_family_definition_overrides:
        raise NotEmulated("policy families (policy_family_id); write their rules into 'definition'")
    if not body.definition:
        raise InvalidParameter("A policy needs a definition; one without any rule is '{}'.")
    parse(body.definition)
    checked(body.libraries or [])
    if body.max_clusters_per_user is not None and body.max_clusters_per_user <= 0:
        raise InvalidParameter(
            f"max_clusters_per_user must be greater than 0; got {body.max_clusters_per_user}. Leave it out for no "
            "limit."
        )


def _only_admins(caller: Caller) -> None:
    if not caller.is_admin:
        raise PermissionDenied(f"'{caller.principal}' is no administrator: only they change cluster policies.")
