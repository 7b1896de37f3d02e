"""databricks_grants: all privileges on a securable."""

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf
from brickyard_local.provider.errors import WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.catalog.privileges import (
    SECURABLES,
    Privileges,
    current,
    normalized,
    replace,
    target,
    wanted,
)
from brickyard_local.provider.resources.catalog.securable import check_metastore
from brickyard_local.provider.wire.values import Value


class Grants(Resource):
    """The whole set: who is not named loses what he has."""

    type_name = "databricks_grants"
    import_form = "<kind of securable>/<name>"
    behaviour = Behaviour(
        force_new=frozenset(SECURABLES),
        one_of=(OneOf(names=tuple(SECURABLES), at_least=1, at_most=len(SECURABLES)),),
        canonical={
            "grant.privileges": normalized,
            "grant.principal": lambda principal: str(principal).casefold(),
        },
    )

    def create(self, session: Session, planned: State) -> str:
        check_metastore(session, planned.get("metastore"))
        argument, name = target(planned)
        replace(session, argument, name, current(session, argument, name), _configured(planned))
        return f"{argument}/{name}"

    def read(self, session: Session, state: State) -> Found | None:
        argument, name = _parse(state)
        granted = current(session, argument, name)
        if not granted:
            return None
        grants = [
            {"principal": principal, "privileges": sorted(privileges)}
            for principal, privileges in sorted(granted.items())
        ]
        return {"grant": grants, argument: name}

    def update(self, session: Session, prior: State, planned: State) -> str:
        argument, name = _parse(prior)
        replace(session, argument, name, current(session, argument, name), _configured(planned))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        argument, name = _parse(prior)
        replace(session, argument, name, current(session, argument, name), {})

    def imported(self, import_id: str) -> dict[str, Value]:
        argument, _, name = import_id.partition("/")
        if argument not in SECURABLES or not name:
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}


def _configured(planned: State) -> Privileges:
    privileges: Privileges = {}
    for grant in planned["grant"]:
        privileges |= wanted(grant["principal"], grant["privileges"])
    return privileges


def _parse(state: State) -> tuple[str, str]:
    argument, _, name = str(state["id"]).partition("/")
    return argument, name
