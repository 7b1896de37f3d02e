"""Budget policies of the account: kept, and checked where serverless work names one. Nothing is billed here.

Whoever makes a policy manages it; who may put work under it holds `roles/budgetPolicy.user` or manages it.
Source: docs.databricks.com/api/account/budgetpolicy (fields and their rules),
docs.databricks.com/aws/en/admin/usage/budget-policies (roles; administrators make policies).
Gaps: `filter_by` and `sort_spec` of lists, `limit_config`: 501. One administrator's role administers everything here,
so that administrators manage all policies, as Databricks' billing administrators do.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from brickyard_local.billing.needs import Roles, WorkspaceIds
from brickyard_local.billing.payloads import BudgetPolicy, CreateBudgetPolicy
from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from brickyard_local.store import Document, Store

COLLECTION = "budgetPolicies"
MANAGER, USER = "roles/budgetPolicy.manager", "roles/budgetPolicy.user"
_KIND = "budget_policies"
_MOST_TAGS = 20
_MOST_REQUEST_ID = 36
_RESERVED_NAME = "databricks:default-policy"
_RESERVED_TAGS = frozenset({"budget-policy-name", "budget-policy-id", "budget-policy-resolution-result"})


class BudgetPolicies:
    """The policies of the account, by their ids."""

    def __init__(self, store: Store, roles: Roles, workspace_ids: WorkspaceIds) -> None:
        self._store = store
        self._roles = roles
        self._workspace_ids = workspace_ids

    def exists(self, policy_id: str) -> bool:
        """Whether there is such a policy; rule sets ask."""
        return self._store.get(_KIND, policy_id) is not None

    def listed(self, caller: Caller) -> list[Document]:
        """Those that the caller manages or may use, by name."""
        seen = [each for each in self._store.all(_KIND) if self._may_use(caller, each["policy_id"])]
        return [_shown(each) for each in sorted(seen, key=lambda each: str(each["policy_name"]))]

    def get(self, caller: Caller, policy_id: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        found = self._existing(policy_id)
        self._require_user(caller, policy_id)
        return _shown(found)

    def create(self, caller: Caller, body: CreateBudgetPolicy) -> Document:
        """Errors: PermissionDenied, InvalidParameter, AlreadyExists."""
        if not caller.is_admin:
            raise PermissionDenied(f"'{caller.principal}' is no administrator: budget policies are theirs to make.")
        if len(body.request_id or "") > _MOST_REQUEST_ID:
            raise InvalidParameter(f"request_id has at most {_MOST_REQUEST_ID} characters.")
        if body.policy.policy_id:
            raise InvalidParameter("policy_id is chosen by the account: leave it out.")
        wanted = self._checked(body.policy)
        with self._store.write():
            again = self._made_by(body.request_id)
            if again is not None:
                return _shown(again)
            self._refuse_taken(wanted["policy_name"], but="")
            policy_id = str(uuid.uuid4())
            document: Document = {**wanted, "policy_id": policy_id, "request_id": body.request_id or ""}
            return _shown(self._store.put(_KIND, policy_id, document))

    def update(self, caller: Caller, policy_id: str, body: BudgetPolicy) -> Document:
        """Replace the whole policy. Errors: NotFound, PermissionDenied, InvalidParameter, AlreadyExists."""
        wanted = self._checked(body)
        with self._store.write():
            known = self._managed(caller, policy_id)
            self._refuse_taken(wanted["policy_name"], but=policy_id)
            kept = {name: known[name] for name in ("policy_id", "request_id")}
            return _shown(self._store.put(_KIND, policy_id, {**wanted, **kept}))

    def delete(self, caller: Caller, policy_id: str) -> None:
        """Work that names it keeps the id. Errors: NotFound, PermissionDenied."""
        with self._store.write():
            self._managed(caller, policy_id)
            self._store.delete(_KIND, policy_id)
            self._roles.forget(COLLECTION, policy_id)

    def require_usable(self, caller: Caller, policy_id: str) -> None:
        """Errors: InvalidParameter for one that is not there or bound elsewhere, PermissionDenied."""
        found = self._store.get(_KIND, policy_id)
        bound = found["binding_workspace_ids"] if found else []
        if found is None or (bound and caller.workspace.workspace_id not in bound):
            raise InvalidParameter(
                f"budget_policy_id '{policy_id}' is no budget policy of this account that this workspace may use."
            )
        self._require_user(caller, policy_id)

    def _require_user(self, caller: Caller, policy_id: str) -> None:
        if not self._may_use(caller, policy_id):
            raise PermissionDenied(
                f"'{caller.principal}' may not use budget policy {policy_id}: it needs {USER} on it, or {MANAGER}."
            )

    def _may_use(self, caller: Caller, policy_id: str) -> bool:
        return any(self._roles.holds(caller, policy_id, role, COLLECTION) for role in (USER, MANAGER))

    def _managed(self, caller: Caller, policy_id: str) -> Document:
        found = self._existing(policy_id)
        if not self._roles.holds(caller, policy_id, MANAGER, COLLECTION):
            raise PermissionDenied(
                f"'{caller.principal}' may not change budget policy {policy_id}: it needs {MANAGER} on it, or to be "
                "an administrator."
            )
        return found

    def _existing(self, policy_id: str) -> Document:
        found = self._store.get(_KIND, policy_id)
        if found is None:
            raise NotFound(f"Budget policy {policy_id} does not exist.")
        return found

    def _made_by(self, request_id: str | None) -> Document | None:
        known = self._store.all(_KIND) if request_id else []
        return next((each for each in known if each["request_id"] == request_id), None)

    def _refuse_taken(self, name: str, *, but: str) -> None:
        if any(each["policy_name"] == name and each["policy_id"] != but for each in self._store.all(_KIND)):
            raise AlreadyExists(f"A budget policy is called '{name}' already.")

    def _checked(self, body: BudgetPolicy) -> dict[str, Any]:
        name = body.policy_name or ""
        if not name or name.startswith(_RESERVED_NAME) or not _is_latin_1(name):
            raise InvalidParameter(
                f"policy_name '{name}' must be given, in characters of ISO 8859-1, and may not begin with "
                f"'{_RESERVED_NAME}'."
            )
        unknown = sorted(set(body.binding_workspace_ids) - self._workspace_ids())
        if unknown:
            raise InvalidParameter(f"binding_workspace_ids names {unknown}, which are no workspaces of this account.")
        tags = [tag.model_dump(exclude_none=True) for tag in body.custom_tags]
        _check_tags(tags)
        return {"policy_name": name, "custom_tags": tags, "binding_workspace_ids": body.binding_workspace_ids}


def _check_tags(tags: list[dict[str, str]]) -> None:
    keys = [tag["key"] for tag in tags]
    if len(keys) > _MOST_TAGS or len(set(keys)) != len(keys):
        raise InvalidParameter(f"custom_tags are at most {_MOST_TAGS}, each key once; got {keys}.")
    reserved = sorted(_RESERVED_TAGS.intersection(keys))
    if reserved or "" in keys:
        raise InvalidParameter(f"custom_tags may not name {', '.join(reserved) or 'an empty key'}.")


def _is_latin_1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _shown(document: Mapping[str, Any]) -> Document:
    """Empty lists are left out, as the platform's answers do."""
    return {name: value for name, value in document.items() if name != "request_id" and value not in ([], "")}
