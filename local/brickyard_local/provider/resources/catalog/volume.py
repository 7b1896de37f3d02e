"""databricks_volume."""

from brickyard_local.provider.engine.behaviour import (
    Behaviour,
    ignore_case,
    ignore_slash_or_unset,
    one_of,
)
from brickyard_local.provider.resource import Found, Session, State
from brickyard_local.provider.resources.catalog.securable import Securable
from brickyard_local.provider.wire.values import Value


class Volume(Securable):
    """A volume of a schema; it may be renamed."""

    type_name = "databricks_volume"
    collection = "volumes"
    name_parts = ("catalog_name", "schema_name", "name")
    create_fields = ("catalog_name", "comment", "name", "schema_name", "storage_location", "volume_type")
    update_fields = ("comment", "owner")
    behaviour = Behaviour(
        force_new=frozenset({"catalog_name", "schema_name", "storage_location", "volume_type"}),
        suppress={
            "catalog_name": ignore_case,
            "name": ignore_case,
            "schema_name": ignore_case,
            "storage_location": ignore_slash_or_unset,
        },
        checks={"volume_type": one_of("MANAGED", "EXTERNAL")},
    )

    def read(self, session: Session, state: State) -> Found | None:
        document = session.api.get(self.path(state["id"]))
        path = "/Volumes/" + str(document["full_name"]).replace(".", "/")
        return {**session.found(document), "volume_path": path}

    def update_body(self, session: Session, prior: State, planned: State) -> dict[str, Value]:
        body = super().update_body(session, prior, planned)
        if planned["name"] != str(prior["id"]).rpartition(".")[2]:
            body["new_name"] = planned["name"]
        return body
