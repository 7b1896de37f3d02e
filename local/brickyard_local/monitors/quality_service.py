"""The data quality API over the same monitors: tables by id, other words for the same fields.

Source: docs.databricks.com/api/workspace/dataquality
Gaps: anomaly detection of schemas: 501.
"""

from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound
from brickyard_local.monitors.masks import masked
from brickyard_local.monitors.needs import Tables
from brickyard_local.monitors.quality_answers import config_of, definition_of, quality_monitor
from brickyard_local.monitors.quality_payloads import DataProfilingConfig, QualityMonitor
from brickyard_local.monitors.service import MonitorsService
from brickyard_local.store import Document

_CONFIG = "data_profiling_config"


class QualityService:
    """Monitors in the words of the newer API."""

    def __init__(self, monitors: MonitorsService, tables: Tables) -> None:
        self._monitors = monitors
        self._tables = tables

    def create(self, caller: Caller, body: QualityMonitor) -> Document:
        """Errors: as `MonitorsService.create`."""
        name = self.table_name(body.object_type or "", body.object_id or "")
        return self._shown(self._monitors.create(caller, name, self._definition(_config(body))))

    def get(self, caller: Caller, object_type: str, object_id: str) -> Document:
        """Errors: NotFound, PermissionDenied, NotEmulated."""
        return self._shown(self._monitors.get(caller, self.table_name(object_type, object_id)))

    def update(self, caller: Caller, object_type: str, object_id: str, body: QualityMonitor, mask: str) -> Document:
        """Change the fields of the mask. Errors: as `MonitorsService.update`."""
        name = self.table_name(object_type, object_id)
        known = self._monitors.get(caller, name)
        config = masked(config_of(known, self._schema_id(known)), _config(body), _inside(mask))
        config = DataProfilingConfig.model_validate(config).given()
        return self._shown(self._monitors.update(caller, name, self._definition(config)))

    def delete(self, caller: Caller, object_type: str, object_id: str) -> None:
        """Errors: NotFound, PermissionDenied, NotEmulated."""
        self._monitors.delete(caller, self.table_name(object_type, object_id))

    def table_name(self, object_type: str, object_id: str) -> str:
        """Errors: NotFound, NotEmulated, InvalidParameter."""
        if object_type == "schema":
            raise NotEmulated("anomaly detection (data quality monitors of schemas)")
        if object_type != "table":
            raise InvalidParameter(f"object_type is '{object_type}': it must be 'table' or 'schema'.")
        return self._monitors.name_of(object_id)

    def _definition(self, config: Document) -> Document:
        schema = self._tables.schema_of_id(config.get("output_schema_id") or "")
        if schema is None:
            raise NotFound(f"Schema with id '{config.get('output_schema_id')}' does not exist.")
        return definition_of(config, schema["full_name"])

    def _schema_id(self, monitor: Document) -> str:
        schema = self._tables.schema_named(monitor["definition"]["output_schema_name"])
        return "" if schema is None else str(schema["id"])

    def _shown(self, monitor: Document) -> Document:
        return quality_monitor(monitor, self._schema_id(monitor))


def _config(body: QualityMonitor) -> dict[str, Any]:
    if body.anomaly_detection_config is not None:
        raise NotEmulated("anomaly detection (anomaly_detection_config)")
    if body.data_profiling_config is None:
        raise InvalidParameter("A monitor of a table needs data_profiling_config.")
    return body.data_profiling_config.given()


def _inside(mask: str) -> list[str]:
    """The paths of a mask below `data_profiling_config`. Errors: InvalidParameter.

    Terraform names `anomaly_detection_config` too, without a value: there is none to take away (`_config` refuses one).
    """
    paths = [path.strip() for path in mask.split(",") if path.strip()]
    if not paths:
        raise InvalidParameter(f"update_mask is empty: name the fields to change, e.g. {_CONFIG}.schedule.")
    paths = [path for path in paths if path != "anomaly_detection_config"]
    if any(path in {"*", _CONFIG} for path in paths):
        return sorted(DataProfilingConfig.model_fields)
    wrong = [path for path in paths if not path.startswith(f"{_CONFIG}.")]
    if wrong:
        raise InvalidParameter(f"update_mask names {', '.join(wrong)}; what can be changed is below {_CONFIG}.")
    return [path.removeprefix(f"{_CONFIG}.") for path in paths]
