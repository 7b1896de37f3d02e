"""databricks_database_instance."""

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resource import Session, State
from brickyard_local.provider.resources.generated import Generated

_INPUT = frozenset(
    {
        "enable_pg_native_login",
        "enable_readable_secondaries",
        "node_count",
        "retention_window_in_days",
        "stopped",
        "usage_policy_id",
    }
)


class DatabaseInstance(Generated):
    """A managed Postgres. `purge_on_delete` is the provider's own: the API has it when it deletes only."""

    type_name = "databricks_database_instance"
    id_attribute = "name"
    collection = "/api/2.0/database/instances"
    address = ("name",)
    update_mask = (
        "capacity",
        "custom_tags",
        "enable_pg_native_login",
        "enable_readable_secondaries",
        "node_count",
        "parent_instance_ref",
        "retention_window_in_days",
        "stopped",
        "usage_policy_id",
    )
    behaviour = Behaviour(
        framework=True,
        keeps=frozenset({"custom_tags", *_INPUT}),
        local=frozenset({"purge_on_delete"}),
        # The workspace says what they came to, as `effective_…`.
        not_reported=_INPUT,
    )

    def delete(self, session: Session, prior: State) -> None:
        purge = "?purge=true" if prior.get("purge_on_delete") else ""
        session.api.delete(f"{self.path(prior)}{purge}")
