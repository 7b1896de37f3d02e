"""databricks_workspace_binding."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, one_of
from brickyard_local.provider.errors import InvalidValue, WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.catalog.securable import UNITY
from brickyard_local.provider.wire.values import Value

_NAME_ARGUMENTS = ("catalog_name", "securable_name")


class WorkspaceBinding(Resource):
    """Binds an ISOLATED securable to a workspace."""

    type_name = "databricks_workspace_binding"
    import_form = "<workspace id>|<securable type>|<securable name>"
    behaviour = Behaviour(
        schema_version=1,
        force_new=frozenset({"binding_type", "catalog_name", "securable_type", "workspace_id"}),
        defaults={"binding_type": "BINDING_TYPE_READ_WRITE", "securable_type": "catalog"},
        checks={
            "binding_type": one_of("BINDING_TYPE_READ_WRITE", "BINDING_TYPE_READ_ONLY"),
            "securable_type": one_of("catalog", "external_location", "storage_credential", "credential"),
        },
        one_of=(OneOf(names=_NAME_ARGUMENTS, at_least=1),),
        local=frozenset({"id", "catalog_name"}),
    )

    def create(self, session: Session, planned: State) -> str:
        kind, name = planned["securable_type"], _name(planned)
        session.api.patch(_path(kind, name), {"add": [_binding(planned)]})
        return f"{planned['workspace_id']}|{kind}|{name}"

    def read(self, session: Session, state: State) -> Found | None:
        workspace_id, kind, name = str(state["id"]).split("|")
        named = {"securable_type": kind.replace("-", "_"), "securable_name": name}
        document = session.api.get(_path(named["securable_type"], name))
        for binding in document.get("bindings") or []:
            if str(binding["workspace_id"]) == workspace_id:
                return {**session.found(binding), **named}
        return None

    def update(self, _session: Session, _prior: State, _planned: State) -> str:
        raise InvalidValue(
            "databricks_workspace_binding cannot be updated",
            "The genuine provider cannot either: give the binding another name, so that it is replaced.",
        )

    def delete(self, session: Session, prior: State) -> None:
        session.api.patch(_path(prior["securable_type"], _name(prior)), {"remove": [_binding(prior)]})

    def imported(self, import_id: str) -> dict[str, Value]:
        parts = import_id.split("|")
        if len(parts) != 3 or not parts[0].isdecimal():
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}


def _name(state: State) -> str:
    names = [state.get(argument) for argument in reversed(_NAME_ARGUMENTS)]
    return next(name for name in names if isinstance(name, str) and name)


def _binding(state: State) -> dict[str, Value]:
    return {"binding_type": state["binding_type"], "workspace_id": int(state["workspace_id"])}


def _path(kind: Value, name: str) -> str:
    return f"{UNITY}/bindings/{kind}/{segment(name)}"
