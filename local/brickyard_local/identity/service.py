"""Users, groups and service principals of the account, and their tokens.

Source: docs.databricks.com/api/workspace/{users,groups,serviceprincipals}; RFC 7643/7644; the provider's scim/*.go.
A principal is known in the whole account and may enter the workspaces that it is assigned to: the one where it was
made, and those where `permissionassignments` names it or a group that holds it.
Deviation: SCIM of every workspace shows all principals of the account.
"""

from collections.abc import Callable, Collection

from brickyard_local.account import ADMIN
from brickyard_local.callers import Caller
from brickyard_local.directory import ADMINS_GROUP, EVERYBODY, USERS_GROUP, Directory, Snapshot
from brickyard_local.errors import NotFound, PermissionDenied
from brickyard_local.identity.assignments import Assignments
from brickyard_local.identity.entitlements import DEFAULTS, check_entitlements
from brickyard_local.identity.errors import ScimConflict, ScimError, ScimNotFound
from brickyard_local.identity.federation import Federation
from brickyard_local.identity.oauth_secrets import OauthSecrets
from brickyard_local.identity.patches import apply_patch
from brickyard_local.identity.payloads import Patch, ScimResource
from brickyard_local.identity.resource_types import (
    BUILT_IN_GROUPS,
    GROUPS,
    RESOURCE_TYPES,
    SERVICE_PRINCIPALS,
    USERS,
    ResourceType,
)
from brickyard_local.identity.rule_sets import MANAGER, USER, RuleSets
from brickyard_local.identity.rules import check_group_name, stored, taken_message
from brickyard_local.identity.tokens import Tokens
from brickyard_local.store import Document, Store

_ACL_FIELDS = {
    USERS.kind: "user_name",
    GROUPS.kind: "group_name",
    SERVICE_PRINCIPALS.kind: "service_principal_name",
}

NameChanged = Callable[[str, str | None], None]


