"""Alerts: a query on a schedule, compared with a threshold."""
