"""databricks_grant: the privileges of one principal on a securable."""

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


class Grant(Resource):
    """One principal's whole set; the others' privileges stay."""

    type_name = "databricks_grant"
    import_form = "<kind of securable>/<name>/<principal>"
    behaviour = Behaviour(
        force_new=frozenset({*SECURABLES, "principal"}),
        one_of=(OneOf(names=tuple(SECURABLES), at_least=1),),
        canonical={"privileges": normalized},
    )

    def create(self, session: Session, planned: State) -> str:
        check_metastore(session, planned.get("metastore"))
        argument, name = target(planned)
        principal = str(planned["principal"])
        _replace(session, argument, name, principal, wanted(principal, planned["privileges"]))
        return f"{argument}/{name}/{principal}"

    def read(self, session: Session, state: State) -> Found | None:
        argument, name, principal = _parse(state)
        privileges = current(session, argument, name).get(principal)
        if privileges is None:
            return None
        return {"principal": principal, "privileges": sorted(privileges), argument: name}

    def update(self, session: Session, prior: State, planned: State) -> str:
        argument, name, principal = _parse(prior)
        _replace(session, argument, name, principal, wanted(principal, planned["privileges"]))
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        argument, name, principal = _parse(prior)
        _replace(session, argument, name, principal, {})

    def imported(self, import_id: str) -> dict[str, Value]:
        argument, *rest = import_id.split("/", 2)
        if argument not in SECURABLES or len(rest) != 2:
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}


def _replace(session: Session, argument: str, name: str, principal: str, privileges: Privileges) -> None:
    have = current(session, argument, name).get(principal)
    before = {} if have is None else {principal: have}
    replace(session, argument, name, before, privileges)


def _parse(state: State) -> tuple[str, str, str]:
    argument, name, principal = str(state["id"]).split("/", 2)
    return argument, name, principal
