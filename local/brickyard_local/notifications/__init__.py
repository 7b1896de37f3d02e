"""Notification destinations: where Databricks would tell of alerts and jobs."""
