"""Monitors of tables, and where notifications go."""
