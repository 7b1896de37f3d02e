"""Workspace objects."""
