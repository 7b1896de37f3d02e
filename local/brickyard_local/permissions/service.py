"""Access control lists of workspace objects, and the checks that other services ask for.

Source: docs.databricks.com/api/workspace/permissions; the provider's permissions/*.go for what clients accept.
Deviation: the owner of a job or warehouse stays when a PUT names none (Databricks refuses such a PUT).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound, PermissionDenied
from brickyard_local.permissions.index import PermissionIndex
from brickyard_local.permissions.levels import OWNER, ObjectType, object_type
from brickyard_local.permissions.payloads import AccessControlList
from brickyard_local.store import Document, Store

Exists = Callable[[int, str], bool]
Inherited = Callable[[int, str], list[tuple[str, str, str]]]

_KIND = "permissions"


class Principals(Protocol):
    """What this service asks of identity."""

    def principal_field(self, name: str) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """A level that a principal holds on an object, directly or `inherited_from` another."""

    principal: str
    level: str
    inherited_from: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Registered:
    exists: Exists
    inherited: Inherited | None
    default: tuple[Grant, ...]


class PermissionsService:
    """One ACL per object. Administrators pass every check."""

    def __init__(self, store: Store, principals: Principals) -> None:
        self._store = store
        self._index = PermissionIndex(store, _KIND)
        self._principals = principals
        self._registered: dict[str, _Registered] = {}
        # Tokens have one list per workspace, and no service of their own: everybody makes them until it is set.
        self.register("authorization", lambda _, name: name == "tokens", default=(("users", "CAN_USE"),))

    def register(
        self,
        request_type: str,
        exists: Exists,
        *,
        inherited: Inherited | None = None,
        default: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Say who knows whether an object of this type exists, and what it inherits.

        What is inherited: (principal, level, the object that grants it). `default` is (principal, level) of an
        object whose list nobody has set yet.
        """
        object_type(request_type)
        grants = tuple(Grant(principal=principal, level=level) for principal, level in default)
        self._registered[request_type] = _Registered(exists=exists, inherited=inherited, default=grants)

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None:
        """Errors: NotFound when there is no such object, PermissionDenied when the caller's level is lower."""
        kind = self._existing(caller.workspace.workspace_id, object_type, object_id)
        held = self._rank(caller, kind, object_id)
        if held >= kind.rank(level):
            return
        has = kind.levels[held] if held >= 0 else "no permission"
        raise PermissionDenied(
            f"'{caller.principal}' does not have {level} on /{object_type}/{object_id}: it has {has}. Somebody with "
            f"{kind.admin_level} can grant it."
        )

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool:
        """Whether `require` would pass; False for an object that does not exist."""
        try:
            self.require(caller, object_type, object_id, level)
        except (NotFound, PermissionDenied):
            return False
        return True

    def reached(self, caller: Caller, object_type: str, level: str) -> frozenset[str] | None:
        """Ids of all objects on which `require` would pass, for lists; None for an administrator: every object.

        Only for types whose permissions are their own; where they are inherited, `holds` is asked for each object.
        """
        registered = self._registered[object_type]
        if registered.inherited or registered.default:
            raise TypeError(f"Permissions of {object_type} do not stand in their own lists alone.")
        if caller.is_admin:
            return None
        kind = _kind(object_type)
        levels = kind.levels[kind.rank(level) :]
        return self._index.held(caller.workspace.workspace_id, object_type, caller.principals, levels)

    def own(self, caller: Caller, object_type: str, object_id: str) -> None:
        """The caller made the object: it holds the highest level, and nobody else does."""
        kind = _kind(object_type)
        grants = [Grant(principal=caller.principal, level=kind.creator_level)]
        self._put(caller.workspace.workspace_id, kind, object_id, grants)

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None:
        """The object is gone: its list must not reach another one of the same id."""
        key = f"{object_type}/{object_id}"
        with self._store.write():
            self._store.delete(_KIND, key, scope=workspace_id)
            self._index.remove(workspace_id, key)

    def owner(self, workspace_id: int, object_type: str, object_id: str) -> str | None:
        """The principal with IS_OWNER, of types that have it."""
        grants = self.direct(workspace_id, object_type, object_id)
        return next((grant.principal for grant in grants if grant.level == OWNER), None)

    def direct(self, workspace_id: int, object_type: str, object_id: str) -> list[Grant]:
        """What was granted on the object itself."""
        document = self._store.get(_KIND, f"{object_type}/{object_id}", scope=workspace_id)
        if document is None:
            registered = self._registered.get(object_type)
            return list(registered.default) if registered else []
        return [Grant(**grant) for grant in document["grants"]]

    def get(self, caller: Caller, object_type: str, object_id: str) -> Document:
        """The list with inherited grants. Errors: NotFound, PermissionDenied."""
        kind = _kind(object_type)
        self.require(caller, object_type, object_id, kind.levels[0])
        return self._shown(caller.workspace.workspace_id, kind, object_id)

    def put(self, caller: Caller, object_type: str, object_id: str, body: AccessControlList) -> Document:
        """Replace the direct grants. Errors: NotFound, PermissionDenied, InvalidParameter."""
        return self._change(caller, object_type, object_id, body, keep=False)

    def patch(self, caller: Caller, object_type: str, object_id: str, body: AccessControlList) -> Document:
        """Add or change grants of the principals named. Errors: as `put`."""
        return self._change(caller, object_type, object_id, body, keep=True)

    def grant(self, caller: Caller, object_type: str, object_id: str, entries: list[Document]) -> None:
        """What a request that makes an object gives others. Errors: as `patch`, InvalidParameter for an entry."""
        try:
            body = AccessControlList.model_validate({"access_control_list": entries})
        except ValidationError as error:
            raise InvalidParameter(f"access_control_list: {error.errors()[0]['msg']}.") from error
        self.patch(caller, object_type, object_id, body)

    def principal_changed(self, old: str, new: str | None) -> None:
        """A principal was renamed, or is gone: so are its grants, in every workspace."""
        with self._store.write():
            for workspace in self._store.all("workspaces"):
                scope = workspace["workspace_id"]
                for document in self._store.all(_KIND, scope=scope):
                    if any(grant["principal"] == old for grant in document["grants"]):
                        renamed = [
                            {**grant, "principal": new} if grant["principal"] == old else grant
                            for grant in document["grants"]
                            if grant["principal"] != old or new is not None
                        ]
                        self._keep(scope, document["key"], renamed)

    def _change(
        self, caller: Caller, request_type: str, object_id: str, body: AccessControlList, *, keep: bool
    ) -> Document:
        kind = _kind(request_type)
        workspace_id = caller.workspace.workspace_id
        with self._store.write():
            self.require(caller, request_type, object_id, kind.admin_level)
            if "CAN_MANAGE" not in kind.levels and not caller.is_admin:
                raise PermissionDenied(
                    f"'{caller.principal}' may not change who may use /{request_type}/{object_id}: only "
                    "administrators may."
                )
            known = self.direct(workspace_id, request_type, object_id)
            asked = self._with_owner(kind, known, self._grants(kind, body))
            named = {grant.principal for grant in asked}
            kept = [grant for grant in known if keep and grant.level != OWNER and grant.principal not in named]
            self._put(workspace_id, kind, object_id, kept + asked)
        return self._shown(workspace_id, kind, object_id)

    def _grants(self, kind: ObjectType, body: AccessControlList) -> list[Grant]:
        """The grants asked for; of two for one principal the higher counts, as a job's owner who also manages."""
        highest: dict[str, Grant] = {}
        for entry in body.access_control_list:
            rank = kind.rank(entry.permission_level)
            field = self._principals.principal_field(entry.principal)
            if field is None:
                raise InvalidParameter(
                    f"Principal '{entry.principal}' does not exist in this account: create it first, or correct "
                    "its name (service principals are named by application id)."
                )
            if entry.permission_level == OWNER and field == "group_name":
                raise InvalidParameter(
                    f"Group '{entry.principal}' cannot be the owner: owners are users and service principals."
                )
            known = highest.get(entry.principal)
            if known is None or rank > kind.rank(known.level):
                highest[entry.principal] = Grant(principal=entry.principal, level=entry.permission_level)
        return list(highest.values())

    def _with_owner(self, kind: ObjectType, known: list[Grant], grants: list[Grant]) -> list[Grant]:
        """Exactly one owner: the one that is asked for, else the one that was."""
        if not kind.has_owner:
            return grants
        owners = [grant for grant in grants if grant.level == OWNER]
        if len(owners) > 1:
            names = ", ".join(f"'{grant.principal}'" for grant in owners)
            raise InvalidParameter(f"There is exactly one owner; IS_OWNER was asked for {names}.")
        owners = owners or [grant for grant in known if grant.level == OWNER]
        owning = {grant.principal for grant in owners}
        return owners + [grant for grant in grants if grant.principal not in owning]

    def _rank(self, caller: Caller, kind: ObjectType, object_id: str) -> int:
        if caller.is_admin:
            return len(kind.levels) - 1
        grants = self._all(caller.workspace.workspace_id, kind, object_id)
        held = [kind.rank(grant.level) for grant in grants if grant.principal in caller.principals]
        return max(held, default=-1)

    def _all(self, workspace_id: int, kind: ObjectType, object_id: str) -> list[Grant]:
        registered = self._registered[kind.request]
        inherited = registered.inherited(workspace_id, object_id) if registered.inherited else []
        fitting = [
            Grant(principal=principal, level=level, inherited_from=folder)
            for principal, level, folder in inherited
            if level in kind.levels
        ]
        return self.direct(workspace_id, kind.request, object_id) + fitting

    def _existing(self, workspace_id: int, request_type: str, object_id: str) -> ObjectType:
        kind = _kind(request_type)
        registered = self._registered.get(request_type)
        if registered is None:
            raise NotEmulated(f"permissions of {request_type}")
        if not registered.exists(workspace_id, object_id):
            raise NotFound(f"{kind.answer} {object_id} does not exist.")
        return kind

    def _put(self, workspace_id: int, kind: ObjectType, object_id: str, grants: list[Grant]) -> None:
        key = f"{kind.request}/{object_id}"
        self._keep(workspace_id, key, [{"principal": grant.principal, "level": grant.level} for grant in grants])

    def _keep(self, workspace_id: int, key: str, grants: list[Document]) -> None:
        with self._store.write():
            self._store.put(_KIND, key, {"key": key, "grants": grants}, scope=workspace_id)
            self._index.put(workspace_id, key, grants)

    def _shown(self, workspace_id: int, kind: ObjectType, object_id: str) -> Document:
        root = f"/{kind.request}/"
        admins = Grant(principal="admins", level=kind.admin_level, inherited_from=root)
        entries: dict[str, Document] = {}
        for grant in [*self._all(workspace_id, kind, object_id), admins]:
            field = self._principals.principal_field(grant.principal)
            if field is None:
                continue
            entry = entries.setdefault(grant.principal, {field: grant.principal, "all_permissions": []})
            permission: Document = {"permission_level": grant.level, "inherited": bool(grant.inherited_from)}
            if grant.inherited_from:
                permission["inherited_from_object"] = [grant.inherited_from]
            entry["all_permissions"].append(permission)
        return {
            "object_id": f"/{kind.request}/{object_id}",
            "object_type": kind.answer,
            "access_control_list": list(entries.values()),
        }


def _kind(request_type: str) -> ObjectType:
    return object_type(request_type)
