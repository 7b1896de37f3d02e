"""The online stores of an environment: database instances that requests read features from."""

from collections.abc import Mapping

from constructs import Construct

from brickyard_constructs.databases import DatabaseInstance, DatabaseInstanceProps
from brickyard_stacks.identities import Identities
from brickyard_stacks.names import online_store_name
from brickyard_stacks.permissions import online_store_levels
from brickyard_stacks.settings import Environment


def make_online_stores(
    scope: Construct, environment: Environment, identities: Identities, tags: Mapping[str, str]
) -> None:
    """The database instances that the environment owns; those of others are only named."""
    for key, settings in environment.compute.online_stores.items():
        if settings.ownership == "reference":
            continue
        props = DatabaseInstanceProps(
            name=online_store_name(environment, key),
            permissions=identities.permissions(online_store_levels(environment.stage)),
            capacity=settings.capacity,
            nodes=settings.nodes,
            readable_secondaries=settings.readable_secondaries,
            retention_days=settings.retention_days,
            usage_policy_id=environment.compute.budget_policy_id,
            tags=tags,
            ownership=settings.ownership,
            import_id=settings.import_id or "",
            protected=environment.deletion_protection,
        )
        DatabaseInstance(scope, f"online-store-{key}", props)
