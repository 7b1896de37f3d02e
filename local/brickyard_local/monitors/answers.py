"""Monitors and refreshes as the quality monitors API shows them. Source: databricks-sdk's `service/catalog.py`."""

from brickyard_local.store import Document

_HIDDEN = frozenset({"skip_builtin_dashboard", "warehouse_id", "dashboard_id", "latest_monitor_failure_msg"})
_REFRESH = ("refresh_id", "state", "start_time_ms", "end_time_ms", "message", "trigger")


def monitor_info(monitor: Document) -> Document:
    """MonitorInfo."""
    shown = {field: value for field, value in monitor["definition"].items() if field not in _HIDDEN}
    failure = {"latest_monitor_failure_msg": monitor["failure"]} if monitor["failure"] else {}
    return {
        **shown,
        "table_name": monitor["table_name"],
        "status": monitor["status"],
        "monitor_version": monitor["monitor_version"],
        "profile_metrics_table_name": monitor["profile_table"],
        "drift_metrics_table_name": monitor["drift_table"],
        **failure,
    }


def refresh_info(refresh: Document) -> Document:
    """MonitorRefreshInfo."""
    return {field: refresh[field] for field in _REFRESH if field in refresh}
