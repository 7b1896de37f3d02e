"""databricks_library: one library of a cluster."""

from typing import Any

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import ApiError, InvalidValue, NotEmulated, WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.compute import libraries
from brickyard_local.provider.resources.generated import plain
from brickyard_local.provider.wire.values import Value

_TEXTS = ("egg", "jar", "requirements", "whl")
_BLOCKS = ("cran", "maven", "pypi")


class Library(Resource):
    """A library; the cluster is started to install it, and to take it away."""

    type_name = "databricks_library"
    behaviour = Behaviour(
        framework=True,
        force_new=frozenset({*_TEXTS, *_BLOCKS, "cluster_id", "id"}),
        local=frozenset({"provider_config"}),
    )

    def create(self, session: Session, planned: State) -> str:
        cluster_id, library = str(planned["cluster_id"]), _library(planned)
        libraries.make_run(session, cluster_id)
        libraries.install(session, cluster_id, [library])
        return libraries.representation(library)

    def read(self, session: Session, state: State) -> Found | None:
        """As the genuine provider, this forgets the `id`: the library itself is what tells it from others."""
        wanted = libraries.representation(_library(state))
        for library in libraries.installed(session, str(state["cluster_id"])):
            if libraries.representation(library) == wanted:
                blocks = {name: [library[name]] for name in _BLOCKS if library.get(name)}
                return {**library, **blocks, "cluster_id": state["cluster_id"]}
        return None

    def written(self, session: Session, state: State) -> Found | None:
        found = self.read(session, state)
        return None if found is None else {**found, "id": state["id"]}

    def update(self, _session: Session, _prior: State, _planned: State) -> str:
        raise InvalidValue("updating library is not supported", "Every argument replaces it.")

    def delete(self, session: Session, prior: State) -> None:
        cluster_id, library = str(prior["cluster_id"]), _library(prior)
        try:
            libraries.make_run(session, cluster_id)
        except ApiError as error:
            if not error.is_missing and "does not exist" not in error.summary:
                raise
            return
        libraries.uninstall(session, cluster_id, [library])

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        if planned.get("provider_config"):
            raise NotEmulated("argument", "databricks_library.provider_config")
        return planned

    def imported(self, import_id: str) -> dict[str, Value]:
        raise WrongImportId(self.type_name, import_id, "none: a library cannot be imported")


def _library(state: State) -> dict[str, Any]:
    texts = {name: state[name] for name in _TEXTS if state.get(name)}
    return {**texts, **{name: plain(state[name][0]) for name in _BLOCKS if state.get(name)}}
