"""databricks_entitlements: the whole set of one user, group or service principal."""

from collections.abc import Mapping

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf
from brickyard_local.provider.errors import ApiError, InvalidValue, WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.iam.scim import (
    ENTITLEMENT_DEFAULTS,
    ENTITLEMENTS,
    SCIM,
    entitlements,
    granted,
    patch,
)
from brickyard_local.provider.wire.values import Value

_NONE: list[dict[str, str]] = [{}]
_UNKNOWN_TO_KIND = "invalidPath No such attribute with the name : entitlements in the current resource"
_KINDS: Mapping[str, tuple[str, str]] = {
    "group": ("group_id", "Groups"),
    "user": ("user_id", "Users"),
    "spn": ("service_principal_id", "ServicePrincipals"),
}
"""Argument and collection by the kind which the id begins with."""
_ARGUMENTS = tuple(argument for argument, _ in _KINDS.values())


class Entitlements(Resource):
    """What is not named here is taken away."""

    type_name = "databricks_entitlements"
    import_form = "group|user|spn/<id>"
    behaviour = Behaviour(
        force_new=frozenset(_ARGUMENTS),
        defaults=ENTITLEMENT_DEFAULTS,
        one_of=(
            OneOf(names=_ARGUMENTS, at_least=1, at_most=len(_ARGUMENTS)),
            OneOf(names=("workspace_consume", "workspace_access")),
            OneOf(names=("workspace_consume", "databricks_sql_access")),
        ),
        reported=frozenset(ENTITLEMENTS),
    )

    def create(self, session: Session, planned: State) -> str:
        self._patch(session, "replace", planned)
        for kind, (argument, _) in _KINDS.items():
            if planned.get(argument):
                return f"{kind}/{planned[argument]}"
        raise InvalidValue("No principal is named", f"Set one of {', '.join(_ARGUMENTS)}.")

    def read(self, session: Session, state: State) -> Found | None:
        argument, path, principal_id = _parse(str(state["id"]))
        document = session.api.get(path, {"attributes": "entitlements"})
        return {argument: principal_id, **ENTITLEMENT_DEFAULTS, **granted(document)}

    def update(self, session: Session, prior: State, planned: State) -> str:
        self._patch(session, "replace", planned)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        if entitlements(prior) != _NONE:
            self._patch(session, "remove", prior)

    def imported(self, import_id: str) -> dict[str, Value]:
        kind, _, principal_id = import_id.partition("/")
        if kind.lower() not in _KINDS or not principal_id:
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}

    def _patch(self, session: Session, operation: str, state: State) -> None:
        body = patch(operation, "entitlements", entitlements(state))
        for argument, collection in _KINDS.values():
            if not state.get(argument):
                continue
            try:
                session.api.patch(f"{SCIM}/{collection}/{segment(str(state[argument]))}", body)
            except ApiError as error:
                if _UNKNOWN_TO_KIND not in error.summary:
                    raise


def _parse(resource_id: str) -> tuple[str, str, str]:
    kind, _, principal_id = resource_id.partition("/")
    argument, collection = _KINDS[kind.lower()]
    return argument, f"{SCIM}/{collection}/{segment(principal_id)}", principal_id
