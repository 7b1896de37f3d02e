"""Rule sets: who may use a service principal (run jobs as it) or a budget policy, and who manages it.

Source: docs.databricks.com/aws/en/security/auth/access-control/service-principal-acl (roles; a manager is not a
user); docs.databricks.com/api/workspace/accountaccesscontrolproxy. Gaps: rule sets of the account, groups and tag
policies: 501.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound, PermissionDenied, ResourceConflict
from brickyard_local.store import Document, Store

USER, MANAGER = "roles/servicePrincipal.user", "roles/servicePrincipal.manager"
SERVICE_PRINCIPALS = "servicePrincipals"
_NAME = re.compile(r"^accounts/([^/]+)/(?:(\w+)/([^/]+)/)?ruleSets/default$")
_RESOURCE = re.compile(r"^accounts/([^/]+)(?:/(\w+)/([^/]+))?$")
_FIELDS = {"users": "user_name", "groups": "group_name", "servicePrincipals": "service_principal_name"}

PrincipalField = Callable[[str], str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruled:
    """A kind of objects with rule sets: its name in theirs, the manager's role first, and which objects there are."""

    collection: str
    noun: str
    roles: tuple[str, ...]
    kind: str
    exists: Callable[[str], bool]

    @property
    def manager(self) -> str:
        """The role that may change the rules."""
        return self.roles[0]


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
    """One rule set per object; administrators hold every role on each."""

    def __init__(self, store: Store, principal_field: PrincipalField) -> None:
        self._store = store
        self._principal_field = principal_field
        self._ruled: dict[str, Ruled] = {}
        self.register(
            Ruled(
                collection=SERVICE_PRINCIPALS,
                noun="service principal",
                roles=(MANAGER, USER),
                kind="rule_sets",
                exists=lambda name: principal_field(name) == "service_principal_name",
            )
        )

    def register(self, ruled: Ruled) -> None:
        """Keep rule sets of another kind of objects."""
        self._ruled[ruled.collection] = ruled

    def assignable_roles(self, resource: str) -> list[str]:
        """Errors: NotFound, NotEmulated, InvalidParameter."""
        return list(self._object(_RESOURCE, resource)[0].roles)

    def get(self, caller: Caller, name: str) -> Document:
        """Errors: PermissionDenied, and as `assignable_roles`."""
        ruled, object_id = self._object(_NAME, name)
        self._require_manager(caller, ruled, object_id)
        return _shown(name, self._of(ruled, object_id))

    def update(self, caller: Caller, body: UpdateRuleSet) -> Document:
        """Replace the rules. Errors: ResourceConflict for a stale etag, InvalidParameter, and as `get`."""
        if body.name != body.rule_set.name:
            raise InvalidParameter(f"`name` is '{body.name}' but `rule_set.name` is '{body.rule_set.name}'.")
        with self._store.write():
            ruled, object_id = self._object(_NAME, body.name)
            self._require_manager(caller, ruled, object_id)
            known = self._of(ruled, object_id)
            if body.rule_set.etag != known["etag"]:
                raise ResourceConflict(
                    f"The rule set {body.name} has changed since etag '{body.rule_set.etag}': get it again and repeat."
                )
            rules = [self._checked(rule, ruled) for rule in body.rule_set.grant_rules]
            document: Document = {"etag": uuid.uuid4().hex, "grant_rules": rules}
            return _shown(body.name, self._store.put(ruled.kind, object_id, document))

    def holds(self, caller: Caller, object_id: str, role: str, collection: str = SERVICE_PRINCIPALS) -> bool:
        """Whether the caller has a role on an object. A manager is no user."""
        if caller.is_admin:
            return True
        names = {f"groups/{group}" for group in caller.groups}
        names |= {f"users/{caller.principal}", f"servicePrincipals/{caller.principal}"}
        rules = self._of(self._ruled[collection], object_id)["grant_rules"]
        return any(rule["role"] == role and not names.isdisjoint(rule["principals"]) for rule in rules)

    def forget(self, collection: str, object_id: str) -> None:
        """The object is gone."""
        self._store.delete(self._ruled[collection].kind, object_id)

    def principal_changed(self, old: str, new: str | None) -> None:
        """A principal was renamed, or is gone: so are its roles."""
        with self._store.write():
            if new is None:
                self.forget(SERVICE_PRINCIPALS, old)
            for kind, object_id, document in self._all():
                rules = [
                    {**rule, "principals": _renamed(rule["principals"], old, new)} for rule in document["grant_rules"]
                ]
                if rules != document["grant_rules"]:
                    kept = [rule for rule in rules if rule["principals"]]
                    self._store.put(kind, object_id, {"etag": uuid.uuid4().hex, "grant_rules": kept})

    def _all(self) -> Iterator[tuple[str, str, Document]]:
        for ruled in self._ruled.values():
            for object_id in self._store.keys(ruled.kind):
                yield ruled.kind, object_id, self._of(ruled, object_id)

    def _of(self, ruled: Ruled, object_id: str) -> Document:
        return self._store.get(ruled.kind, object_id) or {"etag": "0" * 32, "grant_rules": []}

    def _require_manager(self, caller: Caller, ruled: Ruled, object_id: str) -> None:
        if not self.holds(caller, object_id, ruled.manager, ruled.collection):
            raise PermissionDenied(
                f"'{caller.principal}' may not manage {ruled.noun} {object_id}: it needs {ruled.manager} on it, "
                "or to be an administrator."
            )

    def _object(self, form: re.Pattern[str], name: str) -> tuple[Ruled, str]:
        match = form.match(name)
        if match is None:
            raise InvalidParameter(
                f"'{name}' names no resource: write accounts/<account id>/servicePrincipals/<application id>, for a "
                "rule set with /ruleSets/default behind it."
            )
        account_id, collection, found = match.groups()
        known = (self._store.get("account", "account") or {}).get("account_id")
        if account_id != known:
            raise NotFound(f"This is account {known}, not {account_id}.")
        ruled = self._ruled.get(collection or "")
        if ruled is None:
            raise NotEmulated(f"rule sets of {collection or 'the account'}; those of {', '.join(self._ruled)} are")
        if not ruled.exists(found):
            raise NotFound(f"No {ruled.noun} has the id '{found}'.")
        return ruled, str(found)

    def _checked(self, rule: GrantRule, ruled: Ruled) -> dict[str, Any]:
        if rule.role not in ruled.roles:
            raise InvalidParameter(
                f"Role '{rule.role}' cannot be granted here; the roles are {' and '.join(ruled.roles)}."
            )
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