class IdentityService:
    """The principals of the account. Built-in: the groups `admins` and `users`, the administrator."""

    def __init__(self, store: Store, directory: Directory | None = None) -> None:
        self._store = store
        self.directory = directory or Directory(store)
        self._name_changed: list[NameChanged] = []
        self.tokens = Tokens(store)
        self.oauth_secrets = OauthSecrets(store)
        self.assignments = Assignments(store, self.directory)
        self.rule_sets = RuleSets(store, self.principal_field)
        self.federation = Federation(store)
        self.when_name_changed(self.rule_sets.principal_changed)
        self.when_name_changed(self.federation.principal_changed)
        self._bootstrap()

    def when_name_changed(self, told: NameChanged) -> None:
        """Have `told(old, new)` called in the same transaction; `new` is None when the principal is gone."""
        self._name_changed.append(told)

    def mint_token(
        self, principal: str, *, purpose: str, lifetime_s: float | None, reaches: Collection[str] = ()
    ) -> str:
        """A new token of a principal, for a job run, a served model or a test; see Tokens.mint.

        Errors: NotFound, PermissionDenied when inactive.
        """
        with self._store.write():
            self.require_active(principal)
            return self.tokens.mint(principal, purpose=purpose, lifetime_s=lifetime_s, reaches=reaches)[0]

    def revoke_made_for(self, purpose: str) -> None:
        """Make every token of a purpose worthless."""
        self.tokens.revoke_made_for(purpose)

    def require_active(self, principal: str) -> None:
        """Errors: NotFound for no user or service principal, PermissionDenied for an inactive one."""
        standing = self.directory.snapshot().standing(principal)
        if standing is None:
            raise NotFound(f"No user or service principal is called '{principal}': it cannot have a token.")
        if not standing.active:
            raise PermissionDenied(f"'{principal}' is inactive: it gets no token until an administrator activates it.")

    def revoke(self, token: str) -> None:
        """Make a token worthless."""
        self.tokens.revoke(token)

    def may_run_as(self, caller: Caller, principal: str) -> bool:
        """Whether the caller's jobs may run as a principal: itself, or a service principal that it may use."""
        return principal == caller.principal or self.rule_sets.holds(caller, principal, USER)

    def managed_service_principal(self, caller: Caller, resource_id: str) -> str:
        """The application id, for one who may manage it. Errors: ScimNotFound, PermissionDenied."""
        application_id = str(self.find(SERVICE_PRINCIPALS, resource_id)["applicationId"])
        if not self.rule_sets.holds(caller, application_id, MANAGER):
            raise PermissionDenied(
                f"'{caller.principal}' may not manage service principal {application_id}: it needs {MANAGER} on it, "
                "or to be an administrator."
            )
        return application_id

    def principal_exists(self, name: str) -> bool:
        """Whether a user, an application id or a group is called so; `account users` is a group."""
        return name == EVERYBODY or self.kind_of(name) is not None

    def kind_of(self, name: str) -> ResourceType | None:
        """Which kind of principal the name is of."""
        for kind in RESOURCE_TYPES:
            if self._named(kind, name) is not None:
                return kind
        return None

    def principal_field(self, name: str) -> str | None:
        """The field that names the principal in an access control list."""
        if name == EVERYBODY:
            return "group_name"
        kind = self.kind_of(name)
        return None if kind is None else _ACL_FIELDS[kind.kind]

    def display_name(self, name: str) -> str | None:
        """The name that people read, of a user name or an application id."""
        for kind in (USERS, SERVICE_PRINCIPALS):
            found = self._named(kind, name)
            if found is not None:
                return str(found["displayName"])
        return None

    def me(self, caller: Caller) -> Document:
        """The caller as a SCIM resource; a service principal's userName is its application id."""
        for kind in (USERS, SERVICE_PRINCIPALS):
            found = self._named(kind, caller.principal)
            if found is not None:
                return {**found, "userName": caller.principal}
        raise ScimNotFound(f"'{caller.principal}' is not a principal of this account any more.")

    def listed(self, kind: ResourceType) -> list[Document]:
        """All resources of a type, oldest first."""
        return self.directory.snapshot().listed(kind.kind)

    def find(self, kind: ResourceType, resource_id: str) -> Document:
        """Errors: ScimNotFound."""
        found = self.directory.snapshot().find(kind.kind, resource_id)
        if found is None:
            raise ScimNotFound(f"{kind.noun.capitalize()} with id {resource_id} not found.")
        return found

    def create(self, caller: Caller, kind: ResourceType, body: ScimResource) -> Document:
        """Errors: PermissionDenied, ScimConflict, ScimError, ScimNotFound for a member."""
        _only_admins(caller)
        document = {"id": "", **stored(kind, body)}
        with self._store.write():
            self._refuse_taken(kind, document)
            document["id"] = str(self._store.next_id())
            self._check_members(document)
            check_entitlements(document)
            self.directory.put(kind.kind, document)
            self.directory.assign(caller.workspace.workspace_id, document["id"], ["USER"])
            if kind is not GROUPS:
                self._add_to_built_in(USERS_GROUP, document["id"])
        return document

    def replace(self, caller: Caller, kind: ResourceType, resource_id: str, body: ScimResource) -> Document:
        """PUT: what the body does not hold is gone; the application id stays. Errors: as `create`."""
        _only_admins(caller)
        with self._store.write():
            known = self.find(kind, resource_id)
            if kind is SERVICE_PRINCIPALS:
                body.applicationId = body.applicationId or known["applicationId"]
            if kind is GROUPS and known["displayName"] in BUILT_IN_GROUPS:
                raise ScimError(f"The built-in group '{known['displayName']}' cannot be replaced: PATCH its members.")
            return self._keep(kind, known, {"id": resource_id, **stored(kind, body)})

    def patch(self, caller: Caller, kind: ResourceType, resource_id: str, body: Patch) -> None:
        """Errors: as `create`."""
        _only_admins(caller)
        with self._store.write():
            known = self.find(kind, resource_id)
            changed = apply_patch(known, body.Operations)
            name = changed[kind.name_field]
            if kind is GROUPS and name != known["displayName"]:
                check_group_name(name or "")
            if kind is GROUPS and known["displayName"] in BUILT_IN_GROUPS:
                self._check_built_in(known, changed)
            self._keep(kind, known, changed)

    def delete(self, caller: Caller, kind: ResourceType, resource_id: str) -> None:
        """Gone at once: from every group, with its tokens. Errors: PermissionDenied, ScimNotFound, ScimError."""
        _only_admins(caller)
        with self._store.write():
            known = self.find(kind, resource_id)
            name = known[kind.name_field]
            if name == ADMIN or (kind is GROUPS and name in BUILT_IN_GROUPS):
                raise ScimError(f"'{name}' is built in and cannot be deleted.")
            for group in self.directory.snapshot().parents(resource_id):
                left = [member for member in group["members"] if member["value"] != resource_id]
                self.directory.put(GROUPS.kind, {**group, "members": left})
            self.directory.delete(kind.kind, resource_id)
            if kind is not GROUPS:
                self.tokens.revoke_all(name)
                self.oauth_secrets.delete_all(name)
            self._tell(name, None)

    def _keep(self, kind: ResourceType, known: Document, changed: Document) -> Document:
        self._check_members(changed)
        check_entitlements(changed)
        old, new = known[kind.name_field], changed[kind.name_field]
        if new != old:
            self._refuse_renaming(kind, old, new)
            self._refuse_taken(kind, changed)
        if old == ADMIN and not changed.get("active", True):
            raise ScimError(f"'{ADMIN}' administers this account and cannot be set inactive.")
        self.directory.put(kind.kind, changed)
        if new != old:
            self._tell(old, new)
        return changed

    def _refuse_renaming(self, kind: ResourceType, old: str, new: str) -> None:
        if kind is not GROUPS:
            raise ScimError(f"{kind.name_field} cannot be changed, from '{old}' to '{new}': delete and create.")

    def _refuse_taken(self, kind: ResourceType, document: Document) -> None:
        other = self._named(kind, document[kind.name_field], casefold=True)
        if other is not None and other["id"] != document["id"]:
            raise ScimConflict(taken_message(kind, document[kind.name_field]))

    def _check_members(self, document: Document) -> None:
        snapshot = self.directory.snapshot()
        for member in document.get("members", []):
            if all(snapshot.find(kind.kind, member["value"]) is None for kind in RESOURCE_TYPES):
                raise ScimNotFound(f"No user, service principal or group has the id {member['value']}.")
            if member["value"] == document["id"] or _holds(snapshot, member["value"], document["id"]):
                raise ScimError(f"Group {document['id']} cannot hold group {member['value']}, which holds it.")

    def _check_built_in(self, known: Document, changed: Document) -> None:
        name = known["displayName"]
        if name == USERS_GROUP and changed["members"] != known["members"]:
            raise ScimError("Every principal is a member of 'users': its members cannot be changed.")
        administrator = self._named(USERS, ADMIN) or {"id": None}
        if name == ADMINS_GROUP and {"value": administrator["id"]} not in changed["members"]:
            raise ScimError(f"'{ADMIN}' administers this account and cannot leave 'admins'.")

    def _named(self, kind: ResourceType, name: str, *, casefold: bool = False) -> Document | None:
        return self.directory.snapshot().named(kind.kind, name, casefold=casefold)

    def _add_to_built_in(self, group_name: str, member_id: str) -> None:
        group = self._named(GROUPS, group_name) or {}
        members = [*group["members"], {"value": member_id}]
        self.directory.put(GROUPS.kind, {**group, "members": members})

    def _tell(self, old: str, new: str | None) -> None:
        for told in self._name_changed:
            told(old, new)

    def _bootstrap(self) -> None:
        with self._store.write():
            if self.directory.is_new:
                self._adopt()
            for name in (ADMINS_GROUP, USERS_GROUP):
                if self._named(GROUPS, name) is None:
                    entitlements = [{"value": value} for value in DEFAULTS[name]]
                    group: Document = {"id": str(self._store.next_id()), "displayName": name, "members": []}
                    self.directory.put(GROUPS.kind, {**group, "entitlements": entitlements, "roles": []})
            if self._named(USERS, ADMIN) is None:
                document: Document = {"id": str(self._store.next_id()), **stored(USERS, ScimResource(userName=ADMIN))}
                self.directory.put(USERS.kind, document)
                for name in (ADMINS_GROUP, USERS_GROUP):
                    self._add_to_built_in(name, document["id"])

    def _adopt(self) -> None:
        """An account from before workspaces had assignments: everybody stays where they could go."""
        workspaces = [document["workspace_id"] for document in self._store.all("workspaces")]
        for kind in RESOURCE_TYPES:
            for document in self._store.all(kind.kind):
                if document[kind.name_field] in DEFAULTS:
                    entitlements = [{"value": value} for value in DEFAULTS[document[kind.name_field]]]
                    self.directory.put(kind.kind, {**document, "entitlements": entitlements})
                    continue
                for workspace_id in workspaces:
                    self.directory.assign(workspace_id, document["id"], ["USER"])


def _holds(snapshot: Snapshot, group_id: str, member_id: str) -> bool:
    """Whether a group holds a member, through others too."""
    above = snapshot.parents(member_id)
    return any(group["id"] == group_id or _holds(snapshot, group_id, group["id"]) for group in above)


def _only_admins(caller: Caller) -> None:
    if not caller.is_admin:
        raise PermissionDenied(
            f"'{caller.principal}' is no administrator: only members of 'admins' change users, groups and service "
            "principals."
        )
