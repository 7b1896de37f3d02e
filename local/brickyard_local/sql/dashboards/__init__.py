"""Dashboards (Lakeview), as definitions."""
