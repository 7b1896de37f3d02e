"""databricks_entity_tag_assignment."""

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import State
from brickyard_local.provider.resources.catalog.securable import UNITY
from brickyard_local.provider.resources.generated import Generated


class EntityTagAssignment(Generated):
    """One tag of a securable or a column."""

    type_name = "databricks_entity_tag_assignment"
    id_attribute = "tag_key"
    collection = f"{UNITY}/entity-tag-assignments"
    address = ("entity_type", "entity_name", "tag_key")
    update_mask = ("tag_value",)
    behaviour = Behaviour(
        framework=True, force_new=frozenset({"entity_name", "entity_type", "tag_key"}), local=frozenset()
    )

    def path(self, state: State) -> str:
        kind, name, key = (segment(str(state[part])) for part in self.address)
        return f"{self.collection}/{kind}/{name}/tags/{key}"
