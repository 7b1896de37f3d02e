"""databricks_service_principal_role."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.iam.scim import SCIM, patch
from brickyard_local.provider.resources.pair import Pair


class ServicePrincipalRole(Pair):
    """A role, e.g. an instance profile, of a service principal."""

    type_name = "databricks_service_principal_role"
    names = ("service_principal_id", "role")
    behaviour = Behaviour(force_new=frozenset({"role", "service_principal_id"}))

    def tie(self, session: Session, _planned: State, left: str, right: str) -> None:
        session.api.patch(_path(left), patch("add", "roles", [{"value": right}]))

    def look(self, session: Session, left: str, right: str) -> Found | None:
        document = session.api.get(_path(left), {"attributes": "roles"})
        roles = {role.get("value") for role in document.get("roles") or []}
        return {} if right in roles else None

    def cut(self, session: Session, left: str, right: str) -> None:
        session.api.patch(_path(left), patch("remove", f'roles[value eq "{right}"]'))


def _path(principal_id: str) -> str:
    return f"{SCIM}/ServicePrincipals/{segment(principal_id)}"
