"""The two dialects of a monitor's definition, and refreshes as the data quality API shows them. Pure.

Source: databricks-sdk's `service/dataquality.py`, `service/catalog.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from brickyard_local.monitors.quality_payloads import GRANULARITIES
from brickyard_local.store import Document

_GRANULARITY_OF = {name: text for text, name in GRANULARITIES.items()}
_SAME = ("assets_dir", "baseline_table_name", "slicing_exprs", "snapshot", "skip_builtin_dashboard", "warehouse_id")
_COLUMNS = {
    "timestamp_col": "timestamp_column",
    "prediction_col": "prediction_column",
    "model_id_col": "model_id_column",
    "label_col": "label_column",
}
_STATE = "MONITOR_REFRESH_STATE_"
_TRIGGER = "MONITOR_REFRESH_TRIGGER_"
_METRIC = "DATA_PROFILING_"
_PAUSE = "CRON_SCHEDULE_PAUSE_STATUS_"
_PROBLEM = "INFERENCE_"


def definition_of(config: Mapping[str, Any], output_schema_name: str) -> Document:
    """A DataProfilingConfig as the definition that a monitor is kept with."""
    found = {field: config[field] for field in (*_SAME, "dashboard_id") if field in config}
    found["output_schema_name"] = output_schema_name
    for field in ("time_series", "inference_log"):
        if config.get(field) is not None:
            found[field] = _windows_of(config[field])
    if config.get("custom_metrics"):
        found["custom_metrics"] = _each(config["custom_metrics"], "type", lambda name: name.removeprefix(_METRIC))
    if config.get("schedule"):
        found["schedule"] = _each([config["schedule"]], "pause_status", lambda name: name.removeprefix(_PAUSE))[0]
    if config.get("notification_settings"):
        found["notifications"] = config["notification_settings"]
    return found


def config_of(monitor: Document, output_schema_id: str) -> Document:
    """The DataProfilingConfig of a monitor, without what the server alone fills."""
    definition = monitor["definition"]
    config = {field: definition[field] for field in _SAME if field in definition}
    config["output_schema_id"] = output_schema_id
    for field in ("time_series", "inference_log"):
        if definition.get(field) is not None:
            config[field] = _config_of(definition[field])
    if definition.get("custom_metrics"):
        config["custom_metrics"] = _each(definition["custom_metrics"], "type", lambda name: _METRIC + name)
    if definition.get("schedule"):
        config["schedule"] = _each([definition["schedule"]], "pause_status", lambda name: _PAUSE + name)[0]
    if definition.get("notifications"):
        config["notification_settings"] = definition["notifications"]
    return config


def quality_monitor(monitor: Document, output_schema_id: str) -> Document:
    """Monitor."""
    failure = {"latest_monitor_failure_message": monitor["failure"]} if monitor["failure"] else {}
    return {
        "object_type": "table",
        "object_id": monitor["table_id"],
        "data_profiling_config": {
            **config_of(monitor, output_schema_id),
            "monitored_table_name": monitor["table_name"],
            "status": monitor["status"].replace("MONITOR_STATUS", "DATA_PROFILING_STATUS"),
            "monitor_version": monitor["monitor_version"],
            "profile_metrics_table_name": monitor["profile_table"],
            "drift_metrics_table_name": monitor["drift_table"],
            **failure,
        },
    }


def quality_refresh(refresh: Document) -> Document:
    """Refresh."""
    told = ("refresh_id", "start_time_ms", "end_time_ms", "message")
    shown: Document = {field: refresh[field] for field in told if field in refresh}
    return {
        **shown,
        "object_type": "table",
        "object_id": refresh["table_id"],
        "state": _STATE + refresh["state"],
        "trigger": _TRIGGER + refresh["trigger"],
    }


def _windows_of(config: Mapping[str, Any]) -> Document:
    found = {old: config[new] for old, new in _COLUMNS.items() if config.get(new) is not None}
    found["granularities"] = [_GRANULARITY_OF[name] for name in config["granularities"]]
    if "problem_type" in config:
        found["problem_type"] = config["problem_type"].removeprefix(_PROBLEM)
    return found


def _config_of(windows: Mapping[str, Any]) -> Document:
    found = {new: windows[old] for old, new in _COLUMNS.items() if windows.get(old) is not None}
    found["granularities"] = [GRANULARITIES[_plain(text)] for text in windows["granularities"]]
    if "problem_type" in windows:
        found["problem_type"] = _PROBLEM + windows["problem_type"]
    return found


def _plain(granularity: str) -> str:
    """`1 weeks` is `1 week`, `2 week` is `2 weeks`."""
    number, _, unit = granularity.partition(" ")
    if unit.startswith("week"):
        return f"{number} week" if number == "1" else f"{number} weeks"
    return granularity


def _each(items: list[Document], field: str, change: Callable[[str], str]) -> list[Document]:
    return [{**item, field: change(item[field])} if item.get(field) else dict(item) for item in items]
