"""databricks_service_principal."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, ignore_unset
from brickyard_local.provider.errors import ApiError, InvalidValue
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.iam.scim import (
    ENTITLEMENT_DEFAULTS,
    SCIM,
    compact,
    entitlements,
    granted,
    patch,
    schemas,
)
from brickyard_local.provider.wire.values import UNKNOWN, Value

_PRINCIPALS = f"{SCIM}/ServicePrincipals"
_LOCAL = frozenset({"id", "disable_as_user_deletion", "force", "force_delete_home_dir", "force_delete_repos"})


class ServicePrincipal(Resource):
    """A service principal; Databricks gives it its application id."""

    type_name = "databricks_service_principal"
    behaviour = Behaviour(
        force_new=frozenset({"application_id"}),
        defaults={**ENTITLEMENT_DEFAULTS, "active": True},
        suppress={"external_id": ignore_unset},
        one_of=(
            OneOf(names=("application_id", "display_name"), at_least=1, at_most=2),
            OneOf(names=("workspace_consume", "workspace_access")),
            OneOf(names=("workspace_consume", "databricks_sql_access")),
        ),
        local=_LOCAL,
    )

    def create(self, session: Session, planned: State) -> str:
        body = compact(_body(planned, planned.get("application_id")))
        try:
            return str(session.api.post(_PRINCIPALS, body)["id"])
        except ApiError as error:
            if not planned.get("force") or "already exists" not in error.summary:
                raise
        return self._adopt(session, planned)

    def read(self, session: Session, state: State) -> Found | None:
        attributes = {"attributes": "userName,displayName,active,externalId,entitlements"}
        document = session.api.get(f"{_PRINCIPALS}/{segment(str(state['id']))}", attributes)
        application_id = document.get("applicationId", "")
        return {
            "acl_principal_id": f"servicePrincipals/{application_id}",
            "active": document.get("active", False),
            "application_id": application_id,
            "display_name": document.get("displayName"),
            "external_id": document.get("externalId"),
            "home": f"/Users/{application_id}",
            "repos": f"/Repos/{application_id}",
            **granted(document),
        }

    def update(self, session: Session, prior: State, planned: State) -> str:
        self._replace(session, str(prior["id"]), planned)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        path = f"{_PRINCIPALS}/{segment(str(prior['id']))}"
        folders = [
            f"/{folder}/{prior['application_id']}"
            for folder, argument in (("Repos", "force_delete_repos"), ("Users", "force_delete_home_dir"))
            if prior.get(argument)
        ]
        if not prior.get("disable_as_user_deletion"):
            session.api.delete(path)
            self._delete_folders(session, folders)
            return
        if folders:
            raise InvalidValue(
                "A service principal which is only disabled keeps its folders",
                "Remove force_delete_repos and force_delete_home_dir, or disable_as_user_deletion.",
            )
        session.api.patch(path, patch("replace", "active", [{"value": "false"}]))

    def _delete_folders(self, session: Session, folders: list[str]) -> None:
        for folder in folders:
            try:
                session.api.post("/api/2.0/workspace/delete", {"path": folder, "recursive": True})
            except ApiError as error:
                if not error.is_missing:
                    raise

    def _adopt(self, session: Session, planned: State) -> str:
        query = {"filter": f'applicationId eq "{planned["application_id"]}"', "excludedAttributes": "roles"}
        found = session.api.get(_PRINCIPALS, query).get("Resources") or []
        if not found:
            raise InvalidValue("There is no such service principal", f"{planned['application_id']} is unknown.")
        self._replace(session, str(found[0]["id"]), planned)
        return str(found[0]["id"])

    def _replace(self, session: Session, principal_id: str, planned: State) -> None:
        path = f"{_PRINCIPALS}/{segment(principal_id)}"
        kept = session.api.get(path, {"attributes": "groups,roles"})
        body = {**_body(planned, None), "groups": kept.get("groups"), "roles": kept.get("roles")}
        session.api.put(path, compact(body))


def _body(planned: State, application_id: Value) -> dict[str, Value]:
    display_name = planned.get("display_name")
    return {
        "active": bool(planned.get("active")),
        "applicationId": None if application_id is UNKNOWN else application_id,
        "displayName": None if display_name is UNKNOWN else display_name,
        "entitlements": entitlements(planned),
        "externalId": planned.get("external_id"),
        "schemas": schemas("ServicePrincipal"),
    }
