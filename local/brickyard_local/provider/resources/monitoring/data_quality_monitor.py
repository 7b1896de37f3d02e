"""databricks_data_quality_monitor."""

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.resources.generated import Generated


class DataQualityMonitor(Generated):
    """A monitor of a table or a schema, known by its object's id."""

    type_name = "databricks_data_quality_monitor"
    id_attribute = "object_id"
    collection = "/api/data-quality/v1/monitors"
    address = ("object_type", "object_id")
    update_mask = ("anomaly_detection_config", "data_profiling_config")
    behaviour = Behaviour(framework=True, local=frozenset())
