"""Warehouses, queries, alerts and tables."""
