"""Rule sets of service principals: who may use one (run jobs as it) and who manages it.

Source: docs.databricks.com/aws/en/security/auth/access-control/service-principal-acl (roles; a manager is not a
user); docs.databricks.com/api/workspace/accountaccesscontrolproxy. Gaps: rule sets of the account, groups, tag
policies and budget policies: 501.
"""

import re
import uuid
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound, PermissionDenied, ResourceConflict
from brickyard_local.store import Document, Store

USER, MANAGER = "roles/servicePrincipal.user", "roles/servicePrincipal.manager"
_KIND = "rule_sets"
_NAME = re.compile(r"^accounts/([^/]+)/(?:(\w+)/([^/]+)/)?ruleSets/default$")
_RESOURCE = re.compile(r"^accounts/([^/]+)(?:/(\w+)/([^/]+))?$")
_FIELDS = {"users": "user_name", "groups": "group_name", "servicePrincipals": "service_principal_name"}

PrincipalField = Callable[[str], str | None]


class GrantRule(BaseModel, defer_build=True):
    """A role and who has it."""

    model_config = ConfigDict(extra="forbid")

    role: str
    principals: list[str] = []


class RuleSet(BaseModel, defer_build=True):
    """The rules that are to hold; `etag` is of the version that they replace."""

    model_config = ConfigDict(extra="forbid")

    name: str
    etag: str
    grant_rules: list[GrantRule] = []


class UpdateRuleSet(BaseModel, defer_build=True):
    """The body of PUT."""

    model_config = ConfigDict(extra="forbid")

    name: str
    rule_set: RuleSet


class RuleSets:
    """One rule set per service principal; administrators hold both roles on each."""

    def __init__(self, store: Store, principal_field: PrincipalField) -> None:
        self._store = store
        self._principal_field = principal_field

    def assignable_roles(self, resource: str) -> list[str]:
        """Errors: NotFound, NotEmulated, InvalidParameter."""
        self._application_id(_RESOURCE, resource)
        return [MANAGER, USER]

    def get(self, caller: Caller, name: str) -> Document:
        """Errors: PermissionDenied, and as `assignable_roles`."""
        application_id = self._application_id(_NAME, name)
        self._require_manager(caller, application_id)
        return _shown(name, self._of(application_id))

    def update(self, caller: Caller, body: UpdateRuleSet) -> Document:
        """Replace the rules. Errors: ResourceConflict for a stale etag, InvalidParameter, and as `get`."""
        if body.name != body.rule_set.name:
            raise InvalidParameter(f"`name` is '{body.name}' but `rule_set.name` is '{body.rule_set.name}'.")
        with self._store.write():
            application_id = self._application_id(_NAME, body.name)
            self._require_manager(caller, application_id)
            known = self._of(application_id)
            if body.rule_set.etag != known["etag"]:
                raise ResourceConflict(
                    f"The rule set {body.name} has changed since etag '{body.rule_set.etag}': get it again and repeat."
                )
            rules = [self._checked(rule) for rule in body.rule_set.grant_rules]
            document: Document = {"application_id": application_id, "etag": uuid.uuid4().hex, "grant_rules": rules}
            return _shown(body.name, self._store.put(_KIND, application_id, document))

    def holds(self, caller: Caller, application_id: str, role: str) -> bool:
        """Whether the caller has a role on a service principal. A manager is no user."""
        if caller.is_admin:
            return True
        names = {f"groups/{group}" for group in caller.groups}
        names |= {f"users/{caller.principal}", f"servicePrincipals/{caller.principal}"}
        rules = self._of(application_id)["grant_rules"]
        return any(rule["role"] == role and not names.isdisjoint(rule["principals"]) for rule in rules)

    def principal_changed(self, old: str, new: str | None) -> None:
        """A principal was renamed, or is gone: so are its roles."""
        with self._store.write():
            if new is None:
                self._store.delete(_KIND, old)
            for document in self._store.all(_KIND):
                rules = [
                    {**rule, "principals": _renamed(rule["principals"], old, new)} for rule in document["grant_rules"]
                ]
                if rules != document["grant_rules"]:
                    kept = [rule for rule in rules if rule["principals"]]
                    changed = {**document, "etag": uuid.uuid4().hex, "grant_rules": kept}
                    self._store.put(_KIND, document["application_id"], changed)

    def _of(self, application_id: str) -> Document:
        nothing: Document = {"application_id": application_id, "etag": "0" * 32, "grant_rules": []}
        return self._store.get(_KIND, application_id) or nothing

    def _require_manager(self, caller: Caller, application_id: str) -> None:
        if not self.holds(caller, application_id, MANAGER):
            raise PermissionDenied(
                f"'{caller.principal}' may not manage service principal {application_id}: it needs {MANAGER} on it, "
                "or to be an administrator."
            )

    def _application_id(self, form: re.Pattern[str], name: str) -> str:
        match = form.match(name)
        if match is None:
            raise InvalidParameter(
                f"'{name}' names no resource: write accounts/<account id>/servicePrincipals/<application id>, for a "
                "rule set with /ruleSets/default behind it."
            )
        account_id, kind, found = match.groups()
        known = (self._store.get("account", "account") or {}).get("account_id")
        if account_id != known:
            raise NotFound(f"This is account {known}, not {account_id}.")
        if kind != "servicePrincipals":
            raise NotEmulated(f"rule sets of {kind or 'the account'}; those of servicePrincipals are")
        if self._principal_field(found) != "service_principal_name":
            raise NotFound(f"No service principal has the application id '{found}'.")
        return str(found)

    def _checked(self, rule: GrantRule) -> dict[str, Any]:
        if rule.role not in {USER, MANAGER}:
            raise InvalidParameter(f"Role '{rule.role}' cannot be granted here; the roles are {MANAGER} and {USER}.")
        for principal in rule.principals:
            kind, _, name = principal.partition("/")
            if kind not in _FIELDS or self._principal_field(name) != _FIELDS[kind]:
                raise InvalidParameter(
                    f"Principal '{principal}' does not exist. Write users/<user name>, groups/<group name> or "
                    "servicePrincipals/<application id>."
                )
        return {"role": rule.role, "principals": list(dict.fromkeys(rule.principals))}


def _renamed(principals: list[str], old: str, new: str | None) -> list[str]:
    found = []
    for principal in principals:
        kind, _, name = principal.partition("/")
        if name != old:
            found.append(principal)
        elif new is not None:
            found.append(f"{kind}/{new}")
    return found


def _shown(name: str, document: Document) -> Document:
    return {"name": name, "etag": document["etag"], "grant_rules": document["grant_rules"]}
