"""databricks_alert_v2."""

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resources.generated import Generated


class AlertV2(Generated):
    """An alert on a query, which a schedule evaluates."""

    type_name = "databricks_alert_v2"
    collection = "/api/2.0/alerts"
    address = ("id",)
    update_mask = (
        "custom_description",
        "custom_summary",
        "display_name",
        "evaluation",
        "parent_path",
        "query_text",
        "run_as",
        "run_as_user_name",
        "schedule",
        "warehouse_id",
    )
    behaviour = Behaviour(framework=True, keeps=frozenset({"id"}), local=frozenset())
